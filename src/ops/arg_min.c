/* arg_min: where the first smallest element along an axis is. */
#include "ops/arg.h"

SCULL_ARG_OP(arg_min, -1);
