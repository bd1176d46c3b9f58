/* rsqrt: 1 / sqrt(x). */
#include <math.h>

#include "ops/unary.h"

static double inverse_root(double x) {
  return 1 / sqrt(x);
}

SCULL_UNARY_OP(rsqrt, scull_ops_infer_float, inverse_root);
