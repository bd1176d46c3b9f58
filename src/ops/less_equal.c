/* less_equal: a <= b with NumPy broadcast, as BOOL. */
#include "ops/binary.h"

static double real(double a, double b) {
  return a <= b;
}

static int64_t whole(int64_t a, int64_t b, bool *fits) {
  (void)fits;
  return a <= b;
}

SCULL_BINARY_OP(less_equal, 0, scull_ops_infer_compare, {real, whole});
