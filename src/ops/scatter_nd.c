/* scatter_nd: x, index [..., k], updates [..., the axes of x behind the k-th] -> x, in which the
 * slices that the rows of index name have met their updates. */
#include "ops/scatter.h"

#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD_ENUM(scull_scatter_attrs_t, reduction, "none", scull_ops_scatter_names),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape, *index = &call->inputs[1].type.shape;
  scull_shape_t wanted = {0};
  if (index->rank < 1 || index->dim[index->rank - 1] > x->rank)
    return scull_ops_fail(call, "rows of the index are longer than the %d dimensions of x",
                          x->rank);
  int32_t depth = (int32_t)index->dim[index->rank - 1];
  if (index->rank - 1 + x->rank - depth > SCULL_MAX_RANK)
    return scull_ops_fail(call, "updates of %d dimensions", index->rank - 1 + x->rank - depth);
  for (int32_t i = 0; i < index->rank - 1; i++)
    wanted.dim[wanted.rank++] = index->dim[i];
  for (int32_t i = depth; i < x->rank; i++)
    wanted.dim[wanted.rank++] = x->dim[i];
  if (!scull_tensor_shape_equal(&wanted, &call->inputs[2].type.shape))
    return scull_ops_fail(call, "updates must have the index's shape, then that of a slice of x");
  return scull_ops_scatter_infer(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape, *index = &call->inputs[1].type.shape;
  int32_t depth = (int32_t)index->dim[index->rank - 1];
  int64_t rows = 1, inner = 1;
  SCULL_TRY(scull_ops_reference_view(call));
  for (int32_t i = 0; i < index->rank - 1; i++)
    rows *= index->dim[i];
  for (int32_t i = depth; i < x->rank; i++)
    inner *= x->dim[i];
  for (int64_t row = 0; row < rows; row++) {
    int64_t position = 0;
    SCULL_TRY(scull_ops_index_row(call, row, depth, &position));
    scull_ops_scatter(call, position, row * inner, inner);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_scatter_nd = {.name = "scatter_nd",
                                              .inputs_min = 3,
                                              .inputs_max = 3,
                                              .outputs_min = 1,
                                              .outputs_max = 1,
                                              .attrs = SCULL_SCHEMA(scull_scatter_attrs_t, fields),
                                              .infer = infer,
                                              .reference = reference};
