/* log: natural logarithm; -inf at 0, NaN below. */
#include <math.h>

#include "ops/unary.h"

SCULL_UNARY_OP(log, scull_ops_infer_float, log);
