/* mod: a - floor(a / b) * b with NumPy broadcast: the result has the sign of b, as in Python. */
#include "ops/binary.h"

#include <math.h>

static double real(double a, double b) {
  double rest = fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static int64_t whole(int64_t a, int64_t b, bool *fits) {
  if (b == 0 || b == -1) { /* INT64_MIN / -1 would overflow */
    *fits = *fits && b != 0;
    return 0;
  }
  int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

SCULL_BINARY_OP(mod, 0, scull_ops_infer_arithmetic, {real, whole});
