/* im2col: x [N,C,H,W] -> [N,C*kh*kw,oh*ow], the window of a convolution at every place as a column,
 * zeros in the padding. */
#include "ops/im2col.h"

#include <string.h>

#include "ops/box.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_im2col_attrs_t, INTS, kernel, ""),
    SCULL_FIELD(scull_im2col_attrs_t, INTS, strides, ""),
    SCULL_FIELD(scull_im2col_attrs_t, INTS, pads, ""),
    SCULL_FIELD(scull_im2col_attrs_t, INTS, dilations, ""),
};

static scull_status_t windows_of(const scull_op_call_t *call, scull_window_t w[2]) {
  const scull_im2col_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank != 4 || attrs->kernel.size != 2)
    return scull_ops_fail(call, "x must be [N,C,H,W], and the kernel two numbers");
  for (int32_t i = 0; i < 2; i++)
    SCULL_TRY(scull_ops_window(call, i, 2, x->dim[2 + i], attrs->kernel.data[i], attrs->strides,
                               attrs->pads, attrs->dilations, SCULL_AUTO_PAD_EXPLICIT, false,
                               &w[i]));
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape;
  scull_window_t w[2];
  SCULL_TRY(windows_of(call, w));
  scull_type_t windows = {call->inputs[0].type.dtype,
                          {5, {x->dim[0], x->dim[1], w[0].kernel, w[1].kernel, w[0].out}}};
  size_t bytes = 0;
  if (!scull_tensor_type_bytes(&windows, &bytes)) /* products below are then exact */
    return scull_ops_fail(call, "too many windows");
  call->outputs[0].type = (scull_type_t){
      windows.dtype, {3, {x->dim[0], x->dim[1] * w[0].kernel * w[1].kernel, w[0].out * w[1].out}}};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  size_t size = scull_tensor_dtype_size(x->type.dtype);
  scull_window_t w[2];
  SCULL_TRY(windows_of(call, w));
  int64_t taps = w[0].kernel * w[1].kernel, places = w[0].out * w[1].out;
  for (int64_t i = 0, count = scull_tensor_count(&y->type.shape); i < count; i++) {
    int64_t place = i % places, tap = i / places % taps, plane = i / places / taps;
    int64_t row =
        place / w[1].out * w[0].stride - w[0].pad_begin + tap / w[1].kernel * w[0].dilation;
    int64_t column =
        place % w[1].out * w[1].stride - w[1].pad_begin + tap % w[1].kernel * w[1].dilation;
    if (row < 0 || column < 0 || row >= w[0].in || column >= w[1].in)
      memset(scull_ops_element(y, i), 0, size);
    else
      memcpy(scull_ops_element(y, i),
             scull_ops_element(x, (plane * w[0].in + row) * w[1].in + column), size);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_im2col = {.name = "im2col",
                                          .inputs_min = 1,
                                          .inputs_max = 1,
                                          .outputs_min = 1,
                                          .outputs_max = 1,
                                          .traits = SCULL_OP_MOVES_DATA,
                                          .attrs = SCULL_SCHEMA(scull_im2col_attrs_t, fields),
                                          .infer = infer,
                                          .reference = reference,
                                          .flops = scull_ops_flops_none};
