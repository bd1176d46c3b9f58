/* relu: max(x, 0). NaN stays NaN. */
#include "ops/unary.h"

static double relu(double x, const void *attrs) {
  (void)attrs;
  return x < 0 ? 0 : x;
}

SCULL_UNARY_OP(relu, relu, {0});
