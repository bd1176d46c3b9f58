/* reduce_l2: the root of the sum of squares over some axes; of integers it is truncated. */
#include "ops/reduce.h"

#include <math.h>

static double real(double sum, double x) {
  return sum + x * x;
}

static int64_t whole(int64_t sum, int64_t x) {
  return (int64_t)((uint64_t)sum + (uint64_t)x * (uint64_t)x);
}

SCULL_REDUCE_OP(reduce_l2, {.real = real, .whole = whole, .finish = sqrt});
