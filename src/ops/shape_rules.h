/* Shape rules that several operators share. Private to ops/. */
#ifndef SCULL_OPS_SHAPE_RULES_H
#define SCULL_OPS_SHAPE_RULES_H

#include "ops/opdef.h"

/* outputs[0] has the type of inputs[0]. */
scull_status_t scull_ops_infer_same(const scull_op_call_t *call) SCULL_MUST_USE;

/* The same for operators that take numbers only (no BOOL), floats only, BOOL only. */
scull_status_t scull_ops_infer_number(const scull_op_call_t *call) SCULL_MUST_USE;
scull_status_t scull_ops_infer_float(const scull_op_call_t *call) SCULL_MUST_USE;
scull_status_t scull_ops_infer_bool(const scull_op_call_t *call) SCULL_MUST_USE;

/* The shape of a and b broadcast; where extents of one of `inputs` (a mask) are guesses, what does
 * not fit is a guess, too. False when they do not broadcast. */
bool scull_ops_fit(const scull_op_call_t *call, uint32_t inputs, const scull_shape_t *a,
                   const scull_shape_t *b, scull_shape_t *out);

/* outputs[0]: the broadcast of inputs 0 and 1, whose dtypes must agree. */
scull_status_t scull_ops_infer_broadcast(const scull_op_call_t *call) SCULL_MUST_USE;

/* As above, for numbers only. */
scull_status_t scull_ops_infer_arithmetic(const scull_op_call_t *call) SCULL_MUST_USE;

/* As above, but of dtype BOOL (comparisons); and for BOOL operands only (logic). */
scull_status_t scull_ops_infer_compare(const scull_op_call_t *call) SCULL_MUST_USE;
scull_status_t scull_ops_infer_logic(const scull_op_call_t *call) SCULL_MUST_USE;

/* Fails unless inputs 0 to count - 1 that are present have one float type. */
scull_status_t scull_ops_check_floats(const scull_op_call_t *call, size_t count) SCULL_MUST_USE;

/* Fails unless input `index` is absent or a list of `size` elements. */
scull_status_t scull_ops_check_list(const scull_op_call_t *call, size_t index, const char *name,
                                    int64_t size) SCULL_MUST_USE;

/* How a window slides over one spatial axis. Sizes in elements, after `auto_pad` was resolved. */
typedef struct scull_window {
  int64_t in, out, kernel, stride, dilation, pad_begin, pad_end;
} scull_window_t;

enum { SCULL_AUTO_PAD_EXPLICIT = 0, SCULL_AUTO_PAD_SAME = 1, SCULL_AUTO_PAD_VALID = 2 };
extern const char *const scull_ops_auto_pad_names[];

/* The first half of the next function: reads the lists of axis `axis` and checks their ranges,
 * `in` and `kernel` too; leaves `out`. */
scull_status_t scull_ops_window_read(const scull_op_call_t *call, int32_t axis, int32_t spatial,
                                     scull_ints_t strides, scull_ints_t pads,
                                     scull_ints_t dilations, scull_window_t *w) SCULL_MUST_USE;

/* Sets what `auto_pad` asks for, from the window's `in`. */
void scull_ops_window_auto_pad(scull_window_t *w, int32_t auto_pad);

/* Window of spatial axis `axis` of `spatial`. Lists may be empty (stride 1, dilation 1, no padding)
 * or hold `spatial` items; pads also 2 * spatial (all begins, then all ends). SAME pads so that
 * out = ceil(in / stride), the odd element at the end, dilation 1 (Paddle's rule); VALID does not
 * pad. out = floor((in + pads - dilation * (kernel - 1) - 1) / stride) + 1, or its ceiling. Fails
 * when the window does not fit or a list is of the wrong length. */
scull_status_t scull_ops_window(const scull_op_call_t *call, int32_t axis, int32_t spatial,
                                int64_t in, int64_t kernel, scull_ints_t strides, scull_ints_t pads,
                                scull_ints_t dilations, int32_t auto_pad, bool ceil_mode,
                                scull_window_t *out) SCULL_MUST_USE;

#endif
