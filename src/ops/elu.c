/* elu: x above 0, else alpha * (e^x - 1). */
#include "ops/elu.h"

#include <math.h>

#include "ops/unary.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_elu_attrs_t, FLOAT, alpha, "1"),
};

static double body(double x, const void *attrs) {
  const scull_elu_attrs_t *a = attrs;
  return x > 0 ? x : a->alpha * expm1(x);
}

SCULL_UNARY_ATTRS_OP(elu, scull_ops_infer_float, body, SCULL_SCHEMA(scull_elu_attrs_t, fields));
