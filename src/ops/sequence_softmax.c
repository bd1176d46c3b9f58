/* sequence_softmax: x [R] or [R,1], offsets [N+1] -> the softmax within each sequence of rows; rows
 * of no sequence become 0. */
#include <math.h>
#include <string.h>

#include "ops/rows_of.h"
#include "ops/shape_rules.h"

static scull_status_t infer(const scull_op_call_t *call) {
  SCULL_TRY(scull_ops_rows_check(call, 1));
  if (scull_ops_row_size(&call->inputs[0].type.shape) != 1)
    return scull_ops_fail(call, "a row must have one element");
  return scull_ops_infer_float(call);
}

static void softmax(const scull_tensor_t *x, const scull_tensor_t *y, int64_t begin, int64_t end) {
  double most = -HUGE_VAL, sum = 0;
  for (int64_t r = begin; r < end; r++)
    most = fmax(most, scull_tensor_load(x->data, x->type.dtype, r));
  for (int64_t r = begin; r < end; r++)
    sum += exp(scull_tensor_load(x->data, x->type.dtype, r) - most);
  for (int64_t r = begin; r < end; r++)
    scull_tensor_store(y->data, y->type.dtype, r,
                       exp(scull_tensor_load(x->data, x->type.dtype, r) - most) / sum);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  if (scull_tensor_bytes(&y->type) > 0)
    memset(y->data, 0, scull_tensor_bytes(&y->type));
  for (int64_t n = 0; n < scull_ops_rows_count(call, 1); n++) {
    int64_t begin = 0, end = 0;
    SCULL_TRY(scull_ops_rows_of(call, 1, n, x->type.shape.dim[0], &begin, &end));
    softmax(x, y, begin, end);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_softmax = {.name = "sequence_softmax",
                                                    .inputs_min = 2,
                                                    .inputs_max = 2,
                                                    .outputs_min = 1,
                                                    .outputs_max = 1,
                                                    .infer = infer,
                                                    .reference = reference};
