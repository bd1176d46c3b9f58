/* The loops of element-wise operators of two inputs. */
#include "ops/binary.h"

#include "ops/broadcast.h"

static void row_f32(const scull_op_call_t *call, const scull_broadcast_t *row,
                    double (*real)(double a, double b)) {
  const float *a = (const float *)call->inputs[0].data + row->at[0];
  const float *b = (const float *)call->inputs[1].data + row->at[1];
  float *y = (float *)call->outputs[0].data + row->out;
  for (int64_t i = 0; i < row->count; i++)
    y[i] = (float)real((double)a[i * row->step[0]], (double)b[i * row->step[1]]);
}

static void row_real(const scull_op_call_t *call, const scull_broadcast_t *row,
                     double (*real)(double a, double b)) {
  const scull_tensor_t *a = &call->inputs[0], *b = &call->inputs[1], *y = &call->outputs[0];
  for (int64_t i = 0; i < row->count; i++) {
    double left = scull_tensor_load(a->data, a->type.dtype, row->at[0] + i * row->step[0]);
    double right = scull_tensor_load(b->data, b->type.dtype, row->at[1] + i * row->step[1]);
    scull_tensor_store(y->data, y->type.dtype, row->out + i, real(left, right));
  }
}

static void row_whole(const scull_op_call_t *call, const scull_broadcast_t *row,
                      int64_t (*whole)(int64_t a, int64_t b, bool *fits), bool *fits) {
  const scull_tensor_t *a = &call->inputs[0], *b = &call->inputs[1], *y = &call->outputs[0];
  for (int64_t i = 0; i < row->count; i++) {
    int64_t left = scull_tensor_load_i64(a->data, a->type.dtype, row->at[0] + i * row->step[0]);
    int64_t right = scull_tensor_load_i64(b->data, b->type.dtype, row->at[1] + i * row->step[1]);
    scull_tensor_store_i64(y->data, y->type.dtype, row->out + i, whole(left, right, fits));
  }
}

scull_status_t scull_ops_binary(const scull_op_call_t *call, scull_binary_body_t body) {
  scull_dtype_t from = call->inputs[0].type.dtype, to = call->outputs[0].type.dtype;
  bool fits = true, is_whole = body.whole != NULL && !scull_tensor_dtype_is_float(from);
  scull_broadcast_t row = scull_ops_broadcast(call->inputs, 2, &call->outputs[0].type.shape);
  while (scull_ops_broadcast_next(&row)) {
    if (is_whole)
      row_whole(call, &row, body.whole, &fits);
    else if (from == SCULL_DTYPE_F32 && to == SCULL_DTYPE_F32)
      row_f32(call, &row, body.real);
    else
      row_real(call, &row, body.real);
  }
  return fits ? SCULL_OK : scull_ops_fail(call, "an integer division by zero");
}
