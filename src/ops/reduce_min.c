/* reduce_min: the smallest element over some axes; NaN wins. Of BOOL: whether all are true. */
#include "ops/reduce.h"

static double real(double least, double x) {
  return x < least || x != x ? x : least;
}

static int64_t whole(int64_t least, int64_t x) {
  return x < least ? x : least;
}

SCULL_REDUCE_OP(reduce_min, {.real = real, .whole = whole, .takes_first = true});
