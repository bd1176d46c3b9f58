/* Reading of axes and integer lists. Nothing is trusted: lists come from files and tensors. */
#include "ops/lists.h"

#include <string.h>

static scull_status_t read_tensor(const scull_op_call_t *call, const scull_tensor_t *tensor,
                                  const char *name, scull_list_t *out) {
  const scull_type_t *type = &tensor->type;
  if (type->dtype != SCULL_DTYPE_I32 && type->dtype != SCULL_DTYPE_I64)
    return scull_ops_fail(call, "%s is %s; i32 or i64 is wanted", name,
                          scull_tensor_dtype_name(type->dtype));
  if (type->shape.rank > 1)
    return scull_ops_fail(call, "%s has %d dimensions, one is wanted", name, type->shape.rank);
  int64_t count = scull_tensor_count(&type->shape);
  if (count > SCULL_LIST_ROOM)
    return scull_ops_fail(call, "%s has %lld items, the limit is %d", name, (long long)count,
                          SCULL_LIST_ROOM);
  if (tensor->data == NULL && count > 0)
    return scull_ops_fail(call, "%s is computed from data, so the shape is not known beforehand",
                          name);
  out->size = (int32_t)count;
  for (int32_t i = 0; i < out->size; i++)
    out->item[i] = scull_tensor_load_i64(tensor->data, type->dtype, i);
  return SCULL_OK;
}

scull_status_t scull_ops_list_read(const scull_op_call_t *call, size_t input, const char *name,
                                   scull_ints_t attr, scull_list_t *out) {
  *out = (scull_list_t){0};
  if (scull_ops_has_input(call, input))
    return read_tensor(call, &call->inputs[input], name, out);
  if (attr.size > SCULL_LIST_ROOM)
    return scull_ops_fail(call, "%s has %zu items, the limit is %d", name, attr.size,
                          SCULL_LIST_ROOM);
  out->size = (int32_t)attr.size;
  if (attr.size > 0)
    memcpy(out->item, attr.data, attr.size * sizeof *attr.data);
  return SCULL_OK;
}

scull_status_t scull_ops_infer_open(const scull_op_call_t *call, size_t input, scull_dtype_t dtype,
                                    int64_t count) {
  int64_t rank = scull_tensor_count(&call->inputs[input].type.shape);
  if (rank > SCULL_MAX_RANK)
    return scull_ops_fail(call, "a shape of %lld dimensions", (long long)rank);
  scull_type_t *y = &call->outputs[0].type;
  *y = (scull_type_t){.dtype = dtype, .shape = {.rank = (int32_t)rank}};
  for (int32_t i = 0; i < y->shape.rank; i++) {
    y->shape.dim[i] = i == 0 ? count : 1;
    scull_ops_open(call, 0, i);
  }
  return SCULL_OK;
}

scull_status_t scull_ops_axis_read(const scull_op_call_t *call, int64_t axis, int32_t rank,
                                   int32_t *out) {
  if (!scull_tensor_axis(axis, rank, out))
    return scull_ops_fail(call, "axis %lld of a tensor of %d dimensions", (long long)axis, rank);
  return SCULL_OK;
}

scull_status_t scull_ops_axes_read(const scull_op_call_t *call, scull_ints_t axes, int32_t rank,
                                   bool is_marked[SCULL_MAX_RANK]) {
  memset(is_marked, 0, SCULL_MAX_RANK * sizeof *is_marked);
  for (size_t i = 0; i < axes.size; i++) {
    int32_t axis = 0;
    SCULL_TRY(scull_ops_axis_read(call, axes.data[i], rank, &axis));
    if (is_marked[axis])
      return scull_ops_fail(call, "axis %d is named twice", axis);
    is_marked[axis] = true;
  }
  return SCULL_OK;
}

scull_status_t scull_ops_check_index(const scull_op_call_t *call, size_t input) {
  scull_dtype_t dtype = call->inputs[input].type.dtype;
  if (dtype != SCULL_DTYPE_I32 && dtype != SCULL_DTYPE_I64)
    return scull_ops_fail(call, "the index is %s; i32 or i64 is wanted",
                          scull_tensor_dtype_name(dtype));
  return SCULL_OK;
}

scull_status_t scull_ops_index_read(const scull_op_call_t *call, size_t input, int64_t at,
                                    int64_t extent, int64_t *out) {
  const scull_tensor_t *index = &call->inputs[input];
  int64_t k = scull_tensor_load_i64(index->data, index->type.dtype, at);
  if (k < -extent || k >= extent)
    return scull_ops_fail(call, "index %lld of %lld elements", (long long)k, (long long)extent);
  *out = k < 0 ? k + extent : k;
  return SCULL_OK;
}
