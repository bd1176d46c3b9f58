/* hard_swish: x * clip(x + offset, 0, threshold) / scale. */
#include "ops/hard_swish.h"

#include "ops/unary.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_hard_swish_attrs_t, FLOAT, threshold, "6"),
    SCULL_FIELD(scull_hard_swish_attrs_t, FLOAT, scale, "6"),
    SCULL_FIELD(scull_hard_swish_attrs_t, FLOAT, offset, "3"),
};

static double body(double x, const void *attrs) {
  const scull_hard_swish_attrs_t *a = attrs;
  double gate = x + a->offset;
  gate = gate < 0 ? 0 : gate > a->threshold ? a->threshold : gate;
  return x * gate / a->scale;
}

SCULL_UNARY_ATTRS_OP(hard_swish, scull_ops_infer_float, body,
                     SCULL_SCHEMA(scull_hard_swish_attrs_t, fields));
