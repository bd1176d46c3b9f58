/* Types of a node's outputs at every point, and the small values (shape arithmetic) that are known
 * already at build time. */
#include <string.h>

#include "graph/graph.h"

enum {
  MANY = 64,              /* operands that are held on the stack */
  MAX_KNOWN_COUNT = 1024, /* elements of a value worth knowing: shapes, axes, sizes */
};

typedef struct {
  scull_tensor_t few[2][MANY];
  scull_tensor_t *inputs, *outputs;
} operands_t;

static scull_status_t operands_init(const scull_graph_t *graph, const scull_node_t *node,
                                    operands_t *ops) {
  *ops = (operands_t){0};
  ops->inputs = ops->few[0];
  ops->outputs = ops->few[1];
  if (node->input_count > MANY)
    ops->inputs = scull_base_alloc(node->input_count * sizeof *ops->inputs);
  if (node->output_count > MANY)
    ops->outputs = scull_base_alloc(node->output_count * sizeof *ops->outputs);
  if (ops->inputs == NULL || ops->outputs == NULL)
    return scull_base_fail_memory(graph->diag, "operands");
  return SCULL_OK;
}

static void operands_deinit(operands_t *ops) {
  if (ops->inputs != ops->few[0])
    scull_base_free(ops->inputs);
  if (ops->outputs != ops->few[1])
    scull_base_free(ops->outputs);
}

static void load_inputs(const scull_graph_t *graph, const scull_node_t *node, int point,
                        scull_tensor_t *inputs) {
  for (size_t i = 0; i < node->input_count; i++) {
    const scull_value_t *v = scull_graph_value(graph, node->inputs[i]);
    inputs[i] = (scull_tensor_t){0};
    if (v != NULL)
      inputs[i] = (scull_tensor_t){.type = {.dtype = v->dtype, .shape = v->shape[point]},
                                   .data = scull_base_unconst(v->known[point])};
  }
}

/* True when the node's outputs at this point can and should be computed now. */
static bool is_computable(const scull_op_call_t *call) {
  if ((call->def->traits & SCULL_OP_DATA_SHAPE) != 0)
    return false;
  for (size_t i = 0; i < call->output_count; i++) {
    if (scull_tensor_count(&call->outputs[i].type.shape) > MAX_KNOWN_COUNT)
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

static scull_status_t infer_at(scull_graph_t *graph, scull_node_t *node, int point,
                               operands_t *ops) {
  load_inputs(graph, node, point, ops->inputs);
  memset(ops->outputs, 0, node->output_count * sizeof *ops->outputs);
  scull_op_call_t call = {.def = node->op,
                          .attrs = node->attrs,
                          .inputs = ops->inputs,
                          .input_count = node->input_count,
                          .outputs = ops->outputs,
                          .output_count = node->output_count,
                          .node = node->name,
                          .diag = graph->diag};
  SCULL_TRY(scull_ops_infer(&call));
  for (size_t i = 0; i < node->output_count; i++) {
    scull_value_t *v = &graph->values.data[node->outputs[i]];
    v->dtype = ops->outputs[i].type.dtype;
    v->shape[point] = ops->outputs[i].type.shape;
    v->known[point] = NULL;
  }
  return is_computable(&call) ? compute(graph, node, point, &call) : SCULL_OK;
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

scull_status_t scull_graph_infer_node(scull_graph_t *graph, scull_node_id_t id) {
  operands_t ops;
  scull_node_t *node = scull_graph_node(graph, id);
  scull_status_t status = operands_init(graph, node, &ops);
  for (int p = 0; p < graph->points && status == SCULL_OK; p++)
    status = infer_at(graph, node, p, &ops);
  operands_deinit(&ops);
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
