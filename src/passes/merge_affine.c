/* Two affine maps of channels in a row that nothing could take in become one batch norm with mean 0
 * and variance 1: scale[c] * x + bias[c], one walk over the data. A single map stays as it is. */
#include "ops/batch_norm.h"
#include "passes/affine.h"

static scull_status_t add_operands(scull_graph_t *graph, const scull_affine_t *affine,
                                   const char *name, scull_value_id_t inputs[5]) {
  double *zeros = SCULL_ARENA_ARRAY(&graph->arena, double, (size_t)affine->channels);
  double *ones = SCULL_ARENA_ARRAY(&graph->arena, double, (size_t)affine->channels);
  const char *words[] = {"scale", "bias", "mean", "variance"};
  const double *data[] = {affine->scale, affine->bias, zeros, ones};
  if (zeros == NULL || ones == NULL)
    return scull_base_fail_memory(graph->diag, "a batch norm");
  for (int64_t c = 0; c < affine->channels; c++)
    ones[c] = 1;
  inputs[0] = affine->x;
  for (size_t i = 0; i < 4; i++) {
    const char *label = scull_base_arena_format(&graph->arena, "%s.%s", name, words[i]);
    if (label == NULL)
      return scull_base_fail_memory(graph->diag, "a batch norm");
    SCULL_TRY(scull_passes_add_vector(graph, label, data[i], affine->channels, &inputs[1 + i]));
  }
  return SCULL_OK;
}

static scull_status_t merge(scull_graph_t *graph, scull_node_id_t id, scull_node_id_t before,
                            const scull_affine_t *affine, bool *changed) {
  const scull_batch_norm_attrs_t attrs = {.epsilon = 0};
  scull_value_id_t inputs[5];
  scull_node_id_t made = SCULL_NO_ID;
  SCULL_TRY(add_operands(graph, affine, scull_graph_node(graph, id)->name, inputs));
  SCULL_TRY(
      scull_passes_replace_node(graph, id, &scull_opdef_batch_norm, &attrs, inputs, 5, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, &before, 1);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  scull_affine_t after, before;
  bool is = false;
  SCULL_TRY(scull_passes_affine_read(graph, scull_graph_node(graph, id), 1, &after, &is));
  if (!is || scull_graph_only_user(graph, after.x) == NULL)
    return SCULL_OK;
  const scull_node_t *first = scull_graph_producer(graph, after.x);
  if (first == NULL)
    return SCULL_OK;
  SCULL_TRY(scull_passes_affine_read(graph, first, 1, &before, &is));
  if (!is || (!before.varies && !after.varies))
    return SCULL_OK;
  scull_passes_affine_compose(&before, &after);
  return merge(graph, id, scull_graph_node_id(graph, first), &after, changed);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_merge_affine = {
    .name = "merge_affine",
    .purpose = "write several scales and shifts of channels in a row as one batch norm",
    .run = run};
