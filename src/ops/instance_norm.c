/* instance_norm: x [N,C,spatial...], scale? [C], bias? [C] -> each channel of each picture brought
 * to mean 0 and variance 1, then times scale plus bias. */
#include "ops/instance_norm.h"

#include "ops/normalize.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_instance_norm_attrs_t, FLOAT, epsilon, "1e-05"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank < 3)
    return scull_ops_fail(call, "x has %d dimensions where at least 3 are wanted", x->rank);
  SCULL_TRY(scull_ops_check_list(call, 1, "scale", x->dim[1]));
  SCULL_TRY(scull_ops_check_list(call, 2, "bias", x->dim[1]));
  SCULL_TRY(scull_ops_check_floats(call, 3));
  return scull_ops_infer_same(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_instance_norm_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  int64_t plane = 1;
  for (int32_t i = 2; i < x->rank; i++)
    plane *= x->dim[i];
  scull_ops_normalize(call, (scull_normalize_t){plane, plane, x->dim[1], attrs->epsilon});
  return SCULL_OK;
}

SCULL_NORMALIZE_OP(instance_norm);
