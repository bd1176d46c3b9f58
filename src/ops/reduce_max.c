/* reduce_max: the largest element over some axes; NaN wins. Of BOOL: whether any is true. */
#include "ops/reduce.h"

static double real(double peak, double x) {
  return x > peak || x != x ? x : peak;
}

static int64_t whole(int64_t peak, int64_t x) {
  return x > peak ? x : peak;
}

SCULL_REDUCE_OP(reduce_max, {.real = real, .whole = whole, .takes_first = true});
