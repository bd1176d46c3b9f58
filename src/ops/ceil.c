/* ceil: the smallest whole number that is not below x. */
#include <math.h>

#include "ops/unary.h"

SCULL_UNARY_OP(ceil, scull_ops_infer_number, ceil);
