/* A border of zeros before a convolution becomes the convolution's own padding: one copy of the
 * picture less. Exporters of TensorFlow and Caffe2 write it so where the two sides differ. */
#include "ops/conv.h"
#include "ops/pad.h"
#include "passes/rewrite.h"

/* True when the node pads spatial axes only, with zeros, by a list that it carries. */
static bool is_zero_border(const scull_node_t *pad, int32_t rank) {
  const scull_pad_attrs_t *attrs = pad->attrs;
  bool has_list = pad->input_count > 1 && pad->inputs[1] != SCULL_NO_ID;
  if (has_list || attrs->mode != SCULL_PAD_CONSTANT || attrs->value != 0 ||
      attrs->pads.size != 2 * (size_t)rank)
    return false;
  for (int32_t i = 0; i < 2 * rank; i++) {
    int64_t border = attrs->pads.data[i];
    if (border < 0 || border > INT32_MAX || (i % rank < 2 && border != 0))
      return false;
  }
  return true;
}

/* The padding of the convolution with the border added, as begins and ends. False when it would
 * reach beyond the filter: outputs of nothing but padding are no case that kernels are made for. */
static bool add_border(const scull_conv_attrs_t *attrs, scull_ints_t border,
                       const scull_shape_t *filter, int64_t pads[2 * SCULL_MAX_RANK]) {
  int32_t spatial = filter->rank - 2;
  for (int32_t i = 0; i < 2 * spatial; i++) {
    int32_t axis = i % spatial;
    size_t at = attrs->pads.size == (size_t)spatial ? (size_t)axis : (size_t)i;
    int64_t own = attrs->pads.size == 0 ? 0 : attrs->pads.data[at];
    int64_t dilation = attrs->dilations.size == 0 ? 1 : attrs->dilations.data[axis];
    int64_t most = (filter->dim[2 + axis] - 1) * dilation;
    pads[i] = border.data[i < spatial ? 2 + i : filter->rank + 2 + axis];
    if (own < 0 || own > most - pads[i])
      return false;
    pads[i] += own;
  }
  return true;
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *conv = scull_graph_node(graph, id);
  if (conv->op != &scull_opdef_conv)
    return SCULL_OK;
  const scull_node_t *pad = scull_passes_only_from(graph, conv->inputs[0], &scull_opdef_pad);
  const scull_shape_t *filter = &scull_graph_value(graph, conv->inputs[1])->shape[0];
  scull_conv_attrs_t attrs = *(const scull_conv_attrs_t *)conv->attrs;
  int64_t pads[2 * SCULL_MAX_RANK];
  if (pad == NULL || attrs.auto_pad != SCULL_AUTO_PAD_EXPLICIT ||
      !is_zero_border(pad, filter->rank) ||
      !add_border(&attrs, ((const scull_pad_attrs_t *)pad->attrs)->pads, filter, pads))
    return SCULL_OK;

  attrs.pads = (scull_ints_t){pads, 2 * (size_t)(filter->rank - 2)};
  scull_value_id_t inputs[3] = {pad->inputs[0], conv->inputs[1], SCULL_NO_ID};
  if (conv->input_count > 2)
    inputs[2] = conv->inputs[2];
  const scull_node_id_t old = scull_graph_node_id(graph, pad);
  scull_node_id_t made = SCULL_NO_ID;
  SCULL_TRY(scull_passes_replace_node(graph, id, &scull_opdef_conv, &attrs, inputs,
                                      conv->input_count, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, &old, 1);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_merge_pad = {
    .name = "merge_pad", .purpose = "let convolutions pad with zeros themselves", .run = run};
