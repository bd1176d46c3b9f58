/* abs: |x|; the smallest integer saturates. */
#include <math.h>

#define SCULL_UNARY_TRAITS SCULL_OP_NOT_NEGATIVE
#include "ops/unary.h"

SCULL_UNARY_OP(abs, scull_ops_infer_number, fabs);
