/* floor_div: floor(a / b) with NumPy broadcast, for integers too (as Python's //). */
#include "ops/binary.h"

#include <math.h>

static double real(double a, double b) {
  return floor(a / b);
}

static int64_t whole(int64_t a, int64_t b, bool *fits) {
  if (b == 0 || b == -1) { /* INT64_MIN / -1 would overflow */
    *fits = *fits && b != 0;
    return b == 0 ? 0 : (int64_t)(0 - (uint64_t)a);
  }
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

SCULL_BINARY_OP(floor_div, 0, scull_ops_infer_arithmetic, {real, whole});
