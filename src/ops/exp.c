/* exp: e^x. */
#include <math.h>

#define SCULL_UNARY_TRAITS SCULL_OP_NOT_NEGATIVE
#include "ops/unary.h"

SCULL_UNARY_OP(exp, scull_ops_infer_float, exp);
