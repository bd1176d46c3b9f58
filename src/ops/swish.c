/* swish: x * sigmoid(beta x); with beta 1 also called silu. */
#include "ops/swish.h"

#include <math.h>

#include "ops/unary.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_swish_attrs_t, FLOAT, beta, "1"),
};

static double body(double x, const void *attrs) {
  const scull_swish_attrs_t *a = attrs;
  return x / (1 + exp(-a->beta * x));
}

SCULL_UNARY_ATTRS_OP(swish, scull_ops_infer_float, body, SCULL_SCHEMA(scull_swish_attrs_t, fields));
