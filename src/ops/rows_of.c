/* Sequences in the rows of a tensor. */
#include "ops/rows_of.h"

#include "ops/lists.h"

scull_status_t scull_ops_rows_check(const scull_op_call_t *call, size_t input) {
  const scull_shape_t *list = &call->inputs[input].type.shape;
  SCULL_TRY(scull_ops_check_index(call, input));
  if (list->rank != 1 || list->dim[0] < 1)
    return scull_ops_fail(call, "offsets must be a list of one or more");
  if (call->inputs[0].type.shape.rank < 1)
    return scull_ops_fail(call, "a scalar has no rows");
  return SCULL_OK;
}

int64_t scull_ops_rows_count(const scull_op_call_t *call, size_t input) {
  return call->inputs[input].type.shape.dim[0] - 1;
}

scull_status_t scull_ops_rows_of(const scull_op_call_t *call, size_t input, int64_t n, int64_t rows,
                                 int64_t *begin, int64_t *end) {
  const scull_tensor_t *list = &call->inputs[input];
  *begin = scull_tensor_load_i64(list->data, list->type.dtype, n);
  *end = scull_tensor_load_i64(list->data, list->type.dtype, n + 1);
  if (*begin < 0 || *end < *begin || *end > rows)
    return scull_ops_fail(call, "sequence %lld is rows %lld to %lld of %lld", (long long)n,
                          (long long)*begin, (long long)*end, (long long)rows);
  return SCULL_OK;
}

int64_t scull_ops_row_size(const scull_shape_t *shape) {
  int64_t size = 1;
  for (int32_t i = 1; i < shape->rank; i++)
    size *= shape->dim[i];
  return size;
}
