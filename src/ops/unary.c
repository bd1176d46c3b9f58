/* The loop of element-wise operators of one input. */
#include "ops/unary.h"

scull_status_t scull_ops_unary(const scull_op_call_t *call, scull_unary_fn_t fn) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t count = scull_tensor_count(&x->type.shape);
  if (x->type.dtype == SCULL_DTYPE_F32) {
    const float *src = x->data;
    float *dst = y->data;
    for (int64_t i = 0; i < count; i++)
      dst[i] = (float)fn((double)src[i], call->attrs);
    return SCULL_OK;
  }
  for (int64_t i = 0; i < count; i++) {
    double v = scull_tensor_load(x->data, x->type.dtype, i);
    scull_tensor_store(y->data, y->type.dtype, i, fn(v, call->attrs));
  }
  return SCULL_OK;
}
