/* layer_norm: x, scale?, bias? -> mean 0 and variance 1 over all dimensions from `axis` on, then
 * times scale plus bias, which have one element for each of theirs, in any shape. */
#include "ops/layer_norm.h"

#include "ops/normalize.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_layer_norm_attrs_t, INT, axis, "-1"),
    SCULL_FIELD(scull_layer_norm_attrs_t, FLOAT, epsilon, "1e-05"),
};

/* Product of the dimensions from the axis on; 0 when the axis does not exist. */
static int64_t group_of(const scull_op_call_t *call) {
  const scull_layer_norm_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  int32_t axis = 0;
  int64_t count = 1;
  if (!scull_tensor_axis(attrs->axis, x->rank, &axis))
    return 0;
  for (int32_t i = axis; i < x->rank; i++)
    count *= x->dim[i];
  return count;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_layer_norm_attrs_t *attrs = call->attrs;
  int32_t axis = 0;
  if (!scull_tensor_axis(attrs->axis, call->inputs[0].type.shape.rank, &axis))
    return scull_ops_fail(call, "axis %lld of %d dimensions", (long long)attrs->axis,
                          call->inputs[0].type.shape.rank);
  for (size_t i = 1; i < call->input_count; i++) {
    int64_t count = scull_tensor_count(&call->inputs[i].type.shape);
    if (scull_ops_has_input(call, i) && count != group_of(call))
      return scull_ops_fail(call, "input %zu has %lld elements where %lld are wanted", i,
                            (long long)count, (long long)group_of(call));
  }
  SCULL_TRY(scull_ops_check_floats(call, 3));
  return scull_ops_infer_same(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_layer_norm_attrs_t *attrs = call->attrs;
  int64_t count = group_of(call);
  scull_ops_normalize(call, (scull_normalize_t){count, 1, count, attrs->epsilon});
  return SCULL_OK;
}

SCULL_NORMALIZE_OP(layer_norm);
