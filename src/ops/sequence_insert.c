/* sequence_insert: a sequence, a tensor, position (optional: the end) -> the sequence with the
 * tensor before the element that is there. */
#include "ops/sequences.h"

static scull_status_t infer(const scull_op_call_t *call) {
  SCULL_TRY(scull_ops_sequence_position_check(call, 2));
  return scull_ops_sequence_infer(call, 1);
}

static scull_status_t reference(const scull_op_call_t *call) {
  scull_sequence_t *y = NULL;
  size_t at = 0;
  SCULL_TRY(scull_ops_sequence_begin(call, &y));
  SCULL_TRY(scull_ops_sequence_position(call, 2, y, (int64_t)y->count, y->count + 1, &at));
  return scull_ops_sequence_end(call, scull_tensor_sequence_insert(y, at, &call->inputs[1]));
}

const scull_opdef_t scull_opdef_sequence_insert = {.name = "sequence_insert",
                                                   .inputs_min = 2,
                                                   .inputs_max = 3,
                                                   .outputs_min = 1,
                                                   .outputs_max = 1,
                                                   .traits = SCULL_OP_SEQUENCES,
                                                   .infer = infer,
                                                   .reference = reference};
