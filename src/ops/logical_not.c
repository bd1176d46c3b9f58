/* logical_not: !x of BOOL. */
#include "ops/unary.h"

static double inverse(double x) {
  return x == 0;
}

SCULL_UNARY_OP(logical_not, scull_ops_infer_bool, inverse);
