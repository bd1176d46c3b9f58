/* sin: sine of radians. */
#include <math.h>

#include "ops/unary.h"

SCULL_UNARY_OP(sin, scull_ops_infer_float, sin);
