/* softplus: log(1 + e^(beta x)) / beta. */
#include "ops/softplus.h"

#include <math.h>

#define SCULL_UNARY_TRAITS SCULL_OP_NOT_NEGATIVE
#include "ops/unary.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_softplus_attrs_t, FLOAT, beta, "1"),
    SCULL_FIELD(scull_softplus_attrs_t, FLOAT, threshold, "20"),
};

static double body(double x, const void *attrs) {
  const scull_softplus_attrs_t *a = attrs;
  double z = a->beta * x;
  return z > a->threshold ? x : log1p(exp(z)) / a->beta;
}

SCULL_UNARY_ATTRS_OP(softplus, scull_ops_infer_float, body,
                     SCULL_SCHEMA(scull_softplus_attrs_t, fields));
