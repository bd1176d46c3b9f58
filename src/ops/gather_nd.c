/* gather_nd: x, index [..., k] (i32 or i64) -> [..., the axes of x behind the k-th]: each row of
 * index names an element or a slice of x. A negative index counts from the end. */
#include <string.h>

#include "ops/box.h"
#include "ops/lists.h"
#include "ops/scatter.h"

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape, *index = &call->inputs[1].type.shape;
  scull_shape_t y = {0};
  SCULL_TRY(scull_ops_check_index(call, 1));
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
    SCULL_TRY(scull_ops_index_row(call, row, depth, &position));
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
