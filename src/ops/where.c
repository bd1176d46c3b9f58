/* where: x where cond is true, else y; the three broadcast. Copies bytes, any dtype. */
#include <string.h>

#include "ops/broadcast.h"
#include "ops/shape_rules.h"

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_type_t *cond = &call->inputs[0].type, *x = &call->inputs[1].type;
  const scull_type_t *y = &call->inputs[2].type;
  scull_type_t *out = &call->outputs[0].type;
  if (cond->dtype != SCULL_DTYPE_BOOL || x->dtype != y->dtype)
    return scull_ops_fail(call, "inputs are %s, %s and %s", scull_tensor_dtype_name(cond->dtype),
                          scull_tensor_dtype_name(x->dtype), scull_tensor_dtype_name(y->dtype));
  out->dtype = x->dtype;
  if (!scull_ops_fit(call, 6, &x->shape, &y->shape, &out->shape) ||
      !scull_ops_fit(call, 7, &cond->shape, &out->shape, &out->shape))
    return scull_ops_fail(call, "the shapes do not broadcast");
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *y = &call->outputs[0];
  const uint8_t *cond = call->inputs[0].data;
  size_t size = scull_tensor_dtype_size(y->type.dtype);
  scull_broadcast_t row = scull_ops_broadcast(call->inputs, 3, &y->type.shape);
  while (scull_ops_broadcast_next(&row)) {
    for (int64_t i = 0; i < row.count; i++) {
      size_t from = cond[row.at[0] + i * row.step[0]] != 0 ? 1 : 2;
      int64_t at = row.at[from] + i * row.step[from];
      memcpy((char *)y->data + (size_t)(row.out + i) * size,
             (const char *)call->inputs[from].data + (size_t)at * size, size);
    }
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_where = {.name = "where",
                                         .inputs_min = 3,
                                         .inputs_max = 3,
                                         .outputs_min = 1,
                                         .outputs_max = 1,
                                         .traits = SCULL_OP_MOVES_DATA,
                                         .infer = infer,
                                         .reference = reference};
