/* leaky_relu: x above 0, else alpha * x. */
#include "ops/leaky_relu.h"

#include "ops/unary.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_leaky_relu_attrs_t, FLOAT, alpha, "0.01"),
};

static double body(double x, const void *attrs) {
  const scull_leaky_relu_attrs_t *a = attrs;
  return x < 0 ? a->alpha * x : x;
}

SCULL_UNARY_ATTRS_OP(leaky_relu, scull_ops_infer_number, body,
                     SCULL_SCHEMA(scull_leaky_relu_attrs_t, fields));
