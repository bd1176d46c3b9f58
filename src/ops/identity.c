/* identity: a copy of x, any dtype, sequences included. */
#include <string.h>

#include "ops/shape_rules.h"
#include "tensor/sequence.h"

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0];
  size_t bytes = scull_tensor_bytes(&x->type);
  if (scull_tensor_dtype_is_sequence(x->type.dtype))
    return scull_tensor_sequence_copy(call->outputs[0].data, x->data) == SCULL_OK
               ? SCULL_OK
               : scull_base_fail_memory(call->diag, "a sequence");
  if (bytes > 0 && call->outputs[0].data != x->data)
    memcpy(call->outputs[0].data, x->data, bytes);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_identity = {.name = "identity",
                                            .inputs_min = 1,
                                            .inputs_max = 1,
                                            .outputs_min = 1,
                                            .outputs_max = 1,
                                            .traits = SCULL_OP_UNARY | SCULL_OP_VIEW |
                                                      SCULL_OP_SEQUENCES | SCULL_OP_MOVES_DATA,
                                            .infer = scull_ops_infer_same,
                                            .reference = reference};
