/* pow: a to the power of b with NumPy broadcast; integers go through doubles. */
#include "ops/binary.h"

#include <math.h>

static double real(double a, double b) {
  return pow(a, b);
}

SCULL_BINARY_OP(pow, 0, scull_ops_infer_arithmetic, {real, NULL});
