/* sequence_pad: x [R,...], offsets [N+1], padding (one element, or a row) -> [N,length,...], each
 * sequence of rows with padding behind it, and how long each was (i64 [N]). The length of the
 * longest is known after the run. */
#include "ops/sequence_pad.h"

#include <string.h>

#include "ops/box.h"
#include "ops/rows_of.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_sequence_pad_attrs_t, INT, length, "-1"),
};

enum { X, OFFSETS, PADDING };

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_sequence_pad_attrs_t *attrs = call->attrs;
  const scull_type_t *x = &call->inputs[X].type, *padding = &call->inputs[PADDING].type;
  SCULL_TRY(scull_ops_rows_check(call, OFFSETS));
  int64_t count = scull_tensor_count(&padding->shape);
  if (padding->dtype != x->dtype || (count != 1 && count != scull_ops_row_size(&x->shape)))
    return scull_ops_fail(call, "the padding must be one element or a row, of x's type");
  if (attrs->length < -1 || x->shape.rank + 1 > SCULL_MAX_RANK)
    return scull_ops_fail(call, "a length of %lld for %d dimensions", (long long)attrs->length,
                          x->shape.rank);
  scull_shape_t *y = &call->outputs[0].type.shape;
  call->outputs[0].type = *x;
  for (int32_t i = y->rank++; i > 1; i--)
    y->dim[i] = y->dim[i - 1];
  y->dim[0] = scull_ops_rows_count(call, OFFSETS);
  y->dim[1] = attrs->length < 0 ? x->shape.dim[0] : attrs->length;
  if (attrs->length < 0)
    scull_ops_open(call, 0, 1);
  if (call->output_count > 1)
    call->outputs[1].type = (scull_type_t){SCULL_DTYPE_I64, {1, {y->dim[0]}}};
  return SCULL_OK;
}

/* The length of the longest sequence; writes all lengths where they are asked for. */
static scull_status_t measure(const scull_op_call_t *call, int64_t *longest) {
  *longest = 0;
  for (int64_t n = 0; n < scull_ops_rows_count(call, OFFSETS); n++) {
    int64_t begin = 0, end = 0;
    SCULL_TRY(scull_ops_rows_of(call, OFFSETS, n, call->inputs[X].type.shape.dim[0], &begin, &end));
    *longest = end - begin > *longest ? end - begin : *longest;
    if (call->output_count > 1)
      ((int64_t *)call->outputs[1].data)[n] = end - begin;
  }
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_sequence_pad_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[X], *padding = &call->inputs[PADDING];
  const scull_tensor_t *y = &call->outputs[0];
  int64_t size = scull_ops_row_size(&x->type.shape), length = 0;
  size_t each = scull_tensor_dtype_size(x->type.dtype);
  bool one = scull_tensor_count(&padding->type.shape) == 1;
  SCULL_TRY(measure(call, &length));
  if (attrs->length >= 0 && length > attrs->length)
    return scull_ops_fail(call, "a sequence of %lld rows for a length of %lld", (long long)length,
                          (long long)attrs->length);
  length = attrs->length < 0 ? length : attrs->length;
  call->outputs[0].type.shape.dim[1] = length;
  for (int64_t n = 0; n < scull_ops_rows_count(call, OFFSETS); n++) {
    int64_t begin = 0, end = 0, first = n * length * size;
    SCULL_TRY(scull_ops_rows_of(call, OFFSETS, n, x->type.shape.dim[0], &begin, &end));
    int64_t held = (end - begin) * size;
    if (held > 0)
      memcpy(scull_ops_element(y, first), scull_ops_element(x, begin * size), (size_t)held * each);
    for (int64_t i = held; i < length * size; i++)
      memcpy(scull_ops_element(y, first + i), scull_ops_element(padding, one ? 0 : i % size), each);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_pad = {
    .name = "sequence_pad",
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 2,
    .traits = SCULL_OP_DATA_SHAPE | SCULL_OP_MOVES_DATA,
    .attrs = SCULL_SCHEMA(scull_sequence_pad_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .flops = scull_ops_flops_none};
