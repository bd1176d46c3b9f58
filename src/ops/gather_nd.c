/* gather_nd: x, index [..., k] (i32 or i64) -> [..., the axes of x behind the k-th]: each row of
 * index names an element or a slice of x. A negative index counts from the end. */
#include <string.h>

#include "ops/box.h"
#include "ops/lists.h"

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape, *index = &call->inputs[1].type.shape;
  scull_dtype_t dtype = call->inputs[1].type.dtype;
  scull_shape_t y = {0};
  if (dtype != SCULL_DTYPE_I32 && dtype != SCULL_DTYPE_I64)
    return scull_ops_fail(call, "the index is %s; i32 or i64 is wanted",
                          scull_tensor_dtype_name(dtype));
  if (index->rank < 1 || index->dim[index->rank - 1] > x->rank)
    return scull_ops_fail(call, "rows of the index are longer than the %d dimensions of x",
                          x->rank);
  int32_t depth = (int32_t)index->dim[index->rank - 1];
  if (index->rank - 1 + x->rank - depth > SCULL_MAX_RANK)
    return scull_ops_fail(call, "a result of %d dimensions", index->rank - 1 + x->rank - depth);
  for (int32_t i = 0; i < index->rank - 1; i++)
    y.dim[y.rank++] = index->dim[i];
  for (int32_t i = depth; i < x->rank; i++)
    y.dim[y.rank++] = x->dim[i];
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, y};
  return SCULL_OK;
}

/* Position in x that row `row` of the index names. */
static scull_status_t position_of(const scull_op_call_t *call, int64_t row, int32_t depth,
                                  int64_t *position) {
  const scull_tensor_t *index = &call->inputs[1];
  const scull_shape_t *x = &call->inputs[0].type.shape;
  int64_t steps[SCULL_MAX_RANK] = {0};
  scull_tensor_strides(x, steps);
  *position = 0;
  for (int32_t i = 0; i < depth; i++) {
    int64_t k = scull_tensor_load_i64(index->data, index->type.dtype, row * depth + i);
    if (k < -x->dim[i] || k >= x->dim[i])
      return scull_ops_fail(call, "index %lld of %lld elements in axis %d", (long long)k,
                            (long long)x->dim[i], i);
    *position += (k < 0 ? k + x->dim[i] : k) * steps[i];
  }
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  const scull_shape_t *index = &call->inputs[1].type.shape;
  int32_t depth = (int32_t)index->dim[index->rank - 1];
  int64_t rows = 1, inner = 1;
  for (int32_t i = 0; i < index->rank - 1; i++)
    rows *= index->dim[i];
  for (int32_t i = depth; i < x->type.shape.rank; i++)
    inner *= x->type.shape.dim[i];
  size_t bytes = (size_t)inner * scull_tensor_dtype_size(x->type.dtype);
  for (int64_t row = 0; row < rows; row++) {
    int64_t position = 0;
    SCULL_TRY(position_of(call, row, depth, &position));
    if (bytes > 0)
      memcpy(scull_ops_element(y, row * inner), scull_ops_element(x, position), bytes);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_gather_nd = {.name = "gather_nd",
                                             .inputs_min = 2,
                                             .inputs_max = 2,
                                             .outputs_min = 1,
                                             .outputs_max = 1,
                                             .traits = SCULL_OP_MOVES_DATA,
                                             .infer = infer,
                                             .reference = reference,
                                             .flops = scull_ops_flops_none};
