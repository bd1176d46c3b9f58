/* square: x * x; integers saturate. */
#define SCULL_UNARY_TRAITS SCULL_OP_NOT_NEGATIVE
#include "ops/unary.h"

static double times_itself(double x) {
  return x * x;
}

SCULL_UNARY_OP(square, scull_ops_infer_number, times_itself);
