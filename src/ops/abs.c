/* abs: |x|; the smallest integer saturates. */
#include <math.h>

#include "ops/unary.h"

SCULL_UNARY_OP(abs, scull_ops_infer_number, fabs);
