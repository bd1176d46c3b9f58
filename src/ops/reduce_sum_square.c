/* reduce_sum_square: the sum of squares over some axes. Integers wrap. */
#include "ops/reduce.h"

static double real(double sum, double x) {
  return sum + x * x;
}

static int64_t whole(int64_t sum, int64_t x) {
  return (int64_t)((uint64_t)sum + (uint64_t)x * (uint64_t)x);
}

SCULL_REDUCE_OP(reduce_sum_square, {.real = real, .whole = whole});
