/* A border that a convolution or pooling could lay around the picture by itself: zeros before a
 * convolution or an average, the least number before a maximum. Exporters write it out where the
 * padding is not that of their framework; done apart it copies the picture. */
#include <float.h>

#include "ops/conv.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "passes/rewrite.h"

/* The pads of a border around the spatial axes only; false for all others. */
static bool read_border(const scull_graph_t *graph, const scull_node_t *pad, int32_t rank,
                        int64_t pads[2 * SCULL_MAX_RANK]) {
  const scull_pad_attrs_t *attrs = pad->attrs;
  const int32_t spatial = rank - 2;
  const bool has_list = pad->input_count > 1 && pad->inputs[1] != SCULL_NO_ID;
  if (attrs->mode != SCULL_PAD_CONSTANT || has_list || rank < 3 ||
      attrs->pads.size != 2 * (size_t)rank ||
      scull_graph_value(graph, pad->inputs[0])->shape[0].rank != rank)
    return false;
  for (int32_t i = 0; i < rank; i++) {
    const int64_t begin = attrs->pads.data[i], end = attrs->pads.data[rank + i];
    if (begin < 0 || end < 0 || (i < 2 && (begin != 0 || end != 0)))
      return false;
    if (i >= 2) {
      pads[i - 2] = begin;
      pads[spatial + i - 2] = end;
    }
  }
  return true;
}

/* Adds what the convolution pads already. False when it would reach beyond the filter: outputs of
 * nothing but padding are no case that kernels are made for. */
static bool add_own(const scull_conv_attrs_t *attrs, const scull_shape_t *filter, int64_t *pads) {
  const int32_t spatial = filter->rank - 2;
  const bool both = attrs->pads.size == (size_t)spatial;
  for (int32_t i = 0; i < 2 * spatial; i++) {
    const int32_t axis = i % spatial;
    const int64_t own = attrs->pads.size == 0 ? 0 : attrs->pads.data[both ? axis : i];
    const int64_t dilation = attrs->dilations.size == 0 ? 1 : attrs->dilations.data[axis];
    const int64_t most = (filter->dim[2 + axis] - 1) * dilation;
    if (own < 0 || own > most - pads[i])
      return false;
    pads[i] += own;
  }
  return true;
}

/* The node again, on what the border was laid around. */
static scull_status_t replace(scull_graph_t *graph, scull_node_id_t id, scull_node_id_t pad,
                              const void *attrs, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  scull_value_id_t inputs[3] = {SCULL_NO_ID, SCULL_NO_ID, SCULL_NO_ID};
  scull_node_id_t made = SCULL_NO_ID;
  for (size_t i = 0; i < node->input_count; i++)
    inputs[i] = node->inputs[i];
  inputs[0] = scull_graph_node(graph, pad)->inputs[0];
  SCULL_TRY(
      scull_passes_replace_node(graph, id, node->op, attrs, inputs, node->input_count, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, &pad, 1);
}

static scull_status_t into_conv(scull_graph_t *graph, scull_node_id_t id, scull_node_id_t pad,
                                int32_t spatial, int64_t *pads, bool *changed) {
  const scull_node_t *conv = scull_graph_node(graph, id);
  const scull_shape_t *filter = &scull_graph_value(graph, conv->inputs[1])->shape[0];
  scull_conv_attrs_t attrs = *(const scull_conv_attrs_t *)conv->attrs;
  const scull_pad_attrs_t *border = scull_graph_node(graph, pad)->attrs;
  if (border->value < 0 || border->value > 0 || attrs.auto_pad != SCULL_AUTO_PAD_EXPLICIT ||
      filter->rank != spatial + 2 || !add_own(&attrs, filter, pads))
    return SCULL_OK;
  attrs.pads = (scull_ints_t){pads, 2 * (size_t)spatial};
  return replace(graph, id, pad, &attrs, changed);
}

static scull_status_t into_pool(scull_graph_t *graph, scull_node_id_t id, scull_node_id_t pad,
                                int32_t spatial, int64_t *pads, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  scull_pool_attrs_t attrs = *(const scull_pool_attrs_t *)node->attrs;
  const double value = ((const scull_pad_attrs_t *)scull_graph_node(graph, pad)->attrs)->value;
  const bool is_mean = node->op == &scull_opdef_avg_pool;
  if (is_mean ? value < 0 || value > 0 : value > -(double)FLT_MAX)
    return SCULL_OK;
  if (attrs.global || attrs.ceil_mode || attrs.auto_pad == SCULL_AUTO_PAD_SAME ||
      attrs.kernel.size != (size_t)spatial || attrs.dilations.size != 0)
    return SCULL_OK;
  for (size_t i = 0; i < attrs.pads.size; i++) {
    if (attrs.pads.data[i] != 0)
      return SCULL_OK; /* that padding would count in another way */
  }
  for (int32_t i = 0; i < 2 * spatial; i++) {
    if (pads[i] >= attrs.kernel.data[i % spatial])
      return SCULL_OK; /* a window of nothing but border */
  }
  attrs.pads = (scull_ints_t){pads, 2 * (size_t)spatial};
  attrs.auto_pad = SCULL_AUTO_PAD_EXPLICIT;
  attrs.include_pad = is_mean;
  return replace(graph, id, pad, &attrs, changed);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  const bool is_conv = node->op == &scull_opdef_conv;
  int64_t pads[2 * SCULL_MAX_RANK] = {0};
  if (!is_conv && node->op != &scull_opdef_avg_pool && node->op != &scull_opdef_max_pool)
    return SCULL_OK;
  const scull_node_t *pad = scull_passes_only_from(graph, node->inputs[0], &scull_opdef_pad);
  const int32_t rank = scull_graph_value(graph, node->inputs[0])->shape[0].rank;
  if (pad == NULL || node->output_count != 1 || node->input_count > 3 ||
      !read_border(graph, pad, rank, pads))
    return SCULL_OK;
  const scull_node_id_t pad_id = scull_graph_node_id(graph, pad);
  return is_conv ? into_conv(graph, id, pad_id, rank - 2, pads, changed)
                 : into_pool(graph, id, pad_id, rank - 2, pads, changed);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_merge_pad = {
    .name = "merge_pad",
    .purpose = "let convolutions and poolings lay borders around their pictures themselves",
    .run = run};
