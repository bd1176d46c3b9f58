/* arg_max: where the first largest element along an axis is. */
#include "ops/arg.h"

SCULL_ARG_OP(arg_max, 1);
