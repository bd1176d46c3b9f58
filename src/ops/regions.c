/* Pictures of regions, and samples between elements. */
#include "ops/regions.h"

#include <math.h>

#include "ops/lists.h"
#include "ops/shape_rules.h"

const char *const scull_ops_regions_names[] = {"index", "counts", "offsets", NULL};

enum { X, ROIS, BESIDE };

scull_status_t scull_ops_regions_check(const scull_op_call_t *call, int32_t kind) {
  const scull_shape_t *x = &call->inputs[X].type.shape, *rois = &call->inputs[ROIS].type.shape;
  if (x->rank != 4 || rois->rank != 2 || rois->dim[1] != 4)
    return scull_ops_fail(call, "x must be [N,C,H,W] and the regions [R,4]");
  SCULL_TRY(scull_ops_check_floats(call, 2));
  if (!scull_ops_has_input(call, BESIDE))
    return x->dim[0] == 1 ? SCULL_OK
                          : scull_ops_fail(call, "%lld pictures, and nothing says which is whose",
                                           (long long)x->dim[0]);
  SCULL_TRY(scull_ops_check_index(call, BESIDE));
  if (kind == SCULL_REGIONS_OFFSETS) /* how many there are may change from run to run */
    return call->inputs[BESIDE].type.shape.rank == 1
               ? SCULL_OK
               : scull_ops_fail(call, "the offsets must be a list");
  return scull_ops_check_list(call, BESIDE, "what says whose the regions are",
                              kind == SCULL_REGIONS_INDEX ? rois->dim[0] : x->dim[0]);
}

static int64_t beside(const scull_regions_t *walk, int64_t i) {
  const scull_tensor_t *list = &walk->call->inputs[BESIDE];
  return scull_tensor_load_i64(list->data, list->type.dtype, i);
}

scull_status_t scull_ops_regions_next(scull_regions_t *walk, int64_t r, int64_t *picture) {
  int64_t pictures = walk->call->inputs[X].type.shape.dim[0];
  *picture = 0;
  if (!scull_ops_has_input(walk->call, BESIDE))
    return SCULL_OK;
  if (walk->kind == SCULL_REGIONS_INDEX)
    return scull_ops_index_read(walk->call, BESIDE, r, pictures, picture);
  if (r == 0)
    walk->picture = -1;
  if (r == 0 && walk->kind == SCULL_REGIONS_OFFSETS &&
      walk->call->inputs[BESIDE].type.shape.dim[0] != pictures + 1)
    return scull_ops_fail(walk->call, "%lld offsets for %lld pictures",
                          (long long)walk->call->inputs[BESIDE].type.shape.dim[0],
                          (long long)pictures);
  while (walk->left <= 0) {
    if (++walk->picture >= pictures)
      return scull_ops_fail(walk->call, "region %lld is of no picture", (long long)r);
    walk->left = walk->kind == SCULL_REGIONS_COUNTS
                     ? beside(walk, walk->picture)
                     : beside(walk, walk->picture + 1) - beside(walk, walk->picture);
  }
  walk->left--;
  *picture = walk->picture;
  return SCULL_OK;
}

double scull_ops_sample(const scull_tensor_t *x, int64_t plane, int64_t height, int64_t width,
                        double row, double column) {
  if (!(row >= -1 && row <= (double)height && column >= -1 && column <= (double)width))
    return 0;
  row = fmin(fmax(row, 0), (double)(height - 1));
  column = fmin(fmax(column, 0), (double)(width - 1));
  int64_t top = (int64_t)row, left = (int64_t)column;
  int64_t bottom = top + 1 < height ? top + 1 : top, right = left + 1 < width ? left + 1 : left;
  double down = row - (double)top, along = column - (double)left;
  const void *data = x->data;
  scull_dtype_t dtype = x->type.dtype;
  double a = scull_tensor_load(data, dtype, plane + top * width + left);
  double b = scull_tensor_load(data, dtype, plane + top * width + right);
  double c = scull_tensor_load(data, dtype, plane + bottom * width + left);
  double d = scull_tensor_load(data, dtype, plane + bottom * width + right);
  return (1 - down) * ((1 - along) * a + along * b) + down * ((1 - along) * c + along * d);
}
