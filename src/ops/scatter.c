/* Updates that meet elements, and rows of an index. */
#include "ops/scatter.h"

#include <string.h>

#include "ops/box.h"
#include "ops/lists.h"
#include "ops/row.h"
#include "ops/shape_rules.h"

const char *const scull_ops_scatter_names[] = {"none", "add", "mul", "max", "min", NULL};

scull_status_t scull_ops_scatter_infer(const scull_op_call_t *call) {
  const scull_scatter_attrs_t *attrs = call->attrs;
  SCULL_TRY(scull_ops_check_index(call, 1));
  if (call->inputs[0].type.dtype != call->inputs[2].type.dtype)
    return scull_ops_fail(call, "updates of %s for %s",
                          scull_tensor_dtype_name(call->inputs[2].type.dtype),
                          scull_tensor_dtype_name(call->inputs[0].type.dtype));
  return attrs->reduction == SCULL_SCATTER_NONE ? scull_ops_infer_same(call)
                                                : scull_ops_infer_number(call);
}

static double reduce_real(int32_t reduction, double old, double update) {
  switch (reduction) {
  case SCULL_SCATTER_ADD: return old + update;
  case SCULL_SCATTER_MUL: return old * update;
  case SCULL_SCATTER_MAX: return scull_ops_larger(old, update);
  default: return -scull_ops_larger(-old, -update);
  }
}

static int64_t reduce_whole(int32_t reduction, int64_t old, int64_t update) {
  switch (reduction) {
  case SCULL_SCATTER_ADD: return (int64_t)((uint64_t)old + (uint64_t)update);
  case SCULL_SCATTER_MUL: return (int64_t)((uint64_t)old * (uint64_t)update);
  case SCULL_SCATTER_MAX: return old > update ? old : update;
  default: return old < update ? old : update;
  }
}

void scull_ops_scatter(const scull_op_call_t *call, int64_t to, int64_t from, int64_t count) {
  const scull_scatter_attrs_t *attrs = call->attrs;
  const scull_tensor_t *u = &call->inputs[2], *y = &call->outputs[0];
  scull_dtype_t dtype = y->type.dtype;
  if (attrs->reduction == SCULL_SCATTER_NONE && count > 0)
    memcpy(scull_ops_element(y, to), scull_ops_element(u, from),
           (size_t)count * scull_tensor_dtype_size(dtype));
  if (attrs->reduction == SCULL_SCATTER_NONE)
    return;
  for (int64_t i = 0; i < count; i++) {
    if (scull_tensor_dtype_is_float(dtype))
      scull_tensor_store(y->data, dtype, to + i,
                         reduce_real(attrs->reduction, scull_tensor_load(y->data, dtype, to + i),
                                     scull_tensor_load(u->data, dtype, from + i)));
    else
      scull_tensor_store_i64(y->data, dtype, to + i,
                             reduce_whole(attrs->reduction,
                                          scull_tensor_load_i64(y->data, dtype, to + i),
                                          scull_tensor_load_i64(u->data, dtype, from + i)));
  }
}

scull_status_t scull_ops_index_row(const scull_op_call_t *call, int64_t row, int32_t depth,
                                   int64_t *position) {
  const scull_shape_t *x = &call->inputs[0].type.shape;
  int64_t steps[SCULL_MAX_RANK] = {0};
  scull_tensor_strides(x, steps);
  *position = 0;
  for (int32_t i = 0; i < depth; i++) {
    int64_t k = 0;
    SCULL_TRY(scull_ops_index_read(call, 1, row * depth + i, x->dim[i], &k));
    *position += k * steps[i];
  }
  return SCULL_OK;
}
