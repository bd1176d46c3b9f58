/* sigmoid: 1 / (1 + e^-x). */
#include <math.h>

#define SCULL_UNARY_TRAITS SCULL_OP_NOT_NEGATIVE
#include "ops/unary.h"

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

SCULL_UNARY_OP(sigmoid, scull_ops_infer_float, sigmoid);
