/* density_prior_box: map [N,C,H,W], image [N,C,H,W] -> boxes and variances [H,W,P,4]: of each size
 * a grid of density x density boxes about each place, for small things that stand close, such as
 * faces. Shapes count only; boxes are clipped into [0, 1] whatever `clip` says. */
#include "ops/prior_box.h"

#include <math.h>

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_density_prior_box_attrs_t, FLOATS, fixed_sizes, ""),
    SCULL_FIELD(scull_density_prior_box_attrs_t, FLOATS, fixed_ratios, ""),
    SCULL_FIELD(scull_density_prior_box_attrs_t, FLOATS, variances, "0.1,0.1,0.2,0.2"),
    SCULL_FIELD(scull_density_prior_box_attrs_t, INTS, densities, ""),
    SCULL_FIELD(scull_density_prior_box_attrs_t, BOOL, clip, "false"),
    SCULL_FIELD(scull_density_prior_box_attrs_t, FLOAT, step_w, "0"),
    SCULL_FIELD(scull_density_prior_box_attrs_t, FLOAT, step_h, "0"),
    SCULL_FIELD(scull_density_prior_box_attrs_t, FLOAT, offset, "0.5"),
};

enum { MAX_DENSITY = 1024 };

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_density_prior_box_attrs_t *attrs = call->attrs;
  int64_t count = 0;
  if (attrs->densities.size != attrs->fixed_sizes.size || attrs->fixed_ratios.size > MAX_DENSITY ||
      attrs->fixed_sizes.size > MAX_DENSITY)
    return scull_ops_fail(call, "%zu densities for %zu sizes", attrs->densities.size,
                          attrs->fixed_sizes.size);
  for (size_t i = 0; i < attrs->densities.size; i++) {
    int64_t density = attrs->densities.data[i];
    if (density < 1 || density > MAX_DENSITY)
      return scull_ops_fail(call, "a density of %lld", (long long)density);
    count += density * density * (int64_t)attrs->fixed_ratios.size;
  }
  return scull_ops_anchors_infer(call, attrs->variances, count);
}

static float part(double v) {
  return (float)fmin(fmax(v, 0), 1);
}

static void place(const scull_op_call_t *call, int64_t row, int64_t column, float *boxes) {
  const scull_density_prior_box_attrs_t *attrs = call->attrs;
  const scull_shape_t *image = &call->inputs[1].type.shape;
  double step_w = attrs->step_w, step_h = attrs->step_h;
  scull_ops_anchors_step(call, &step_w, &step_h);
  double x = ((double)column + attrs->offset) * step_w, y = ((double)row + attrs->offset) * step_h;
  double side = trunc((step_w + step_h) * 0.5);
  for (size_t s = 0; s < attrs->fixed_sizes.size; s++) {
    int64_t density = attrs->densities.data[s];
    double shift = trunc(side / (double)density);
    double first_x = x - side / 2 + shift / 2, first_y = y - side / 2 + shift / 2;
    for (size_t r = 0; r < attrs->fixed_ratios.size; r++) {
      double half_w = attrs->fixed_sizes.data[s] * sqrt(attrs->fixed_ratios.data[r]) / 2;
      double half_h = attrs->fixed_sizes.data[s] / sqrt(attrs->fixed_ratios.data[r]) / 2;
      for (int64_t k = 0; k < density * density; k++, boxes += 4) {
        double at_x = first_x + (double)(k % density) * shift;
        int64_t down = k / density;
        double at_y = first_y + (double)down * shift;
        boxes[0] = part((at_x - half_w) / (double)image->dim[3]);
        boxes[1] = part((at_y - half_h) / (double)image->dim[2]);
        boxes[2] = part((at_x + half_w) / (double)image->dim[3]);
        boxes[3] = part((at_y + half_h) / (double)image->dim[2]);
      }
    }
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_density_prior_box_attrs_t *attrs = call->attrs;
  scull_ops_anchors_fill(call, attrs->variances, place);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_density_prior_box = {
    .name = "density_prior_box",
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 2,
    .outputs_max = 2,
    .traits = SCULL_OP_TYPE_ONLY,
    .attrs = SCULL_SCHEMA(scull_density_prior_box_attrs_t, fields),
    .infer = infer,
    .reference = reference};
