/* div: a / b with NumPy broadcast; integers truncate toward zero. */
#include "ops/binary.h"

static double real(double a, double b) {
  return a / b;
}

static int64_t whole(int64_t a, int64_t b, bool *fits) {
  if (b == 0 || b == -1) { /* INT64_MIN / -1 would overflow */
    *fits = *fits && b != 0;
    return b == 0 ? 0 : (int64_t)(0 - (uint64_t)a);
  }
  return a / b;
}

SCULL_BINARY_OP(div, 0, scull_ops_infer_arithmetic, {real, whole});
