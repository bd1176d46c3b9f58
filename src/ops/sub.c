/* sub: a - b with NumPy broadcast; integers wrap. */
#include "ops/binary.h"

static double real(double a, double b) {
  return a - b;
}

static int64_t whole(int64_t a, int64_t b, bool *fits) {
  (void)fits;
  return (int64_t)((uint64_t)a - (uint64_t)b);
}

SCULL_BINARY_OP(sub, 0, scull_ops_infer_arithmetic, {real, whole});
