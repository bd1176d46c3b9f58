/* range: start, end, step (one element each, of one type) -> [n] = start, start + step, ... up to
 * and without end; nothing when step leads away from it. The number of elements is rounded as
 * Paddle does: in f32 for f32. */
#include <math.h>

#include "ops/box.h"

enum { START, END, STEP };
enum { GUESS = 16 }; /* elements where the ends are computed in a run: no bound is known */

static scull_status_t check_operands(const scull_op_call_t *call) {
  const char *const names[] = {"start", "end", "step"};
  scull_dtype_t dtype = call->inputs[START].type.dtype;
  for (int i = START; i <= STEP; i++) {
    const scull_tensor_t *x = &call->inputs[i];
    if (x->type.dtype != dtype || dtype == SCULL_DTYPE_BOOL || dtype == SCULL_DTYPE_U64)
      return scull_ops_fail(call, "%s is %s", names[i], scull_tensor_dtype_name(x->type.dtype));
    if (scull_tensor_count(&x->type.shape) != 1)
      return scull_ops_fail(call, "%s must have one element", names[i]);
    if (x->data == NULL && call->open == NULL)
      return scull_ops_fail(call, "%s is computed from data, so the length is not known beforehand",
                            names[i]);
  }
  return SCULL_OK;
}

static double real_at(const scull_op_call_t *call, int i) {
  return scull_tensor_load(call->inputs[i].data, call->inputs[i].type.dtype, 0);
}

static int64_t whole_at(const scull_op_call_t *call, int i) {
  return scull_tensor_load_i64(call->inputs[i].data, call->inputs[i].type.dtype, 0);
}

/* -1 when there is no length. */
static int64_t count_reals(const scull_op_call_t *call) {
  double span = real_at(call, END) - real_at(call, START), count = span / real_at(call, STEP);
  if (call->inputs[START].type.dtype == SCULL_DTYPE_F32)
    count = (double)((float)span / (float)real_at(call, STEP));
  if (!isfinite(count) || count > 0x1p62)
    return -1;
  return count <= 0 ? 0 : (int64_t)ceil(count);
}

static int64_t count_wholes(const scull_op_call_t *call) {
  int64_t start = whole_at(call, START), end = whole_at(call, END), step = whole_at(call, STEP);
  if (step == 0)
    return -1;
  if (step > 0 ? end <= start : end >= start)
    return 0;
  uint64_t span = step > 0 ? (uint64_t)end - (uint64_t)start : (uint64_t)start - (uint64_t)end;
  uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
  uint64_t count = (span - 1) / stride + 1;
  return count > INT64_MAX ? -1 : (int64_t)count;
}

static scull_status_t infer(const scull_op_call_t *call) {
  SCULL_TRY(check_operands(call));
  scull_dtype_t dtype = call->inputs[START].type.dtype;
  for (size_t i = START; i <= STEP; i++) {
    if (!scull_ops_must_guess(call, i))
      continue;
    call->outputs[0].type = (scull_type_t){dtype, {.rank = 1, .dim = {GUESS}}};
    scull_ops_open(call, 0, 0);
    return SCULL_OK;
  }
  int64_t count = scull_tensor_dtype_is_float(dtype) ? count_reals(call) : count_wholes(call);
  if (count < 0)
    return scull_ops_fail(call, "from %g to %g by %g has no length", real_at(call, START),
                          real_at(call, END), real_at(call, STEP));
  call->outputs[0].type = (scull_type_t){dtype, {.rank = 1, .dim = {count}}};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *y = &call->outputs[0];
  bool is_real = scull_tensor_dtype_is_float(y->type.dtype);
  double first = real_at(call, START), by = real_at(call, STEP);
  uint64_t start = (uint64_t)whole_at(call, START), step = (uint64_t)whole_at(call, STEP);
  for (int64_t i = 0; i < y->type.shape.dim[0]; i++) {
    if (is_real)
      scull_tensor_store(y->data, y->type.dtype, i, first + (double)i * by);
    else
      scull_tensor_store_i64(y->data, y->type.dtype, i, (int64_t)(start + (uint64_t)i * step));
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_range = {.name = "range",
                                         .inputs_min = 3,
                                         .inputs_max = 3,
                                         .outputs_min = 1,
                                         .outputs_max = 1,
                                         .value_inputs = 7u << 0,
                                         .infer = infer,
                                         .reference = reference};
