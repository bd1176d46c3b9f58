/* reverse_sequence: x, lengths [N] -> x, in which the first lengths[n] steps of sequence n stand in
 * reverse order; the steps behind them stay. */
#include "ops/reverse_sequence.h"

#include <string.h>

#include "ops/box.h"
#include "ops/lists.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_reverse_sequence_attrs_t, INT, batch_axis, "1"),
    SCULL_FIELD(scull_reverse_sequence_attrs_t, INT, time_axis, "0"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_reverse_sequence_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank < 2 || attrs->batch_axis + attrs->time_axis != 1 ||
      attrs->batch_axis * attrs->time_axis != 0)
    return scull_ops_fail(call, "axes 0 and 1 of two or more are wanted");
  SCULL_TRY(scull_ops_check_index(call, 1));
  SCULL_TRY(scull_ops_check_list(call, 1, "the lengths", x->dim[attrs->batch_axis]));
  return scull_ops_infer_same(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_reverse_sequence_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0], *lengths = &call->inputs[1];
  const scull_shape_t *shape = &x->type.shape;
  int64_t inner = 1, steps = shape->dim[attrs->time_axis];
  for (int32_t i = 2; i < shape->rank; i++)
    inner *= shape->dim[i];
  size_t bytes = (size_t)inner * scull_tensor_dtype_size(x->type.dtype);
  for (int64_t i = 0; i < shape->dim[0] * shape->dim[1] && bytes > 0; i++) {
    int64_t row = i / shape->dim[1], column = i % shape->dim[1];
    int64_t n = attrs->batch_axis == 0 ? row : column, t = attrs->batch_axis == 0 ? column : row;
    int64_t length = scull_tensor_load_i64(lengths->data, lengths->type.dtype, n);
    if (length < 0 || length > steps)
      return scull_ops_fail(call, "length %lld of %lld steps", (long long)length, (long long)steps);
    int64_t from = t < length ? length - 1 - t : t;
    int64_t at = attrs->batch_axis == 0 ? n * shape->dim[1] + from : from * shape->dim[1] + n;
    memcpy(scull_ops_element(y, i * inner), scull_ops_element(x, at * inner), bytes);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_reverse_sequence = {
    .name = "reverse_sequence",
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .traits = SCULL_OP_MOVES_DATA,
    .attrs = SCULL_SCHEMA(scull_reverse_sequence_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .flops = scull_ops_flops_none};
