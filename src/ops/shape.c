/* shape: the extents of x as a tensor [rank]. The values of x do not matter. */
#include "ops/shape.h"

#include "ops/box.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_shape_attrs_t, DTYPE, to, "i64"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (attrs->to != SCULL_DTYPE_I64 && attrs->to != SCULL_DTYPE_I32)
    return scull_ops_fail(call, "a shape as %s", scull_tensor_dtype_name(attrs->to));
  for (int32_t i = 0; i < x->rank; i++) {
    if (attrs->to == SCULL_DTYPE_I32 && x->dim[i] > INT32_MAX)
      return scull_ops_fail(call, "extent %lld does not fit into i32", (long long)x->dim[i]);
  }
  call->outputs[0].type = (scull_type_t){attrs->to, {.rank = 1, .dim = {x->rank}}};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape;
  const scull_tensor_t *y = &call->outputs[0];
  for (int32_t i = 0; i < x->rank; i++)
    scull_tensor_store_i64(y->data, y->type.dtype, i, x->dim[i]);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_shape = {.name = "shape",
                                         .inputs_min = 1,
                                         .inputs_max = 1,
                                         .outputs_min = 1,
                                         .outputs_max = 1,
                                         .traits = SCULL_OP_TYPE_ONLY,
                                         .attrs = SCULL_SCHEMA(scull_shape_attrs_t, fields),
                                         .infer = infer,
                                         .reference = reference,
                                         .flops = scull_ops_flops_none};
