/* cast: x as another dtype. Floats to integers truncate and clamp, NaN becomes 0; integers to
 * integers wrap; to BOOL is x != 0. No SCULL_OP_UNARY: elements may grow, so the output cannot
 * take the place of the input. */
#include "ops/cast.h"

#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_cast_attrs_t, DTYPE, to, "none"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_cast_attrs_t *attrs = call->attrs;
  if (attrs->to == SCULL_DTYPE_NONE)
    return scull_ops_fail(call, "attribute to: a dtype is wanted");
  call->outputs[0].type = (scull_type_t){attrs->to, call->inputs[0].type.shape};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  scull_dtype_t from = x->type.dtype, to = y->type.dtype;
  bool whole = !scull_tensor_dtype_is_float(from) && !scull_tensor_dtype_is_float(to);
  for (int64_t i = 0, count = scull_tensor_count(&x->type.shape); i < count; i++) {
    if (whole)
      scull_tensor_store_i64(y->data, to, i, scull_tensor_load_i64(x->data, from, i));
    else
      scull_tensor_store(y->data, to, i, scull_tensor_load(x->data, from, i));
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_cast = {.name = "cast",
                                        .inputs_min = 1,
                                        .inputs_max = 1,
                                        .outputs_min = 1,
                                        .outputs_max = 1,
                                        .attrs = SCULL_SCHEMA(scull_cast_attrs_t, fields),
                                        .infer = infer,
                                        .reference = reference};
