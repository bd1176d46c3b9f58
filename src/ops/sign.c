/* sign: -1, 0 or 1; NaN stays NaN. */
#include "ops/unary.h"

static double sign_of(double x) {
  return x > 0 ? 1 : x < 0 ? -1 : x;
}

SCULL_UNARY_OP(sign, scull_ops_infer_number, sign_of);
