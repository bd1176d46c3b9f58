/* is_special: whether an element is NaN or an infinity, as chosen; never true for integers. */
#include "ops/is_special.h"

#include <math.h>

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_is_special_attrs_t, BOOL, nan, "false"),
    SCULL_FIELD(scull_is_special_attrs_t, BOOL, positive, "false"),
    SCULL_FIELD(scull_is_special_attrs_t, BOOL, negative, "false"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_BOOL, call->inputs[0].type.shape};
  return SCULL_OK;
}

static bool counts(const scull_is_special_attrs_t *attrs, double v) {
  if (isnan(v))
    return attrs->nan;
  return isinf(v) && (v > 0 ? attrs->positive : attrs->negative);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0];
  bool *y = call->outputs[0].data;
  for (int64_t i = 0, count = scull_tensor_count(&x->type.shape); i < count; i++)
    y[i] = counts(call->attrs, scull_tensor_load(x->data, x->type.dtype, i));
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_is_special = {.name = "is_special",
                                              .inputs_min = 1,
                                              .inputs_max = 1,
                                              .outputs_min = 1,
                                              .outputs_max = 1,
                                              .attrs =
                                                  SCULL_SCHEMA(scull_is_special_attrs_t, fields),
                                              .infer = infer,
                                              .reference = reference};
