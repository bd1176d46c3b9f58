/* sqrt: square root; NaN below 0. */
#include <math.h>

#define SCULL_UNARY_TRAITS SCULL_OP_NOT_NEGATIVE
#include "ops/unary.h"

SCULL_UNARY_OP(sqrt, scull_ops_infer_float, sqrt);
