/* quantize_linear: x, scale, zero point (optional) -> x / scale, rounded to even and shifted by the
 * zero point, clamped to what the type of the result holds. NaN becomes the zero point. */
#include <math.h>

#include "ops/quantize.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_quantize_attrs_t, INT, axis, "1"),
    SCULL_FIELD(scull_quantize_attrs_t, INT, block, "0"),
    SCULL_FIELD(scull_quantize_attrs_t, DTYPE, to, "u8"),
};

/* The range of a type that can be had; false for others. */
static bool range_of(scull_dtype_t dtype, double *low, double *high) {
  size_t bits = 8 * scull_tensor_dtype_size(dtype);
  bool is_signed = dtype == SCULL_DTYPE_I8 || dtype == SCULL_DTYPE_I16 || dtype == SCULL_DTYPE_I32;
  *low = is_signed ? -ldexp(1, (int)bits - 1) : 0;
  *high = (is_signed ? ldexp(1, (int)bits - 1) : ldexp(1, (int)bits)) - 1;
  return is_signed || dtype == SCULL_DTYPE_U8 || dtype == SCULL_DTYPE_U16;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_quantize_attrs_t *attrs = call->attrs;
  scull_quantize_walk_t walk;
  double low = 0, high = 0;
  scull_dtype_t to = scull_ops_has_input(call, 2) ? call->inputs[2].type.dtype : attrs->to;
  SCULL_TRY(scull_ops_quantize_walk(call, &walk));
  if (!scull_tensor_dtype_is_float(call->inputs[0].type.dtype) &&
      call->inputs[0].type.dtype != SCULL_DTYPE_I32)
    return scull_ops_fail(call, "x is %s", scull_tensor_dtype_name(call->inputs[0].type.dtype));
  if (!range_of(to, &low, &high))
    return scull_ops_fail(call, "to %s", scull_tensor_dtype_name(to));
  call->outputs[0].type = (scull_type_t){to, call->inputs[0].type.shape};
  return SCULL_OK;
}

/* The division is one of f32, as everywhere, so that halves fall alike. */
static double quantize(double x, double scale, double zero, double low, double high) {
  double y = (double)rintf((float)x / (float)scale) + zero;
  if (isnan(y))
    return zero;
  return y < low ? low : y > high ? high : y;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *scale = &call->inputs[1], *zero = &call->inputs[2];
  const scull_tensor_t *y = &call->outputs[0];
  bool shifted = scull_ops_has_input(call, 2);
  scull_quantize_walk_t walk;
  double low = 0, high = 0;
  SCULL_TRY(scull_ops_quantize_walk(call, &walk));
  (void)range_of(y->type.dtype, &low, &high);
  int64_t count = scull_tensor_count(&x->type.shape);
  for (int64_t i = 0; i < count; i++) {
    int64_t k = scull_ops_quantize_scale(&walk, i);
    double z = shifted ? scull_tensor_load(zero->data, zero->type.dtype, k) : 0;
    double s = scull_tensor_load(scale->data, scale->type.dtype, k);
    scull_tensor_store(y->data, y->type.dtype, i,
                       quantize(scull_tensor_load(x->data, x->type.dtype, i), s, z, low, high));
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_quantize_linear = {.name = "quantize_linear",
                                                   .inputs_min = 2,
                                                   .inputs_max = 3,
                                                   .outputs_min = 1,
                                                   .outputs_max = 1,
                                                   .attrs =
                                                       SCULL_SCHEMA(scull_quantize_attrs_t, fields),
                                                   .infer = infer,
                                                   .reference = reference};
