/* mish: x * tanh(log(1 + e^x)). */
#include "ops/mish.h"

#include <math.h>

#include "ops/unary.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_mish_attrs_t, FLOAT, threshold, "20"),
};

static double body(double x, const void *attrs) {
  const scull_mish_attrs_t *a = attrs;
  double soft = x > a->threshold ? x : log1p(exp(x));
  return x * tanh(soft);
}

SCULL_UNARY_ATTRS_OP(mish, scull_ops_infer_float, body, SCULL_SCHEMA(scull_mish_attrs_t, fields));
