/* Arithmetic with one number: add, sub, mul and div with a uniform constant become `scale`, and a
 * scale of a scale becomes one. So later passes meet one spelling of "times 0.5". */
#include <math.h>

#include "ops/scale.h"
#include "passes/rewrite.h"

static bool is_f32_safe(const scull_scale_attrs_t *attrs) {
  return isfinite((float)attrs->scale) && isfinite((float)attrs->bias);
}

/* The node as scale * x + bias of its operand *x. */
static bool read_arithmetic(const scull_graph_t *graph, const scull_node_t *node,
                            scull_value_id_t *x, scull_scale_attrs_t *out) {
  double c = 0;
  bool swapped = false;
  if (node->op != &scull_opdef_add && node->op != &scull_opdef_sub &&
      node->op != &scull_opdef_mul && node->op != &scull_opdef_div)
    return false;
  if (!scull_passes_with_scalar(graph, node, x, &c, &swapped) ||
      (node->op == &scull_opdef_div && swapped))
    return false;
  *out = (scull_scale_attrs_t){.scale = 1};
  if (node->op == &scull_opdef_mul)
    out->scale = c;
  else if (node->op == &scull_opdef_div)
    out->scale = 1 / c;
  else if (node->op == &scull_opdef_add)
    out->bias = c;
  else
    *out = (scull_scale_attrs_t){.scale = swapped ? -1 : 1, .bias = swapped ? c : -c};
  return is_f32_safe(out);
}

static scull_status_t put_scale(scull_graph_t *graph, scull_node_id_t id, scull_value_id_t x,
                                const scull_scale_attrs_t *attrs, scull_node_id_t *made,
                                bool *changed) {
  SCULL_TRY(scull_passes_replace_node(graph, id, &scull_opdef_scale, attrs, &x, 1, made));
  *changed = *changed || *made != SCULL_NO_ID;
  return SCULL_OK;
}

/* b (a x + c) + d = (b a) x + (b c + d) */
static scull_status_t merge_pair(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  const scull_node_t *before = scull_passes_only_from(graph, node->inputs[0], &scull_opdef_scale);
  if (before == NULL || !scull_tensor_dtype_is_float(
                            scull_graph_type(graph, node->outputs[0], SCULL_POINT_OPT).dtype))
    return SCULL_OK;
  const scull_scale_attrs_t *outer = node->attrs, *inner = before->attrs;
  const scull_scale_attrs_t both = {.scale = outer->scale * inner->scale,
                                    .bias = outer->scale * inner->bias + outer->bias};
  scull_node_id_t before_id = scull_graph_node_id(graph, before), made = SCULL_NO_ID;
  if (!is_f32_safe(&both))
    return SCULL_OK;
  SCULL_TRY(put_scale(graph, id, before->inputs[0], &both, &made, changed));
  return made == SCULL_NO_ID ? SCULL_OK : scull_passes_retire(graph, made, &before_id, 1);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  scull_value_id_t x = SCULL_NO_ID;
  scull_scale_attrs_t attrs;
  scull_node_id_t made = SCULL_NO_ID;
  if (node->op == &scull_opdef_scale)
    return merge_pair(graph, id, changed);
  if (!read_arithmetic(graph, node, &x, &attrs))
    return SCULL_OK;
  SCULL_TRY(put_scale(graph, id, x, &attrs, &made, changed));
  return made == SCULL_NO_ID ? SCULL_OK : merge_pair(graph, made, changed);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_merge_scale = {
    .name = "merge_scale",
    .purpose = "write arithmetic with one number as scale, and scales of scales as one",
    .run = run};
