/* reciprocal: 1 / x. */
#include "ops/unary.h"

static double inverse(double x) {
  return 1 / x;
}

SCULL_UNARY_OP(reciprocal, scull_ops_infer_float, inverse);
