/* Constant folding: a node whose operands are all constants is run once, here, by its reference
 * kernel; a small value that shape inference already knows, and that is the same at all points of
 * the graph, becomes a constant too (that is how shape -> slice -> concat ladders go away). So does
 * what depends on types alone (boxes of detectors), where they are fixed.
 *
 * Nothing is folded that makes the model much larger: fill, expand and tile are cheap to run and
 * dear to store. A graph output stays the output of a node. */
#include <string.h>

#include "graph/evaluate.h"
#include "ops/quantize.h"
#include "passes/rewrite.h"

enum {
  SMALL_BYTES = 64 << 10, /* always worth storing */
  MAX_GROWTH = 2,         /* times the bytes of the operands, above that (a cast from f16) */
  TYPED_BYTES = 1 << 20,  /* of what depends on types alone */
};

static bool is_of_fixed_types(const scull_graph_t *graph, const scull_node_t *node) {
  if ((node->op->traits & SCULL_OP_TYPE_ONLY) == 0)
    return false;
  for (size_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i] != SCULL_NO_ID && !scull_graph_is_fixed(graph, node->inputs[i]))
      return false;
  }
  return true;
}

static bool has_constant_operands(const scull_graph_t *graph, const scull_node_t *node) {
  for (size_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i] != SCULL_NO_ID && !scull_graph_is_constant(graph, node->inputs[i]))
      return false;
  }
  return (node->op->traits & (SCULL_OP_DATA_SHAPE | SCULL_OP_SEQUENCES)) == 0 &&
         node->op->control == SCULL_CONTROL_NONE;
}

static size_t sum_bytes(const scull_graph_t *graph, const scull_value_id_t *values, size_t count) {
  size_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    const scull_type_t type = scull_graph_type(graph, values[i], SCULL_POINT_OPT);
    size_t bytes = values[i] == SCULL_NO_ID ? 0 : scull_tensor_bytes(&type);
    sum = bytes > SIZE_MAX / 4 - sum ? SIZE_MAX / 4 : sum + bytes;
  }
  return sum;
}

static bool stays_small(const scull_graph_t *graph, const scull_node_t *node) {
  if (is_of_fixed_types(graph, node))
    return sum_bytes(graph, node->outputs, node->output_count) <= TYPED_BYTES;
  if (node->op == &scull_opdef_dequantize_linear) /* weights: kernels want them constant */
    return true;
  size_t before = sum_bytes(graph, node->inputs, node->input_count);
  size_t after = sum_bytes(graph, node->outputs, node->output_count);
  return after <= SMALL_BYTES || after / MAX_GROWTH <= before;
}

/* True when somebody would read the constant, and nobody wants it as a result of the graph. */
static bool is_wanted(const scull_graph_t *graph, scull_value_id_t value) {
  return scull_graph_value(graph, value)->users.size > 0 && !scull_graph_is_output(graph, value);
}

/* A constant of these bytes (in the graph's arena) takes the place of `value`; the first user
 * inherits the origins of a node that is then not needed any more. */
static scull_status_t put_constant(scull_graph_t *graph, scull_value_id_t value, const void *data,
                                   scull_value_id_t *out) {
  scull_node_id_t node = scull_graph_value(graph, value)->producer;
  scull_node_id_t heir = scull_graph_value(graph, value)->users.data[0];
  const scull_type_t type = scull_graph_type(graph, value, SCULL_POINT_OPT);
  scull_value_id_t made = SCULL_NO_ID;
  SCULL_TRY(
      scull_graph_add_constant(graph, scull_graph_value(graph, value)->name, &type, data, &made));
  SCULL_TRY(scull_graph_replace(graph, value, made));
  *out = made;
  return scull_passes_retire_above(graph, heir, node);
}

static scull_status_t put_results(scull_graph_t *graph, const scull_node_t *node,
                                  const scull_tensor_t *results, scull_value_id_t *made,
                                  bool *changed) {
  for (size_t i = 0; i < node->output_count; i++) {
    if (!is_wanted(graph, node->outputs[i]))
      continue;
    const void *copy =
        scull_base_arena_copy(&graph->arena, results[i].data, scull_tensor_bytes(&results[i].type));
    if (copy == NULL)
      return scull_base_fail_memory(graph->diag, "a folded constant");
    SCULL_TRY(put_constant(graph, node->outputs[i], copy, made));
    *changed = true;
  }
  return SCULL_OK;
}

/* Of what was in 8 bits in the file the steps are known. */
static scull_status_t keep_steps(scull_graph_t *graph, const scull_node_t *node,
                                 const scull_tensor_t *operands, scull_value_id_t value) {
  const scull_quantize_attrs_t *attrs = node->attrs;
  const scull_tensor_t *x = &operands[0], *scale = &operands[1];
  const size_t steps = (size_t)scull_tensor_count(&scale->type.shape);
  const size_t count = (size_t)scull_tensor_count(&x->type.shape);
  const int32_t shift = x->type.dtype == SCULL_DTYPE_U8 ? 128 : 0;
  const int32_t rank = x->type.shape.rank;
  const int32_t axis = (int32_t)(attrs->axis < 0 ? attrs->axis + rank : attrs->axis);
  if ((x->type.dtype != SCULL_DTYPE_I8 && x->type.dtype != SCULL_DTYPE_U8) || attrs->block > 0 ||
      scull_graph_value(graph, value)->dtype != SCULL_DTYPE_F32 || count == 0)
    return SCULL_OK;
  for (size_t i = 0; i < steps; i++) {
    const int32_t zero =
        node->input_count > 2 && node->inputs[2] != SCULL_NO_ID
            ? (int32_t)scull_tensor_load(operands[2].data, x->type.dtype, (int64_t)i)
            : 0;
    if (zero != shift)
      return SCULL_OK;
  }
  float *scales = SCULL_ARENA_ARRAY(&graph->arena, float, steps);
  int8_t *integers = SCULL_ARENA_ARRAY(&graph->arena, int8_t, count);
  scull_quant_t *quant = SCULL_ARENA_NEW(&graph->arena, scull_quant_t);
  if (scales == NULL || integers == NULL || quant == NULL)
    return scull_base_fail_memory(graph->diag, "a folded constant");
  for (size_t i = 0; i < steps; i++)
    scales[i] = (float)scull_tensor_load(scale->data, scale->type.dtype, (int64_t)i);
  for (size_t i = 0; i < count; i++)
    integers[i] = (int8_t)(scull_tensor_load(x->data, x->type.dtype, (int64_t)i) - shift);
  *quant = (scull_quant_t){.dtype = SCULL_DTYPE_I8,
                           .axis = steps == 1 ? -1 : axis,
                           .count = steps,
                           .scales = scales,
                           .integers = integers};
  if (scull_tensor_quant_fault(quant, &x->type.shape) == NULL)
    scull_graph_value(graph, value)->quant = quant;
  return SCULL_OK;
}

static scull_status_t fold_operands(scull_graph_t *graph, const scull_node_t *node, bool *changed) {
  size_t count = node->input_count + node->output_count;
  scull_tensor_t *tensors = scull_base_alloc(count * sizeof *tensors);
  if (tensors == NULL)
    return scull_base_fail_memory(graph->diag, "a folded constant");
  scull_tensor_t *results = tensors + node->input_count;
  for (size_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i] != SCULL_NO_ID && scull_graph_is_constant(graph, node->inputs[i]))
      tensors[i] = scull_graph_constant_tensor(graph, node->inputs[i]);
    else if (node->inputs[i] != SCULL_NO_ID) /* its bytes are not read */
      tensors[i].type = scull_graph_type(graph, node->inputs[i], SCULL_POINT_OPT);
  }
  scull_status_t status = scull_graph_evaluate_node(graph, node, tensors, results);
  scull_value_id_t made = SCULL_NO_ID;
  if (status == SCULL_OK)
    status = put_results(graph, node, results, &made, changed);
  if (status == SCULL_OK && made != SCULL_NO_ID && node->op == &scull_opdef_dequantize_linear)
    status = keep_steps(graph, node, tensors, made);
  for (size_t i = 0; i < node->output_count; i++)
    scull_base_free(results[i].data);
  scull_base_free(tensors);
  return status;
}

/* The bytes of a value that is known and the same at all points, or NULL. */
static const void *known_everywhere(const scull_graph_t *graph, scull_value_id_t value) {
  const scull_value_t *v = scull_graph_value(graph, value);
  const scull_type_t type = scull_graph_type(graph, value, SCULL_POINT_OPT);
  if (!scull_graph_is_fixed(graph, value))
    return NULL;
  for (int p = 0; p < graph->points; p++) {
    if (v->known[p] == NULL || memcmp(v->known[p], v->known[0], scull_tensor_bytes(&type)) != 0)
      return NULL;
  }
  return v->known[0];
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t node = *scull_graph_node(graph, id);
  for (size_t i = 0; i < node.output_count; i++) {
    const void *known = known_everywhere(graph, node.outputs[i]);
    if (known == NULL || !is_wanted(graph, node.outputs[i]))
      continue;
    scull_value_id_t made = SCULL_NO_ID;
    SCULL_TRY(put_constant(graph, node.outputs[i], known, &made));
    *changed = true;
  }
  if (scull_graph_node(graph, id)->dead ||
      !(has_constant_operands(graph, &node) || is_of_fixed_types(graph, &node)) ||
      !stays_small(graph, &node))
    return SCULL_OK;
  return fold_operands(graph, &node, changed);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_fold_constants = {
    .name = "fold_constants", .purpose = "compute what is known at build time", .run = run};
