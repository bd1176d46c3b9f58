/* sequence_flip: x [R,...], offsets [N+1] -> the rows of each sequence in reverse order; rows of no
 * sequence stay. */
#include <string.h>

#include "ops/box.h"
#include "ops/rows_of.h"
#include "ops/shape_rules.h"

static scull_status_t infer(const scull_op_call_t *call) {
  SCULL_TRY(scull_ops_rows_check(call, 1));
  return scull_ops_infer_same(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t size = scull_ops_row_size(&x->type.shape);
  size_t bytes = (size_t)size * scull_tensor_dtype_size(x->type.dtype);
  SCULL_TRY(scull_ops_reference_view(call));
  for (int64_t n = 0; n < scull_ops_rows_count(call, 1); n++) {
    int64_t begin = 0, end = 0;
    SCULL_TRY(scull_ops_rows_of(call, 1, n, x->type.shape.dim[0], &begin, &end));
    for (int64_t r = begin; r < end && bytes > 0; r++)
      memcpy(scull_ops_element(y, r * size), scull_ops_element(x, (begin + end - 1 - r) * size),
             bytes);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_flip = {.name = "sequence_flip",
                                                 .inputs_min = 2,
                                                 .inputs_max = 2,
                                                 .outputs_min = 1,
                                                 .outputs_max = 1,
                                                 .traits = SCULL_OP_MOVES_DATA,
                                                 .infer = infer,
                                                 .reference = reference,
                                                 .flops = scull_ops_flops_none};
