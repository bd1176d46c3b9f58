/* sequence_context: x [R,D], offsets [N+1] -> [R,length*D], each row joined with its neighbours in
 * its sequence, zeros beyond the sequence: times a matrix it is a convolution over sequences. */
#include "ops/sequence_context.h"

#include <string.h>

#include "base/checked.h"
#include "ops/box.h"
#include "ops/rows_of.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_sequence_context_attrs_t, INT, start, "0"),
    SCULL_FIELD(scull_sequence_context_attrs_t, INT, length, "1"),
};

enum { FAR = 1 << 20 };

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_sequence_context_attrs_t *attrs = call->attrs;
  SCULL_TRY(scull_ops_rows_check(call, 1));
  if (call->inputs[0].type.shape.rank != 2 || attrs->length < 1 || attrs->length > FAR ||
      attrs->start < -FAR || attrs->start > FAR)
    return scull_ops_fail(call, "x must be [R,D], with %lld rows from %lld on joined",
                          (long long)attrs->length, (long long)attrs->start);
  SCULL_TRY(scull_ops_infer_same(call));
  if (!scull_base_i64_mul(call->inputs[0].type.shape.dim[1], attrs->length,
                          &call->outputs[0].type.shape.dim[1]))
    return scull_ops_fail(call, "too long rows");
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_sequence_context_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t size = x->type.shape.dim[1];
  size_t bytes = (size_t)size * scull_tensor_dtype_size(x->type.dtype);
  if (scull_tensor_bytes(&y->type) == 0)
    return SCULL_OK;
  memset(y->data, 0, scull_tensor_bytes(&y->type));
  for (int64_t n = 0; n < scull_ops_rows_count(call, 1); n++) {
    int64_t begin = 0, end = 0;
    SCULL_TRY(scull_ops_rows_of(call, 1, n, x->type.shape.dim[0], &begin, &end));
    for (int64_t i = 0; i < (end - begin) * attrs->length; i++) {
      int64_t row = begin + i / attrs->length, from = row + attrs->start + i % attrs->length;
      if (from >= begin && from < end)
        memcpy(scull_ops_element(y, (row * attrs->length + i % attrs->length) * size),
               scull_ops_element(x, from * size), bytes);
    }
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_context = {
    .name = "sequence_context",
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .traits = SCULL_OP_MOVES_DATA,
    .attrs = SCULL_SCHEMA(scull_sequence_context_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .flops = scull_ops_flops_none};
