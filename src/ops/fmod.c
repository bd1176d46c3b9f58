/* fmod: what is left of a after whole multiples of b, with NumPy broadcast: the result has the sign
 * of a, as in C. `mod` has the sign of b. */
#include "ops/binary.h"

#include <math.h>

static int64_t whole(int64_t a, int64_t b, bool *fits) {
  if (b == 0 || b == -1) { /* INT64_MIN % -1 would overflow */
    *fits = *fits && b != 0;
    return 0;
  }
  return a % b;
}

SCULL_BINARY_OP(fmod, 0, scull_ops_infer_arithmetic, {fmod, whole});
