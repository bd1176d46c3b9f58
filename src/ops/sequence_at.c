/* sequence_at: a sequence, position (one integer) -> a copy of the element there. */
#include <string.h>

#include "ops/sequences.h"

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_type_t *x = &call->inputs[0].type;
  scull_type_t *y = &call->outputs[0].type;
  const scull_sequence_t *sequence = scull_ops_sequence(call, 0);
  size_t at = 0;
  SCULL_TRY(scull_ops_sequence_check(call, 0));
  SCULL_TRY(scull_ops_sequence_position_check(call, 1));
  *y = (scull_type_t){scull_tensor_dtype_element(x->dtype), x->shape};
  if (sequence == NULL || call->inputs[1].data == NULL) {
    for (int32_t i = 0; i < y->shape.rank; i++)
      scull_ops_open(call, 0, i);
    return SCULL_OK;
  }
  SCULL_TRY(scull_ops_sequence_position(call, 1, sequence, 0, sequence->count, &at));
  y->shape = sequence->items[at].type.shape;
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_sequence_t *sequence = scull_ops_sequence(call, 0);
  size_t at = 0;
  SCULL_TRY(scull_ops_sequence_position(call, 1, sequence, 0, sequence->count, &at));
  size_t bytes = scull_tensor_bytes(&call->outputs[0].type);
  if (bytes != scull_tensor_bytes(&sequence->items[at].type))
    return scull_ops_fail(call, "the element is not the one that the shape was inferred from");
  if (bytes > 0)
    memcpy(call->outputs[0].data, sequence->items[at].data, bytes);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_at = {.name = "sequence_at",
                                               .inputs_min = 2,
                                               .inputs_max = 2,
                                               .outputs_min = 1,
                                               .outputs_max = 1,
                                               .traits = SCULL_OP_SEQUENCES,
                                               .value_inputs = 3u << 0,
                                               .infer = infer,
                                               .reference = reference};
