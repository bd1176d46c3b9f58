/* What operators on sequences share. */
#include "ops/sequences.h"

const scull_sequence_t *scull_ops_sequence(const scull_op_call_t *call, size_t index) {
  return call->inputs[index].data;
}

scull_status_t scull_ops_sequence_check(const scull_op_call_t *call, size_t index) {
  scull_dtype_t dtype = call->inputs[index].type.dtype;
  if (scull_tensor_dtype_is_sequence(dtype))
    return SCULL_OK;
  return scull_ops_fail(call, "input %zu is %s, a sequence is wanted", index,
                        scull_tensor_dtype_name(dtype));
}

scull_status_t scull_ops_sequence_infer(const scull_op_call_t *call, size_t add) {
  const scull_type_t *x = &call->inputs[0].type;
  scull_type_t *y = &call->outputs[0].type;
  SCULL_TRY(scull_ops_sequence_check(call, 0));
  *y = *x;
  if (add == SIZE_MAX)
    return SCULL_OK;
  const scull_type_t *item = &call->inputs[add].type;
  if (item->dtype != scull_tensor_dtype_element(x->dtype))
    return scull_ops_fail(call, "%s does not go into a sequence of %s",
                          scull_tensor_dtype_name(item->dtype),
                          scull_tensor_dtype_name(scull_tensor_dtype_element(x->dtype)));
  if (x->shape.rank == 0) { /* no element was seen yet */
    y->shape = item->shape;
    return SCULL_OK;
  }
  if (item->shape.rank != x->shape.rank)
    return scull_ops_fail(call, "%d dimensions do not go into a sequence of %d", item->shape.rank,
                          x->shape.rank);
  for (int32_t i = 0; i < y->shape.rank; i++)
    y->shape.dim[i] = y->shape.dim[i] < item->shape.dim[i] ? item->shape.dim[i] : y->shape.dim[i];
  return SCULL_OK;
}

scull_status_t scull_ops_sequence_begin(const scull_op_call_t *call, scull_sequence_t **out) {
  *out = call->outputs[0].data;
  return scull_ops_sequence_end(call,
                                scull_tensor_sequence_copy(*out, scull_ops_sequence(call, 0)));
}

scull_status_t scull_ops_sequence_position(const scull_op_call_t *call, size_t index,
                                           const scull_sequence_t *sequence, int64_t absent,
                                           size_t limit, size_t *out) {
  int64_t at = absent;
  if (scull_ops_has_input(call, index))
    at = scull_tensor_load_i64(call->inputs[index].data, call->inputs[index].type.dtype, 0);
  if (scull_tensor_sequence_index(sequence, at, limit, out))
    return SCULL_OK;
  return scull_ops_fail(call, "position %lld of a sequence of %zu", (long long)at, sequence->count);
}

scull_status_t scull_ops_sequence_position_check(const scull_op_call_t *call, size_t index) {
  if (!scull_ops_has_input(call, index))
    return SCULL_OK;
  const scull_type_t *type = &call->inputs[index].type;
  if (scull_tensor_dtype_is_integer(type->dtype) && scull_tensor_count(&type->shape) == 1)
    return SCULL_OK;
  return scull_ops_fail(call, "the position is not one integer");
}

scull_status_t scull_ops_sequence_end(const scull_op_call_t *call, scull_status_t status) {
  return status == SCULL_OK ? status : scull_base_fail_memory(call->diag, "a sequence");
}
