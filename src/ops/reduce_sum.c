/* reduce_sum: the sum over some axes; of BOOL: whether any is true. */
#include "ops/reduce.h"

static double real(double sum, double x) {
  return sum + x;
}

static int64_t whole(int64_t sum, int64_t x) {
  return (int64_t)((uint64_t)sum + (uint64_t)x);
}

SCULL_REDUCE_OP(reduce_sum, {.first = 0, .real = real, .whole = whole});
