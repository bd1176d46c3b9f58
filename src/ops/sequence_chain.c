/* sequence_chain: K tensors x [R,...], then offsets [N+1] of each -> the rows of all: the first
 * sequence of each tensor, then the second of each, and so on. */
#include <string.h>

#include "base/checked.h"
#include "ops/box.h"
#include "ops/rows_of.h"

static scull_status_t infer(const scull_op_call_t *call) {
  size_t count = call->input_count / 2;
  scull_type_t *y = &call->outputs[0].type;
  if (call->input_count % 2 != 0)
    return scull_ops_fail(call, "%zu operands: each tensor wants offsets", call->input_count);
  *y = call->inputs[0].type;
  for (size_t i = 0; i < count; i++) {
    const scull_type_t *x = &call->inputs[i].type;
    SCULL_TRY(scull_ops_rows_check(call, count + i));
    if (scull_ops_rows_count(call, count + i) != scull_ops_rows_count(call, count) &&
        call->guessed == 0)
      return scull_ops_fail(call, "other numbers of sequences");
    if (x->dtype != y->dtype || x->shape.rank != y->shape.rank)
      return scull_ops_fail(call, "tensors of other types or dimensions");
    for (int32_t d = 1; d < x->shape.rank; d++) {
      if (x->shape.dim[d] != y->shape.dim[d])
        return scull_ops_fail(call, "rows of another shape");
    }
    if (i > 0 && !scull_base_i64_add(y->shape.dim[0], x->shape.dim[0], &y->shape.dim[0]))
      return scull_ops_fail(call, "too many rows");
  }
  return SCULL_OK;
}

/* Sequences lie one behind the other and take all rows, or the result would have gaps. */
static scull_status_t check_offsets(const scull_op_call_t *call, size_t input, int64_t rows,
                                    int64_t sequences) {
  int64_t at = 0;
  if (scull_ops_rows_count(call, input) != sequences)
    return scull_ops_fail(call, "other numbers of sequences");
  for (int64_t n = 0; n < sequences; n++) {
    int64_t begin = 0, end = 0;
    SCULL_TRY(scull_ops_rows_of(call, input, n, rows, &begin, &end));
    if (begin != at)
      return scull_ops_fail(call, "sequence %lld begins at row %lld, not %lld", (long long)n,
                            (long long)begin, (long long)at);
    at = end;
  }
  return at == rows
             ? SCULL_OK
             : scull_ops_fail(call, "%lld rows belong to no sequence", (long long)(rows - at));
}

static scull_status_t reference(const scull_op_call_t *call) {
  size_t count = call->input_count / 2;
  int64_t sequences = scull_ops_rows_count(call, count), rows = 0;
  int64_t size = scull_ops_row_size(&call->outputs[0].type.shape);
  size_t bytes = (size_t)size * scull_tensor_dtype_size(call->outputs[0].type.dtype);
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(check_offsets(call, count + i, call->inputs[i].type.shape.dim[0], sequences));
  for (int64_t n = 0; n < sequences; n++) {
    for (size_t i = 0; i < count; i++) {
      const scull_tensor_t *x = &call->inputs[i];
      int64_t begin = 0, end = 0;
      SCULL_TRY(scull_ops_rows_of(call, count + i, n, x->type.shape.dim[0], &begin, &end));
      if (end > begin && bytes > 0)
        memcpy(scull_ops_element(&call->outputs[0], rows * size),
               scull_ops_element(x, begin * size), (size_t)(end - begin) * bytes);
      rows += end - begin;
    }
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_chain = {.name = "sequence_chain",
                                                  .inputs_min = 2,
                                                  .inputs_max = SCULL_ARITY_MANY,
                                                  .outputs_min = 1,
                                                  .outputs_max = 1,
                                                  .traits = SCULL_OP_MOVES_DATA,
                                                  .infer = infer,
                                                  .reference = reference,
                                                  .flops = scull_ops_flops_none};
