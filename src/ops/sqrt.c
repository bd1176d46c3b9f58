/* sqrt: square root; NaN below 0. */
#include <math.h>

#include "ops/unary.h"

SCULL_UNARY_OP(sqrt, scull_ops_infer_float, sqrt);
