/* scale: scale * x + bias; integers are truncated once, at the end. */
#include "ops/scale.h"

#include "ops/unary.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_scale_attrs_t, FLOAT, scale, "1"),
    SCULL_FIELD(scull_scale_attrs_t, FLOAT, bias, "0"),
};

static double body(double x, const void *attrs) {
  const scull_scale_attrs_t *a = attrs;
  return a->scale * x + a->bias;
}

SCULL_UNARY_ATTRS_OP(scale, scull_ops_infer_number, body,
                     SCULL_SCHEMA(scull_scale_attrs_t, fields));
