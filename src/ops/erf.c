/* erf: the error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. */
#include <math.h>

#include "ops/unary.h"

SCULL_UNARY_OP(erf, scull_ops_infer_float, erf);
