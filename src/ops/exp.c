/* exp: e^x. */
#include <math.h>

#include "ops/unary.h"

SCULL_UNARY_OP(exp, scull_ops_infer_float, exp);
