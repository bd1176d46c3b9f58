/* floor: the largest whole number that is not above x. */
#include <math.h>

#include "ops/unary.h"

SCULL_UNARY_OP(floor, scull_ops_infer_number, floor);
