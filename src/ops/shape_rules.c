/* Shape rules that several operators share. */
#include "ops/shape_rules.h"

scull_status_t scull_ops_infer_same(const scull_op_call_t *call) {
  call->outputs[0].type = call->inputs[0].type;
  return SCULL_OK;
}

static scull_status_t infer_if(const scull_op_call_t *call, bool fits, const char *wanted) {
  if (!fits)
    return scull_ops_fail(call, "x is %s where %s is wanted",
                          scull_tensor_dtype_name(call->inputs[0].type.dtype), wanted);
  return scull_ops_infer_same(call);
}

scull_status_t scull_ops_infer_number(const scull_op_call_t *call) {
  return infer_if(call, call->inputs[0].type.dtype != SCULL_DTYPE_BOOL, "a number");
}

scull_status_t scull_ops_infer_float(const scull_op_call_t *call) {
  return infer_if(call, scull_tensor_dtype_is_float(call->inputs[0].type.dtype), "a float type");
}

scull_status_t scull_ops_infer_bool(const scull_op_call_t *call) {
  return infer_if(call, call->inputs[0].type.dtype == SCULL_DTYPE_BOOL, "bool");
}

bool scull_ops_fit(const scull_op_call_t *call, uint32_t inputs, const scull_shape_t *a,
                   const scull_shape_t *b, scull_shape_t *out) {
  if (scull_tensor_shape_broadcast(a, b, out))
    return true;
  if ((call->guessed & inputs) == 0)
    return false;
  /* what a guess makes of it is another guess: the smaller */
  scull_shape_t y = {.rank = a->rank > b->rank ? a->rank : b->rank};
  for (int32_t i = 0; i < y.rank; i++) {
    int32_t p = i - (y.rank - a->rank), q = i - (y.rank - b->rank);
    int64_t m = p < 0 ? 1 : a->dim[p], n = q < 0 ? 1 : b->dim[q];
    y.dim[i] = m == 1 ? n : n == 1 || m < n ? m : n;
    if (m != n && m != 1 && n != 1)
      scull_ops_open(call, 0, i);
  }
  *out = y;
  return true;
}

scull_status_t scull_ops_infer_broadcast(const scull_op_call_t *call) {
  const scull_type_t *a = &call->inputs[0].type, *b = &call->inputs[1].type;
  if (a->dtype != b->dtype)
    return scull_ops_fail(call, "operands are %s and %s", scull_tensor_dtype_name(a->dtype),
                          scull_tensor_dtype_name(b->dtype));
  call->outputs[0].type.dtype = a->dtype;
  if (!scull_ops_fit(call, 3, &a->shape, &b->shape, &call->outputs[0].type.shape)) {
    char left[128], right[128];
    return scull_ops_fail(call, "%s and %s do not broadcast",
                          scull_tensor_type_text(a, left, sizeof left),
                          scull_tensor_type_text(b, right, sizeof right));
  }
  return SCULL_OK;
}

scull_status_t scull_ops_infer_arithmetic(const scull_op_call_t *call) {
  SCULL_TRY(scull_ops_infer_number(call));
  return scull_ops_infer_broadcast(call);
}

scull_status_t scull_ops_infer_compare(const scull_op_call_t *call) {
  SCULL_TRY(scull_ops_infer_broadcast(call));
  call->outputs[0].type.dtype = SCULL_DTYPE_BOOL;
  return SCULL_OK;
}

scull_status_t scull_ops_infer_logic(const scull_op_call_t *call) {
  SCULL_TRY(scull_ops_infer_bool(call));
  return scull_ops_infer_broadcast(call);
}

scull_status_t scull_ops_check_floats(const scull_op_call_t *call, size_t count) {
  scull_dtype_t first = call->inputs[0].type.dtype;
  for (size_t i = 0; i < count; i++) {
    scull_dtype_t dtype = call->inputs[i < call->input_count ? i : 0].type.dtype;
    if (!scull_tensor_dtype_is_float(first) || (dtype != first && dtype != SCULL_DTYPE_NONE))
      return scull_ops_fail(call, "inputs 0 and %zu are %s and %s where one float type is wanted",
                            i, scull_tensor_dtype_name(first), scull_tensor_dtype_name(dtype));
  }
  return SCULL_OK;
}

scull_status_t scull_ops_check_list(const scull_op_call_t *call, size_t index, const char *name,
                                    int64_t size) {
  if (!scull_ops_has_input(call, index))
    return SCULL_OK;
  const scull_shape_t *shape = &call->inputs[index].type.shape;
  /* a run tells; bytes that are guessed are read, and must be there */
  bool guessed =
      index < 32 && (call->guessed >> index & 1) != 0 && call->inputs[index].data == NULL;
  if (shape->rank != 1 || (shape->dim[0] != size && !guessed))
    return scull_ops_fail(call, "%s must be a list of %lld elements", name, (long long)size);
  return SCULL_OK;
}

const char *const scull_ops_auto_pad_names[] = {"explicit", "same", "valid", NULL};

/* Of kernels, strides, pads; and of a picture: they keep the arithmetic below exact. */
enum { MAX_EXTENT = 1 << 30 };
static const int64_t max_in = (int64_t)1 << 60;

static bool pick(scull_ints_t list, int32_t spatial, int32_t axis, int64_t initial, int64_t *out) {
  *out = list.size == 0 ? initial : list.size == (size_t)spatial ? list.data[axis] : -1;
  return list.size == 0 || (list.size == (size_t)spatial && *out <= MAX_EXTENT);
}

scull_status_t scull_ops_window_read(const scull_op_call_t *call, int32_t axis, int32_t spatial,
                                     scull_ints_t strides, scull_ints_t pads,
                                     scull_ints_t dilations, scull_window_t *w) {
  bool both = pads.size == 2 * (size_t)spatial;
  scull_ints_t ends = {both ? pads.data + spatial : pads.data, both ? (size_t)spatial : pads.size};
  scull_ints_t begins = {pads.data, both ? (size_t)spatial : pads.size};
  if (!pick(strides, spatial, axis, 1, &w->stride) || w->stride < 1)
    return scull_ops_fail(call, "strides: %d positive numbers are wanted", spatial);
  if (!pick(dilations, spatial, axis, 1, &w->dilation) || w->dilation < 1)
    return scull_ops_fail(call, "dilations: %d positive numbers are wanted", spatial);
  if (!pick(begins, spatial, axis, 0, &w->pad_begin) ||
      !pick(ends, spatial, axis, 0, &w->pad_end) || w->pad_begin < -MAX_EXTENT ||
      w->pad_end < -MAX_EXTENT)
    return scull_ops_fail(call, "pads: %d or %d numbers are wanted", spatial, 2 * spatial);
  if (w->kernel < 1 || w->kernel > MAX_EXTENT || w->in < 0 || w->in > max_in)
    return scull_ops_fail(call, "window of %lld over %lld elements", (long long)w->kernel,
                          (long long)w->in);
  return SCULL_OK;
}

void scull_ops_window_auto_pad(scull_window_t *w, int32_t auto_pad) {
  if (auto_pad == SCULL_AUTO_PAD_SAME) {
    int64_t out = (w->in + w->stride - 1) / w->stride;
    int64_t sum = (out - 1) * w->stride + w->kernel - w->in;
    sum = sum < 0 ? 0 : sum;
    w->dilation = 1;
    w->pad_begin = sum / 2;
    w->pad_end = sum - w->pad_begin;
  } else if (auto_pad == SCULL_AUTO_PAD_VALID) {
    w->pad_begin = w->pad_end = 0;
  }
}

scull_status_t scull_ops_window(const scull_op_call_t *call, int32_t axis, int32_t spatial,
                                int64_t in, int64_t kernel, scull_ints_t strides, scull_ints_t pads,
                                scull_ints_t dilations, int32_t auto_pad, bool ceil_mode,
                                scull_window_t *out) {
  scull_window_t w = {.in = in, .kernel = kernel};
  SCULL_TRY(scull_ops_window_read(call, axis, spatial, strides, pads, dilations, &w));
  scull_ops_window_auto_pad(&w, auto_pad);
  int64_t room = in + w.pad_begin + w.pad_end - (w.dilation * (kernel - 1) + 1);
  if (room < 0)
    return scull_ops_fail(call, "a window of %lld (dilation %lld) does not fit into %lld + %lld",
                          (long long)kernel, (long long)w.dilation, (long long)in,
                          (long long)w.pad_begin + (long long)w.pad_end);
  w.out = (room + (ceil_mode ? w.stride - 1 : 0)) / w.stride + 1;
  *out = w;
  return SCULL_OK;
}
