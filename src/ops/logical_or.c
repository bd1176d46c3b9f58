/* logical_or: a or b, of BOOL, with NumPy broadcast. */
#include "ops/binary.h"

static double real(double a, double b) {
  return (a != 0) || (b != 0);
}

static int64_t whole(int64_t a, int64_t b, bool *fits) {
  (void)fits;
  return (a != 0) || (b != 0);
}

SCULL_BINARY_OP(logical_or, SCULL_OP_COMMUTATIVE, scull_ops_infer_logic, {real, whole});
