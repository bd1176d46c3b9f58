/* anchor_generator: map [N,C,H,W] -> anchors and variances [H,W,A,4] in elements of the image: for
 * each ratio (height over width), then for each size, a box about each place. Shapes count only. */
#include <math.h>

#include "ops/prior_box.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_anchor_generator_attrs_t, FLOATS, sizes, ""),
    SCULL_FIELD(scull_anchor_generator_attrs_t, FLOATS, aspect_ratios, ""),
    SCULL_FIELD(scull_anchor_generator_attrs_t, FLOATS, variances, "0.1,0.1,0.2,0.2"),
    SCULL_FIELD(scull_anchor_generator_attrs_t, FLOATS, stride, "16,16"),
    SCULL_FIELD(scull_anchor_generator_attrs_t, FLOAT, offset, "0.5"),
};

enum { MAX_ANCHORS = 1024 };

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_anchor_generator_attrs_t *attrs = call->attrs;
  if (attrs->stride.size != 2 || !(attrs->stride.data[0] > 0) || !(attrs->stride.data[1] > 0))
    return scull_ops_fail(call, "two positive strides are wanted");
  if (attrs->sizes.size > MAX_ANCHORS || attrs->aspect_ratios.size > MAX_ANCHORS)
    return scull_ops_fail(call, "more than %d sizes or ratios", MAX_ANCHORS);
  return scull_ops_anchors_infer(call, attrs->variances,
                                 (int64_t)(attrs->sizes.size * attrs->aspect_ratios.size));
}

static void place(const scull_op_call_t *call, int64_t row, int64_t column, float *boxes) {
  const scull_anchor_generator_attrs_t *attrs = call->attrs;
  double step_w = attrs->stride.data[0], step_h = attrs->stride.data[1];
  double x = (double)column * step_w + attrs->offset * (step_w - 1);
  double y = (double)row * step_h + attrs->offset * (step_h - 1);
  for (size_t r = 0; r < attrs->aspect_ratios.size; r++) {
    double base_w = round(sqrt(step_w * step_h / attrs->aspect_ratios.data[r]));
    double base_h = round(base_w * attrs->aspect_ratios.data[r]);
    for (size_t s = 0; s < attrs->sizes.size; s++, boxes += 4) {
      double half_w = (attrs->sizes.data[s] / step_w * base_w - 1) / 2;
      double half_h = (attrs->sizes.data[s] / step_h * base_h - 1) / 2;
      boxes[0] = (float)(x - half_w);
      boxes[1] = (float)(y - half_h);
      boxes[2] = (float)(x + half_w);
      boxes[3] = (float)(y + half_h);
    }
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_anchor_generator_attrs_t *attrs = call->attrs;
  scull_ops_anchors_fill(call, attrs->variances, place);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_anchor_generator = {
    .name = "anchor_generator",
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 2,
    .outputs_max = 2,
    .traits = SCULL_OP_TYPE_ONLY,
    .attrs = SCULL_SCHEMA(scull_anchor_generator_attrs_t, fields),
    .infer = infer,
    .reference = reference};
