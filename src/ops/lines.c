/* A tensor as lines along an axis. */
#include "ops/lines.h"

#include "ops/lists.h"

scull_status_t scull_ops_lines(const scull_op_call_t *call, const scull_shape_t *shape,
                               int64_t axis, scull_lines_t *out) {
  *out = (scull_lines_t){.outer = 1, .extent = 1, .inner = 1};
  SCULL_TRY(scull_ops_axis_read(call, axis, shape->rank == 0 ? 1 : shape->rank, &out->axis));
  for (int32_t i = 0; i < shape->rank; i++) {
    if (i < out->axis)
      out->outer *= shape->dim[i];
    else if (i > out->axis)
      out->inner *= shape->dim[i];
    else
      out->extent = shape->dim[i];
  }
  return SCULL_OK;
}

scull_shape_t scull_ops_lines_reduced(const scull_shape_t *shape, int32_t axis, bool keep) {
  scull_shape_t out = {0};
  for (int32_t i = 0; i < shape->rank; i++) {
    if (i != axis)
      out.dim[out.rank++] = shape->dim[i];
    else if (keep)
      out.dim[out.rank++] = 1;
  }
  return out;
}
