/* relu: max(x, 0). NaN stays NaN. */
#define SCULL_UNARY_TRAITS SCULL_OP_NOT_NEGATIVE
#include "ops/unary.h"

static double relu(double x) {
  return x < 0 ? 0 : x;
}

SCULL_UNARY_OP(relu, scull_ops_infer_number, relu);
