/* prior_box: map [N,C,H,W], image [N,C,H,W] -> boxes and variances [H,W,P,4], the default boxes of
 * SSD in parts of the image. Shapes count only. */
#include "ops/prior_box.h"

#include <math.h>

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_prior_box_attrs_t, FLOATS, min_sizes, ""),
    SCULL_FIELD(scull_prior_box_attrs_t, FLOATS, max_sizes, ""),
    SCULL_FIELD(scull_prior_box_attrs_t, FLOATS, aspect_ratios, ""),
    SCULL_FIELD(scull_prior_box_attrs_t, FLOATS, variances, "0.1,0.1,0.2,0.2"),
    SCULL_FIELD(scull_prior_box_attrs_t, BOOL, flip, "false"),
    SCULL_FIELD(scull_prior_box_attrs_t, BOOL, clip, "false"),
    SCULL_FIELD(scull_prior_box_attrs_t, FLOAT, step_w, "0"),
    SCULL_FIELD(scull_prior_box_attrs_t, FLOAT, step_h, "0"),
    SCULL_FIELD(scull_prior_box_attrs_t, FLOAT, offset, "0.5"),
    SCULL_FIELD(scull_prior_box_attrs_t, BOOL, max_second, "false"),
};

enum { MAX_RATIOS = 64 };

static bool is_new(const double *list, int32_t count, double ratio) {
  for (int32_t i = 0; i < count; i++) {
    if (fabs(list[i] - ratio) < 1e-6)
      return false;
  }
  return true;
}

/* 1, then each new ratio and, with `flip`, its inverse; at most MAX_RATIOS. */
static int32_t collect_ratios(const scull_prior_box_attrs_t *attrs, double ratios[MAX_RATIOS]) {
  int32_t count = 1;
  ratios[0] = 1;
  for (size_t i = 0; i < attrs->aspect_ratios.size && count + 2 <= MAX_RATIOS; i++) {
    double ratio = attrs->aspect_ratios.data[i];
    if (!is_new(ratios, count, ratio))
      continue;
    ratios[count++] = ratio;
    if (attrs->flip)
      ratios[count++] = 1 / ratio;
  }
  return count;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_prior_box_attrs_t *attrs = call->attrs;
  double ratios[MAX_RATIOS];
  if (attrs->min_sizes.size == 0 || attrs->aspect_ratios.size > MAX_RATIOS / 2 - 1 ||
      (attrs->max_sizes.size != 0 && attrs->max_sizes.size != attrs->min_sizes.size))
    return scull_ops_fail(call,
                          "min_sizes, as many or no max_sizes, and at most %d ratios are wanted",
                          MAX_RATIOS / 2 - 1);
  for (size_t i = 0; i < attrs->aspect_ratios.size; i++) {
    if (!(attrs->aspect_ratios.data[i] > 0))
      return scull_ops_fail(call, "an aspect ratio of %g", attrs->aspect_ratios.data[i]);
  }
  int64_t count = collect_ratios(attrs, ratios) * (int64_t)attrs->min_sizes.size +
                  (int64_t)attrs->max_sizes.size;
  return scull_ops_anchors_infer(call, attrs->variances, count);
}

typedef struct {
  double x, y, image_w, image_h;
  bool clip;
  float *next;
} writer_t;

static float part(const writer_t *w, double v) {
  return (float)(w->clip ? fmin(fmax(v, 0), 1) : v);
}

/* A box of that half width and half height. */
static void put(writer_t *w, double half_w, double half_h) {
  *w->next++ = part(w, (w->x - half_w) / w->image_w);
  *w->next++ = part(w, (w->y - half_h) / w->image_h);
  *w->next++ = part(w, (w->x + half_w) / w->image_w);
  *w->next++ = part(w, (w->y + half_h) / w->image_h);
}

static void place(const scull_op_call_t *call, int64_t row, int64_t column, float *boxes) {
  const scull_prior_box_attrs_t *attrs = call->attrs;
  const scull_shape_t *image = &call->inputs[1].type.shape;
  double ratios[MAX_RATIOS], step_w = attrs->step_w, step_h = attrs->step_h;
  int32_t count = collect_ratios(attrs, ratios);
  scull_ops_anchors_step(call, &step_w, &step_h);
  writer_t w = {.x = ((double)column + attrs->offset) * step_w,
                .y = ((double)row + attrs->offset) * step_h,
                .image_w = (double)image->dim[3],
                .image_h = (double)image->dim[2],
                .clip = attrs->clip,
                .next = boxes};
  for (size_t s = 0; s < attrs->min_sizes.size; s++) {
    double size = attrs->min_sizes.data[s];
    double square = attrs->max_sizes.size > 0 ? sqrt(size * attrs->max_sizes.data[s]) / 2 : -1;
    for (int32_t r = 0; r < count; r++) {
      if (r == 1 && attrs->max_second && square >= 0)
        put(&w, square, square);
      put(&w, size * sqrt(ratios[r]) / 2, size / sqrt(ratios[r]) / 2);
    }
    if (square >= 0 && (!attrs->max_second || count == 1))
      put(&w, square, square);
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_prior_box_attrs_t *attrs = call->attrs;
  scull_ops_anchors_fill(call, attrs->variances, place);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_prior_box = {.name = "prior_box",
                                             .inputs_min = 2,
                                             .inputs_max = 2,
                                             .outputs_min = 2,
                                             .outputs_max = 2,
                                             .traits = SCULL_OP_TYPE_ONLY,
                                             .attrs = SCULL_SCHEMA(scull_prior_box_attrs_t, fields),
                                             .infer = infer,
                                             .reference = reference};
