/* clip: the nearest number in [min, max]; NaN stays NaN. */
#include "ops/clip.h"

#include "ops/unary.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_clip_attrs_t, FLOAT, min, "-inf"),
    SCULL_FIELD(scull_clip_attrs_t, FLOAT, max, "inf"),
};

static double body(double x, const void *attrs) {
  const scull_clip_attrs_t *a = attrs;
  double y = x < a->min ? a->min : x;
  return y > a->max ? a->max : y;
}

SCULL_UNARY_ATTRS_OP(clip, scull_ops_infer_number, body, SCULL_SCHEMA(scull_clip_attrs_t, fields));
