/* max_unpool: x [N,C,spatial...], index (i32 or i64, of x's shape, as max_pool_index gives it) ->
 * [N,C,size...], zeros but for the elements of x at their indices. */
#include <string.h>

#include "ops/box.h"
#include "ops/lists.h"
#include "ops/max_pool_index.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_max_unpool_attrs_t, INTS, size, ""),
    SCULL_FIELD_ENUM(scull_max_unpool_attrs_t, index, "plane", scull_ops_pool_index_names),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_max_unpool_attrs_t *attrs = call->attrs;
  const scull_type_t *x = &call->inputs[0].type;
  SCULL_TRY(scull_ops_check_index(call, 1));
  if (!scull_tensor_shape_equal(&x->shape, &call->inputs[1].type.shape))
    return scull_ops_fail(call, "index and x differ in shape");
  if (x->shape.rank < 3 || attrs->size.size != (size_t)x->shape.rank - 2)
    return scull_ops_fail(call, "size: %d numbers are wanted", x->shape.rank - 2);
  if (attrs->index == SCULL_INDEX_TENSOR_COLUMNS)
    return scull_ops_fail(call, "indices by columns");
  call->outputs[0].type = *x;
  for (size_t i = 0; i < attrs->size.size; i++) {
    if (attrs->size.data[i] < 0)
      return scull_ops_fail(call, "size %lld", (long long)attrs->size.data[i]);
    call->outputs[0].type.shape.dim[2 + i] = attrs->size.data[i];
  }
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_max_unpool_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  size_t size = scull_tensor_dtype_size(x->type.dtype);
  int64_t in = 1, out = 1, all = scull_tensor_count(&y->type.shape);
  for (int32_t i = 2; i < x->type.shape.rank; i++) {
    in *= x->type.shape.dim[i];
    out *= y->type.shape.dim[i];
  }
  if (all > 0)
    memset(y->data, 0, (size_t)all * size);
  for (int64_t i = 0, count = scull_tensor_count(&x->type.shape); i < count; i++) {
    int64_t at = 0, first = attrs->index == SCULL_INDEX_PLANE ? i / in * out : 0;
    SCULL_TRY(scull_ops_index_read(call, 1, i, attrs->index == SCULL_INDEX_PLANE ? out : all, &at));
    memcpy(scull_ops_element(y, first + at), scull_ops_element(x, i), size);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_max_unpool = {.name = "max_unpool",
                                              .inputs_min = 2,
                                              .inputs_max = 2,
                                              .outputs_min = 1,
                                              .outputs_max = 1,
                                              .attrs =
                                                  SCULL_SCHEMA(scull_max_unpool_attrs_t, fields),
                                              .infer = infer,
                                              .reference = reference,
                                              .flops = scull_ops_flops_none};
