/* reduce_prod: the product over some axes; of BOOL: whether all are true. */
#include "ops/reduce.h"

static double real(double product, double x) {
  return product * x;
}

static int64_t whole(int64_t product, int64_t x) {
  return (int64_t)((uint64_t)product * (uint64_t)x);
}

SCULL_REDUCE_OP(reduce_prod, {.first = 1, .real = real, .whole = whole});
