/* round: the nearest whole number; halves away from zero (Paddle) or, with `even`, to the even
 * neighbour (ONNX). */
#include "ops/round.h"

#include <math.h>

#include "ops/unary.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_round_attrs_t, BOOL, even, "false"),
};

static double nearest(double x, const void *attrs) {
  return ((const scull_round_attrs_t *)attrs)->even ? rint(x) : round(x);
}

SCULL_UNARY_ATTRS_OP(round, scull_ops_infer_number, nearest,
                     SCULL_SCHEMA(scull_round_attrs_t, fields));
