/* reduce_mean: the mean over some axes; of no elements: NaN. */
#include "ops/reduce.h"

static double real(double sum, double x) {
  return sum + x;
}

static int64_t whole(int64_t sum, int64_t x) {
  return (int64_t)((uint64_t)sum + (uint64_t)x);
}

SCULL_REDUCE_OP(reduce_mean, {.first = 0, .real = real, .whole = whole, .divides = true});
