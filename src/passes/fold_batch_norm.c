/* Affine maps of channels folded into the weights of a neighbour:
 * - after conv, conv_transpose or matmul, always: a (W x + b) + c = (a W) x + (a b + c);
 * - before conv or matmul, when no padding (zeros that the map would have moved) is in between.
 * A map is a batch norm, a scale, or arithmetic with a constant per channel. Maps that only add are
 * left to merge_bias, which copies no weights. */
#include "passes/affine.h"
#include "passes/linear.h"

/* W[e] * scale[channel of e], rounded once. Neighbours share a channel for `run` elements. */
static scull_status_t scale_weight(scull_graph_t *graph, const scull_linear_t *linear,
                                   const double *scale, bool by_output, scull_value_id_t *out) {
  const scull_value_t *old = scull_graph_value(graph, linear->weight);
  const char *name = scull_base_arena_format(&graph->arena, "%s.folded", old->name);
  float *data = scull_graph_constant_f32(graph, linear->weight);
  int64_t run = by_output ? linear->out_step : linear->in_step;
  if (data == NULL || name == NULL)
    return scull_base_fail_memory(graph->diag, old->name);
  for (int64_t e = 0; e < linear->count; e += run) {
    double factor = scale[by_output ? scull_passes_linear_output(linear, e)
                                    : scull_passes_linear_input(linear, e)];
    for (int64_t i = e; i < e + run; i++)
      data[i] = (float)((double)data[i] * factor);
  }
  const scull_shape_t shape = old->shape[0];
  return scull_passes_add_f32(graph, name, &shape, data, out);
}

static scull_status_t fold_after(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  for (size_t i = 0; i < node->input_count && i < 2; i++) {
    const scull_node_t *before = scull_graph_producer(graph, node->inputs[i]);
    scull_linear_t linear;
    scull_affine_t affine;
    bool is = false;
    if (before == NULL || scull_graph_only_user(graph, node->inputs[i]) == NULL ||
        !scull_passes_linear_read(graph, scull_graph_node_id(graph, before), &linear))
      continue;
    SCULL_TRY(scull_passes_affine_read(graph, node, linear.axis, &affine, &is));
    if (!is || affine.x != node->inputs[i] || !affine.scales)
      continue;
    double *bias = scull_passes_linear_bias(graph, &linear);
    scull_value_id_t weight = SCULL_NO_ID;
    scull_node_id_t made = SCULL_NO_ID;
    if (bias == NULL)
      return scull_base_fail_memory(graph->diag, "a bias");
    for (int64_t c = 0; c < linear.outputs; c++)
      bias[c] = affine.scale[c] * bias[c] + affine.bias[c];
    SCULL_TRY(scale_weight(graph, &linear, affine.scale, true, &weight));
    SCULL_TRY(scull_passes_linear_replace(graph, &linear, id, linear.x, weight, bias, &made));
    *changed = *changed || made != SCULL_NO_ID;
    return SCULL_OK;
  }
  return SCULL_OK;
}

/* b[o] += sum over the elements of o's filter of W * shift of their input channel. */
static void add_shift(const scull_graph_t *graph, const scull_linear_t *linear, const double *shift,
                      double *bias) {
  for (int64_t e = 0; e < linear->count; e++)
    bias[scull_passes_linear_output(linear, e)] +=
        scull_graph_constant_at(graph, linear->weight, e) *
        shift[scull_passes_linear_input(linear, e)];
}

static scull_status_t fold_before(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  scull_linear_t linear;
  scull_affine_t affine;
  bool is = false;
  if (!scull_passes_linear_read(graph, id, &linear) ||
      scull_graph_only_user(graph, linear.x) == NULL)
    return SCULL_OK;
  const scull_node_t *before = scull_graph_producer(graph, linear.x);
  if (before == NULL)
    return SCULL_OK;
  scull_node_id_t before_id = scull_graph_node_id(graph, before);
  SCULL_TRY(scull_passes_affine_read(graph, before, linear.in_axis, &affine, &is));
  if (!is || affine.channels != linear.inputs || (linear.pads && affine.shifts))
    return SCULL_OK;
  double *bias = scull_passes_linear_bias(graph, &linear);
  scull_value_id_t weight = linear.weight;
  scull_node_id_t made = SCULL_NO_ID;
  if (bias == NULL)
    return scull_base_fail_memory(graph->diag, "a bias");
  if (affine.shifts)
    add_shift(graph, &linear, affine.bias, bias);
  if (affine.scales)
    SCULL_TRY(scale_weight(graph, &linear, affine.scale, false, &weight));
  SCULL_TRY(scull_passes_linear_replace(graph, &linear, id, affine.x, weight, bias, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, &before_id, 1);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  SCULL_TRY(fold_after(graph, id, changed));
  return scull_graph_node(graph, id)->dead ? SCULL_OK : fold_before(graph, id, changed);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_fold_batch_norm = {
    .name = "fold_batch_norm",
    .purpose = "fold batch norms and scales of channels into convolutions and matrix products",
    .run = run};
