/* eye_like: x [M,N], of which the shape counts only -> ones on a diagonal, zeros elsewhere. */
#include "ops/eye_like.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_eye_like_attrs_t, INT, diagonal, "0"),
    SCULL_FIELD(scull_eye_like_attrs_t, DTYPE, to, "none"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_eye_like_attrs_t *attrs = call->attrs;
  const scull_type_t *x = &call->inputs[0].type;
  if (x->shape.rank != 2)
    return scull_ops_fail(call, "x has %d dimensions where 2 are wanted", x->shape.rank);
  call->outputs[0].type =
      (scull_type_t){attrs->to == SCULL_DTYPE_NONE ? x->dtype : attrs->to, x->shape};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_eye_like_attrs_t *attrs = call->attrs;
  const scull_tensor_t *y = &call->outputs[0];
  int64_t columns = y->type.shape.dim[1];
  for (int64_t i = 0, count = scull_tensor_count(&y->type.shape); i < count; i++)
    scull_tensor_store_i64(y->data, y->type.dtype, i,
                           i % columns - i / columns == attrs->diagonal ? 1 : 0);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_eye_like = {.name = "eye_like",
                                            .inputs_min = 1,
                                            .inputs_max = 1,
                                            .outputs_min = 1,
                                            .outputs_max = 1,
                                            .traits = SCULL_OP_TYPE_ONLY,
                                            .attrs = SCULL_SCHEMA(scull_eye_like_attrs_t, fields),
                                            .infer = infer,
                                            .reference = reference};
