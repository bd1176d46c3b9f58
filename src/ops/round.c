/* round: the nearest whole number, halves away from zero (Paddle's rule; ONNX's goes to even). */
#include <math.h>

#include "ops/unary.h"

SCULL_UNARY_OP(round, scull_ops_infer_number, round);
