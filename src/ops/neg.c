/* neg: -x; integers saturate. */
#include "ops/unary.h"

static double minus(double x) {
  return -x;
}

SCULL_UNARY_OP(neg, scull_ops_infer_number, minus);
