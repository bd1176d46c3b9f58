/* group_norm: x [N,C,...], scale? [C], bias? [C] -> each of the groups of C / groups channels of
 * each picture brought to mean 0 and variance 1, then times scale plus bias of the channel. */
#include "ops/group_norm.h"

#include "ops/normalize.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_group_norm_attrs_t, INT, groups, "1"),
    SCULL_FIELD(scull_group_norm_attrs_t, FLOAT, epsilon, "1e-05"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_group_norm_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank < 2 || attrs->groups < 1 || x->dim[1] % attrs->groups != 0)
    return scull_ops_fail(call, "%d dimensions, %lld groups of %lld channels", x->rank,
                          (long long)attrs->groups, (long long)(x->rank < 2 ? 0 : x->dim[1]));
  SCULL_TRY(scull_ops_check_list(call, 1, "scale", x->dim[1]));
  SCULL_TRY(scull_ops_check_list(call, 2, "bias", x->dim[1]));
  SCULL_TRY(scull_ops_check_floats(call, 3));
  return scull_ops_infer_same(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_group_norm_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  int64_t plane = 1;
  for (int32_t i = 2; i < x->rank; i++)
    plane *= x->dim[i];
  scull_ops_normalize(call, (scull_normalize_t){x->dim[1] / attrs->groups * plane, plane, x->dim[1],
                                                attrs->epsilon});
  return SCULL_OK;
}

SCULL_NORMALIZE_OP(group_norm);
