/* tanh: hyperbolic tangent. */
#include <math.h>

#include "ops/unary.h"

SCULL_UNARY_OP(tanh, scull_ops_infer_float, tanh);
