/* min: the smaller of a and b with NumPy broadcast; NaN wins. */
#include "ops/binary.h"

#include <math.h>

static double real(double a, double b) {
  return a < b || isnan(a) ? a : b;
}

static int64_t whole(int64_t a, int64_t b, bool *fits) {
  (void)fits;
  return a < b ? a : b;
}

SCULL_BINARY_OP(min, SCULL_OP_COMMUTATIVE, scull_ops_infer_arithmetic, {real, whole});
