/* sequence_erase: a sequence, position (optional: the last) -> the sequence without that element.
 */
#include "ops/sequences.h"

static scull_status_t infer(const scull_op_call_t *call) {
  SCULL_TRY(scull_ops_sequence_position_check(call, 1));
  return scull_ops_sequence_infer(call, SIZE_MAX);
}

static scull_status_t reference(const scull_op_call_t *call) {
  scull_sequence_t *y = NULL;
  size_t at = 0;
  SCULL_TRY(scull_ops_sequence_begin(call, &y));
  SCULL_TRY(scull_ops_sequence_position(call, 1, y, -1, y->count, &at));
  scull_tensor_sequence_erase(y, at);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_erase = {.name = "sequence_erase",
                                                  .inputs_min = 1,
                                                  .inputs_max = 2,
                                                  .outputs_min = 1,
                                                  .outputs_max = 1,
                                                  .traits = SCULL_OP_SEQUENCES,
                                                  .infer = infer,
                                                  .reference = reference};
