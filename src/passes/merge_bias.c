/* conv, conv_transpose or matmul followed by the addition of a constant per output channel: the
 * constant becomes, or joins, the bias operand. The weights stay as they are. */
#include "passes/affine.h"
#include "passes/linear.h"

static scull_status_t merge(scull_graph_t *graph, scull_node_id_t id, scull_value_id_t sum,
                            const scull_linear_t *linear, bool *changed) {
  scull_affine_t affine;
  scull_node_id_t made = SCULL_NO_ID;
  bool is = false;
  SCULL_TRY(
      scull_passes_affine_read(graph, scull_graph_node(graph, id), linear->axis, &affine, &is));
  if (!is || affine.x != sum || affine.scales)
    return SCULL_OK;
  double *bias = scull_passes_linear_bias(graph, linear);
  if (bias == NULL)
    return scull_base_fail_memory(graph->diag, "a bias");
  for (int64_t c = 0; c < linear->outputs; c++)
    bias[c] += affine.bias[c];
  SCULL_TRY(scull_passes_linear_replace(graph, linear, id, linear->x, linear->weight, bias, &made));
  *changed = *changed || made != SCULL_NO_ID;
  return SCULL_OK;
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  const scull_value_id_t operands[] = {node->input_count > 0 ? node->inputs[0] : SCULL_NO_ID,
                                       node->input_count > 1 ? node->inputs[1] : SCULL_NO_ID};
  for (size_t i = 0; i < 2 && !scull_graph_node(graph, id)->dead; i++) {
    const scull_node_t *before = scull_graph_producer(graph, operands[i]);
    scull_linear_t linear;
    if (before != NULL && scull_graph_only_user(graph, operands[i]) != NULL &&
        scull_passes_linear_read(graph, scull_graph_node_id(graph, before), &linear))
      SCULL_TRY(merge(graph, id, operands[i], &linear, changed));
  }
  return SCULL_OK;
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_merge_bias = {
    .name = "merge_bias",
    .purpose = "make additions of a constant per channel the bias of what they follow",
    .run = run};
