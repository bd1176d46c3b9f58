/* sequence_length: a sequence -> how many elements it has, an i64 scalar. */
#include "ops/sequences.h"

static scull_status_t infer(const scull_op_call_t *call) {
  call->outputs[0].type = (scull_type_t){.dtype = SCULL_DTYPE_I64};
  return scull_ops_sequence_check(call, 0);
}

static scull_status_t reference(const scull_op_call_t *call) {
  *(int64_t *)call->outputs[0].data = (int64_t)scull_ops_sequence(call, 0)->count;
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_length = {.name = "sequence_length",
                                                   .inputs_min = 1,
                                                   .inputs_max = 1,
                                                   .outputs_min = 1,
                                                   .outputs_max = 1,
                                                   .traits = SCULL_OP_SEQUENCES,
                                                   .infer = infer,
                                                   .reference = reference};
