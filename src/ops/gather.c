/* gather: x, index (i32 or i64, any shape) -> x with `axis` replaced by the axes of index
 * (numpy.take). A negative index counts from the end; one outside is an error. */
#include "ops/gather.h"

#include <string.h>

#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_gather_attrs_t, INT, axis, "0"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_gather_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape, *index = &call->inputs[1].type.shape;
  scull_shape_t y = {0};
  int32_t axis = 0;
  SCULL_TRY(scull_ops_axis_read(call, attrs->axis, x->rank, &axis));
  SCULL_TRY(scull_ops_check_index(call, 1));
  if (x->rank - 1 + index->rank > SCULL_MAX_RANK)
    return scull_ops_fail(call, "a result of %d dimensions", x->rank - 1 + index->rank);
  for (int32_t i = 0; i < axis; i++)
    y.dim[y.rank++] = x->dim[i];
  for (int32_t i = 0; i < index->rank; i++)
    y.dim[y.rank++] = index->dim[i];
  for (int32_t i = axis + 1; i < x->rank; i++)
    y.dim[y.rank++] = x->dim[i];
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, y};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_gather_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  const scull_shape_t *shape = &x->type.shape;
  int64_t outer = 1, inner = 1, picks = scull_tensor_count(&call->inputs[1].type.shape), at = 0;
  int32_t axis = 0;
  SCULL_TRY(scull_ops_axis_read(call, attrs->axis, shape->rank, &axis));
  for (int32_t i = 0; i < shape->rank; i++) {
    outer *= i < axis ? shape->dim[i] : 1;
    inner *= i > axis ? shape->dim[i] : 1;
  }
  int64_t extent = shape->dim[axis];
  size_t bytes = (size_t)inner * scull_tensor_dtype_size(x->type.dtype);
  for (int64_t o = 0; o < outer; o++) {
    for (int64_t i = 0; i < picks; i++, at += inner) {
      int64_t k = 0;
      SCULL_TRY(scull_ops_index_read(call, 1, i, extent, &k));
      if (bytes > 0)
        memcpy(scull_ops_element(y, at), scull_ops_element(x, (o * extent + k) * inner), bytes);
    }
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_gather = {.name = "gather",
                                          .inputs_min = 2,
                                          .inputs_max = 2,
                                          .outputs_min = 1,
                                          .outputs_max = 1,
                                          .traits = SCULL_OP_MOVES_DATA,
                                          .attrs = SCULL_SCHEMA(scull_gather_attrs_t, fields),
                                          .infer = infer,
                                          .reference = reference,
                                          .flops = scull_ops_flops_none};
