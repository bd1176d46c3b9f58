/* reduce_l1: the sum of absolute values over some axes. */
#include "ops/reduce.h"

#include <math.h>

static double real(double sum, double x) {
  return sum + fabs(x);
}

static int64_t whole(int64_t sum, int64_t x) {
  return (int64_t)((uint64_t)sum + (x < 0 ? 0 - (uint64_t)x : (uint64_t)x));
}

SCULL_REDUCE_OP(reduce_l1, {.real = real, .whole = whole});
