/* reduce_log_sum_exp: the logarithm of the sum of exponentials over some axes, added up in
 * logarithms so that large elements do not overflow. Floats only. */
#include "ops/reduce.h"

#include <math.h>

static double real(double sum, double x) {
  double high = sum > x ? sum : x, low = sum > x ? x : sum;
  return isinf(high) || isnan(sum) ? (isnan(sum) ? sum : high) : high + log1p(exp(low - high));
}

SCULL_REDUCE_OP(reduce_log_sum_exp, {.real = real, .first = -HUGE_VAL});
