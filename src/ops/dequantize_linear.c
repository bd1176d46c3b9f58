/* dequantize_linear: x of integers, scale, zero point (optional, of x's type) ->
 * (x - zero point) * scale, of the scale's type. */
#include "ops/quantize.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_quantize_attrs_t, INT, axis, "1"),
    SCULL_FIELD(scull_quantize_attrs_t, INT, block, "0"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  scull_quantize_walk_t walk;
  scull_dtype_t dtype = call->inputs[0].type.dtype;
  SCULL_TRY(scull_ops_quantize_walk(call, &walk));
  if (!scull_tensor_dtype_is_integer(dtype) || scull_tensor_dtype_size(dtype) > 4)
    return scull_ops_fail(call, "x is %s", scull_tensor_dtype_name(dtype));
  if (scull_ops_has_input(call, 2) && call->inputs[2].type.dtype != dtype)
    return scull_ops_fail(call, "the zero point is %s and x is %s",
                          scull_tensor_dtype_name(call->inputs[2].type.dtype),
                          scull_tensor_dtype_name(dtype));
  call->outputs[0].type = (scull_type_t){call->inputs[1].type.dtype, call->inputs[0].type.shape};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *scale = &call->inputs[1], *zero = &call->inputs[2];
  bool shifted = scull_ops_has_input(call, 2);
  scull_quantize_walk_t walk;
  SCULL_TRY(scull_ops_quantize_walk(call, &walk));
  int64_t count = scull_tensor_count(&x->type.shape);
  for (int64_t i = 0; i < count; i++) {
    int64_t k = scull_ops_quantize_scale(&walk, i);
    double z = shifted ? scull_tensor_load(zero->data, zero->type.dtype, k) : 0;
    double s = scull_tensor_load(scale->data, scale->type.dtype, k);
    scull_tensor_store(call->outputs[0].data, scale->type.dtype, i,
                       (scull_tensor_load(x->data, x->type.dtype, i) - z) * s);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_dequantize_linear = {
    .name = "dequantize_linear",
    .inputs_min = 2,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .attrs = SCULL_SCHEMA(scull_quantize_attrs_t, fields),
    .infer = infer,
    .reference = reference};
