/* affine_grid: theta [N,2,3] (or [N,3,4]), size? (a list, wins) -> [N,H,W,2] (or [N,D,H,W,3]),
 * where grid_sample takes each element from: theta times (x, y, 1), with x and y from -1 to 1. */
#include "ops/affine_grid.h"

#include "ops/lists.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_affine_grid_attrs_t, INTS, size, ""),
    SCULL_FIELD(scull_affine_grid_attrs_t, BOOL, align_corners, "true"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_affine_grid_attrs_t *attrs = call->attrs;
  const scull_shape_t *theta = &call->inputs[0].type.shape;
  scull_list_t size;
  SCULL_TRY(scull_ops_list_read(call, 1, "size", attrs->size, &size));
  int32_t spatial = size.size - 2;
  if (spatial < 2 || spatial > 3)
    return scull_ops_fail(call, "size: 4 or 5 numbers are wanted");
  if (theta->rank != 3 || theta->dim[0] != size.item[0] || theta->dim[1] != spatial ||
      theta->dim[2] != spatial + 1)
    return scull_ops_fail(call, "theta must be [%lld,%d,%d]", (long long)size.item[0], spatial,
                          spatial + 1);
  SCULL_TRY(scull_ops_infer_float(call));
  scull_shape_t *y = &call->outputs[0].type.shape;
  *y = (scull_shape_t){spatial + 2, {size.item[0]}};
  for (int32_t i = 0; i < spatial; i++) {
    if (size.item[2 + i] < 0)
      return scull_ops_fail(call, "size %lld", (long long)size.item[2 + i]);
    y->dim[1 + i] = size.item[2 + i];
  }
  y->dim[spatial + 1] = spatial;
  return SCULL_OK;
}

/* From an element to -1..1. */
static double place(bool align_corners, int64_t at, int64_t size) {
  if (align_corners)
    return size > 1 ? 2 * (double)at / (double)(size - 1) - 1 : -1;
  return (2 * (double)at + 1) / (double)size - 1;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_affine_grid_attrs_t *attrs = call->attrs;
  const scull_tensor_t *theta = &call->inputs[0], *y = &call->outputs[0];
  const scull_shape_t *shape = &y->type.shape;
  int32_t spatial = shape->rank - 2;
  int64_t count = scull_tensor_count(shape);
  for (int64_t i = 0; i < count; i++) {
    int64_t row = i % spatial, rest = i / spatial;
    double at[3] = {0}, sum = 0;
    for (int32_t d = 0; d < spatial; d++) { /* x, the innermost axis, first */
      int64_t size = shape->dim[spatial - d];
      at[d] = place(attrs->align_corners, rest % size, size);
      rest /= size;
    }
    int64_t first = (rest * spatial + row) * (spatial + 1);
    for (int32_t d = 0; d <= spatial; d++)
      sum +=
          (d < spatial ? at[d] : 1) * scull_tensor_load(theta->data, theta->type.dtype, first + d);
    scull_tensor_store(y->data, y->type.dtype, i, sum);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_affine_grid = {.name = "affine_grid",
                                               .inputs_min = 1,
                                               .inputs_max = 2,
                                               .outputs_min = 1,
                                               .outputs_max = 1,
                                               .value_inputs = 1u << 1,
                                               .attrs =
                                                   SCULL_SCHEMA(scull_affine_grid_attrs_t, fields),
                                               .infer = infer,
                                               .reference = reference};
