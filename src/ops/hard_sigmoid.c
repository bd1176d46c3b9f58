/* hard_sigmoid: clip(alpha x + beta, 0, 1). */
#include "ops/hard_sigmoid.h"

#define SCULL_UNARY_TRAITS SCULL_OP_NOT_NEGATIVE
#include "ops/unary.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_hard_sigmoid_attrs_t, FLOAT, alpha, "0.2"),
    SCULL_FIELD(scull_hard_sigmoid_attrs_t, FLOAT, beta, "0.5"),
};

static double body(double x, const void *attrs) {
  const scull_hard_sigmoid_attrs_t *a = attrs;
  double y = a->alpha * x + a->beta;
  return y < 0 ? 0 : y > 1 ? 1 : y;
}

SCULL_UNARY_ATTRS_OP(hard_sigmoid, scull_ops_infer_float, body,
                     SCULL_SCHEMA(scull_hard_sigmoid_attrs_t, fields));
