/* What quantize_linear and dequantize_linear share: scales of one element, of one an index of an
 * axis, or of one a block of neighbours. */
#include "ops/quantize.h"

#include "ops/lines.h"

static scull_status_t misfit(const scull_op_call_t *call) {
  char x[128], scale[128];
  return scull_ops_fail(call, "a scale %s for %s",
                        scull_tensor_type_text(&call->inputs[1].type, scale, sizeof scale),
                        scull_tensor_type_text(&call->inputs[0].type, x, sizeof x));
}

/* Scales of a block each: x's shape, but for the axis. */
static scull_status_t walk_blocks(const scull_op_call_t *call, int32_t axis,
                                  scull_quantize_walk_t *out) {
  const scull_quantize_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape, *scale = &call->inputs[1].type.shape;
  scull_shape_t want = *x;
  int64_t size = attrs->block > out->extent ? out->extent : attrs->block;
  out->block = size < 1 ? 1 : size;
  out->blocks = (out->extent + out->block - 1) / out->block;
  out->per_inner = true;
  want.dim[axis] = out->blocks;
  return scull_tensor_shape_equal(&want, scale) ? SCULL_OK : misfit(call);
}

scull_status_t scull_ops_quantize_walk(const scull_op_call_t *call, scull_quantize_walk_t *out) {
  const scull_quantize_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape, *scale = &call->inputs[1].type.shape;
  scull_lines_t lines;
  *out = (scull_quantize_walk_t){.extent = 1, .inner = 1, .block = 1, .blocks = 1};
  if (!scull_tensor_dtype_is_float(call->inputs[1].type.dtype))
    return scull_ops_fail(call, "the scale must be of floats");
  if (scull_ops_has_input(call, 2) &&
      !scull_tensor_shape_equal(&call->inputs[2].type.shape, scale) &&
      (scull_tensor_count(&call->inputs[2].type.shape) != 1 || scull_tensor_count(scale) != 1))
    return scull_ops_fail(call, "scale and zero point differ in shape");
  out->one = scale->rank <= 1 && scull_tensor_count(scale) == 1 && attrs->block <= 0;
  if (out->one)
    return SCULL_OK;
  SCULL_TRY(scull_ops_lines(call, x, attrs->axis, &lines));
  out->extent = lines.extent < 1 ? 1 : lines.extent;
  out->inner = lines.inner < 1 ? 1 : lines.inner;
  if (attrs->block > 0)
    return walk_blocks(call, lines.axis, out);
  return scale->rank == 1 && scale->dim[0] == lines.extent ? SCULL_OK : misfit(call);
}
