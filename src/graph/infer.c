/* Types of a node's outputs at every point, and the small values (shape arithmetic) that are known
 * already at build time. What a run must settle is marked late; its extents differ from point to
 * point, so that whoever compares points sees that they are not sure. */
#include <string.h>

#include "graph/control.h"

enum {
  MANY = 64,              /* operands that are held on the stack */
  MAX_KNOWN_COUNT = 1024, /* elements of a value worth knowing: shapes, axes, sizes */
};

typedef struct {
  scull_tensor_t few[2][MANY];
  uint32_t few_open[MANY];
  scull_tensor_t *inputs, *outputs;
  uint32_t *open;
} operands_t;

static scull_status_t operands_init(const scull_graph_t *graph, const scull_node_t *node,
                                    operands_t *ops) {
  *ops = (operands_t){0};
  ops->inputs = ops->few[0];
  ops->outputs = ops->few[1];
  if (node->input_count > MANY)
    ops->inputs = scull_base_alloc(node->input_count * sizeof *ops->inputs);
  ops->open = ops->few_open;
  if (node->output_count > MANY) {
    ops->outputs = scull_base_alloc(node->output_count * sizeof *ops->outputs);
    ops->open = scull_base_alloc(node->output_count * sizeof *ops->open);
  }
  if (ops->inputs == NULL || ops->outputs == NULL || ops->open == NULL)
    return scull_base_fail_memory(graph->diag, "operands");
  return SCULL_OK;
}

static void operands_deinit(operands_t *ops) {
  if (ops->inputs != ops->few[0])
    scull_base_free(ops->inputs);
  if (ops->outputs != ops->few[1])
    scull_base_free(ops->outputs);
  if (ops->open != ops->few_open)
    scull_base_free(ops->open);
}

static void load_inputs(const scull_graph_t *graph, const scull_node_t *node, int point,
                        scull_tensor_t *inputs) {
  for (size_t i = 0; i < node->input_count; i++) {
    const scull_value_t *v = scull_graph_value(graph, node->inputs[i]);
    inputs[i] = (scull_tensor_t){0};
    if (v == NULL)
      continue;
    const void *bytes = v->late ? v->guess[point] : v->known[point];
    inputs[i] = (scull_tensor_t){.type = {.dtype = v->dtype, .shape = v->shape[point]},
                                 .data = scull_base_unconst(bytes)};
  }
}

/* True when the node's outputs at this point can and should be computed now. */
static bool is_computable(const scull_op_call_t *call) {
  if ((call->def->traits & SCULL_OP_DATA_SHAPE) != 0)
    return false;
  for (size_t i = 0; i < call->output_count; i++) {
    if (scull_tensor_count(&call->outputs[i].type.shape) > MAX_KNOWN_COUNT ||
        scull_tensor_dtype_is_sequence(call->outputs[i].type.dtype))
      return false;
  }
  if ((call->def->traits & SCULL_OP_TYPE_ONLY) != 0)
    return true;
  for (size_t i = 0; i < call->input_count; i++) {
    if (scull_ops_has_input(call, i) && call->inputs[i].data == NULL)
      return false;
  }
  return true;
}

static scull_status_t compute(scull_graph_t *graph, const scull_node_t *node, int point,
                              scull_op_call_t *call) {
  void *scratch = NULL;
  if (call->def->scratch != NULL) {
    scratch = scull_base_alloc(call->def->scratch(call));
    if (scratch == NULL)
      return scull_base_fail_memory(graph->diag, "a constant");
  }
  call->scratch = scratch;
  scull_status_t status = SCULL_OK;
  for (size_t i = 0; i < call->output_count && status == SCULL_OK; i++) {
    call->outputs[i].data =
        scull_base_arena_alloc(&graph->arena, scull_tensor_bytes(&call->outputs[i].type));
    if (call->outputs[i].data == NULL)
      status = scull_base_fail_memory(graph->diag, "a constant");
  }
  if (status == SCULL_OK)
    status = call->def->reference(call);
  for (size_t i = 0; i < call->output_count && status == SCULL_OK; i++)
    graph->values.data[node->outputs[i]].known[point] = call->outputs[i].data;
  scull_base_free(scratch);
  return status;
}

/* Another extent for an axis of which only a bound is known, where the graph looks at others than
 * the bound. Axes of one node and one bound move together: they often are the same number. */
static int64_t open_extent(int64_t bound, int point, scull_node_id_t node) {
  if (bound <= 1 || (point != SCULL_POINT_MIN && point != SCULL_POINT_PROBE))
    return bound;
  return point == SCULL_POINT_MIN ? 1 : 1 + (int64_t)((node * 7919u + 1u) % (uint64_t)(bound - 1));
}

static void store_type(scull_graph_t *graph, const scull_node_t *node, int point, size_t output,
                       const scull_type_t *type, uint32_t open) {
  scull_value_t *v = &graph->values.data[node->outputs[output]];
  v->dtype = type->dtype;
  v->shape[point] = type->shape;
  for (int32_t axis = 0; axis < type->shape.rank; axis++) {
    if ((open & 1u << axis) != 0)
      v->shape[point].dim[axis] =
          open_extent(type->shape.dim[axis], point, scull_graph_node_id(graph, node));
  }
  v->known[point] = v->guess[point] = NULL;
}

/* Bytes that follow from the point's bytes. A guess may be absurd: then there is none. */
static scull_status_t compute_values(scull_graph_t *graph, scull_node_t *node, int point, bool late,
                                     scull_op_call_t *call) {
  if (!is_computable(call))
    return SCULL_OK;
  call->diag = late ? NULL : graph->diag;
  scull_status_t status = compute(graph, node, point, call);
  for (size_t i = 0; i < node->output_count && late; i++) {
    scull_value_t *v = &graph->values.data[node->outputs[i]];
    v->guess[point] = status == SCULL_OK ? v->known[point] : NULL;
    v->known[point] = NULL;
  }
  return late && status != SCULL_OUT_OF_MEMORY ? SCULL_OK : status;
}

static uint32_t guessed_inputs(const scull_graph_t *graph, const scull_node_t *node) {
  uint32_t mask = 0;
  for (size_t i = 0; i < node->input_count && i < 32; i++) {
    const scull_value_t *v = scull_graph_value(graph, node->inputs[i]);
    mask |= v != NULL && v->late ? 1u << i : 0;
  }
  return mask;
}

/* Guesses that came different ways need not fit together. What a run settles is the first axis most
 * often: one number for all of them. */
static void fit_guesses(const scull_op_call_t *call, scull_tensor_t *inputs) {
  int64_t least = INT64_MAX;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < call->input_count && i < 32; i++) {
      scull_shape_t *shape = &inputs[i].type.shape;
      if ((call->guessed >> i & 1) == 0 || inputs[i].data != NULL || shape->rank == 0)
        continue;
      if (pass == 1)
        shape->dim[0] = least;
      else if (shape->dim[0] < least)
        least = shape->dim[0];
    }
  }
}

/* *opened is set when an extent is only a bound. */
static scull_status_t infer_at(scull_graph_t *graph, scull_node_t *node, int point, bool late,
                               operands_t *ops, bool *opened) {
  load_inputs(graph, node, point, ops->inputs);
  memset(ops->outputs, 0, node->output_count * sizeof *ops->outputs);
  scull_op_call_t call = {.def = node->op,
                          .attrs = node->attrs,
                          .inputs = ops->inputs,
                          .input_count = node->input_count,
                          .outputs = ops->outputs,
                          .output_count = node->output_count,
                          .guessed = guessed_inputs(graph, node),
                          .open = ops->open,
                          .node = node->name,
                          .diag = late ? NULL : graph->diag};
  scull_status_t status = scull_ops_infer(&call);
  if (status != SCULL_OK && late && point == SCULL_POINT_OPT) {
    call.diag = graph->diag;
    fit_guesses(&call, ops->inputs);
    status = scull_ops_infer(&call);
  }
  if (status != SCULL_OK && (!late || point == SCULL_POINT_OPT))
    return status;
  for (size_t i = 0; i < node->output_count; i++) {
    const scull_value_t *v = &graph->values.data[node->outputs[i]];
    const scull_type_t opt = {v->dtype, v->shape[SCULL_POINT_OPT]};
    /* a guess that the rule refuses says nothing: the extents are then those to tune for */
    store_type(graph, node, point, i, status == SCULL_OK ? &ops->outputs[i].type : &opt,
               status == SCULL_OK ? ops->open[i] : 0);
    *opened = *opened || (status == SCULL_OK &&
                          (ops->open[i] != 0 || scull_tensor_dtype_is_sequence(v->dtype)));
  }
  if (status != SCULL_OK || *opened)
    return SCULL_OK;
  return compute_values(graph, node, point, late, &call);
}

/* Extents may differ between the points, the number of dimensions must not. */
static scull_status_t check_ranks(const scull_graph_t *graph, const scull_node_t *node) {
  for (size_t i = 0; i < node->output_count; i++) {
    const scull_value_t *v = &graph->values.data[node->outputs[i]];
    for (int p = 1; p < graph->points; p++) {
      if (v->shape[p].rank != v->shape[0].rank)
        return scull_base_fail(
            graph->diag, SCULL_INVALID_ARGUMENT,
            "node '%s' (%s): output %zu has %d dimensions at one input shape and "
            "%d at another",
            node->name, node->op->name, i, v->shape[0].rank, v->shape[p].rank);
    }
  }
  return SCULL_OK;
}

static bool reads_late(const scull_graph_t *graph, const scull_node_t *node) {
  for (size_t i = 0; i < node->input_count; i++) {
    const scull_value_t *v = scull_graph_value(graph, node->inputs[i]);
    if (v != NULL && v->late)
      return true;
  }
  return false;
}

static scull_status_t infer_points(scull_graph_t *graph, scull_node_t *node, operands_t *ops,
                                   bool *late) {
  bool was_late = *late;
  scull_status_t status = SCULL_OK;
  if (was_late)
    scull_graph_open_points(graph);
  for (int p = 0; p < graph->points && status == SCULL_OK; p++)
    status = infer_at(graph, node, p, *late, ops, late);
  if (status != SCULL_OK || *late == was_late)
    return status;
  return infer_points(graph, node, ops, late); /* once more, as a late one */
}

scull_status_t scull_graph_infer_node(scull_graph_t *graph, scull_node_id_t id) {
  operands_t ops;
  scull_node_t *node = scull_graph_node(graph, id);
  if (node->op->control != SCULL_CONTROL_NONE) {
    SCULL_TRY(scull_graph_infer_control(graph, id));
    return check_ranks(graph, node);
  }
  bool late = reads_late(graph, node) || (node->op->traits & SCULL_OP_DATA_SHAPE) != 0;
  scull_status_t status = operands_init(graph, node, &ops);
  if (status == SCULL_OK)
    status = infer_points(graph, node, &ops, &late);
  operands_deinit(&ops);
  for (size_t i = 0; i < node->output_count; i++)
    graph->values.data[node->outputs[i]].late = late;
  return status == SCULL_OK ? check_ranks(graph, node) : status;
}

scull_status_t scull_graph_infer(scull_graph_t *graph) {
  scull_node_id_t *order = NULL;
  size_t count = 0;
  SCULL_TRY(scull_graph_sort(graph, &order, &count));
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(scull_graph_infer_node(graph, order[i]));
  return SCULL_OK;
}
