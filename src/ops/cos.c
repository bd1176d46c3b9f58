/* cos: cosine of radians. */
#include <math.h>

#include "ops/unary.h"

SCULL_UNARY_OP(cos, scull_ops_infer_float, cos);
