/* roi_pool: x [N,C,H,W], regions [R,4], whose they are? -> [R,C,height,width]: each region, rounded
 * to elements, cut into bins that may overlap, the largest element of each; 0 for an empty bin. */
#include <math.h>

#include "ops/roi_align.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_roi_pool_attrs_t, INT, height, "1"),
    SCULL_FIELD(scull_roi_pool_attrs_t, INT, width, "1"),
    SCULL_FIELD(scull_roi_pool_attrs_t, FLOAT, scale, "1"),
    SCULL_FIELD_ENUM(scull_roi_pool_attrs_t, regions, "counts", scull_ops_regions_names),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_roi_pool_attrs_t *attrs = call->attrs;
  return scull_ops_roi_infer(call, attrs->height, attrs->width, attrs->regions);
}

/* Elements [begin, end) of one bin, within the picture. */
typedef struct {
  int64_t begin, end;
} span_t;

static int64_t inside(double at, int64_t size) {
  return at > 0 ? (at < (double)size ? (int64_t)at : size) : 0;
}

static span_t span_of(double first, double last, double scale, int64_t bin, int64_t bins,
                      int64_t size) {
  float begin = roundf((float)(first * scale)), end = roundf((float)(last * scale));
  float extent = fmaxf(end - begin + 1, 1), step = extent / (float)bins;
  return (span_t){inside((double)(floorf((float)bin * step) + begin), size),
                  inside((double)(ceilf((float)(bin + 1) * step) + begin), size)};
}

static double largest(const scull_tensor_t *x, int64_t plane, span_t rows, span_t columns) {
  int64_t width = x->type.shape.dim[3];
  double most = rows.end <= rows.begin || columns.end <= columns.begin ? 0 : -HUGE_VAL;
  for (int64_t r = rows.begin; r < rows.end; r++) {
    for (int64_t c = columns.begin; c < columns.end; c++)
      most = fmax(most, scull_tensor_load(x->data, x->type.dtype, plane + r * width + c));
  }
  return most;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_roi_pool_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *rois = &call->inputs[1], *y = &call->outputs[0];
  const scull_shape_t *in = &x->type.shape;
  int64_t bins = attrs->height * attrs->width, channels = in->dim[1];
  scull_regions_t walk = {.call = call, .kind = attrs->regions};
  for (int64_t r = 0; r < rois->type.shape.dim[0]; r++) {
    int64_t picture = 0;
    double box[4];
    SCULL_TRY(scull_ops_regions_next(&walk, r, &picture));
    for (int i = 0; i < 4; i++)
      box[i] = scull_tensor_load(rois->data, rois->type.dtype, 4 * r + i);
    for (int64_t i = 0; i < channels * bins; i++) {
      span_t rows =
          span_of(box[1], box[3], attrs->scale, i % bins / attrs->width, attrs->height, in->dim[2]);
      span_t columns =
          span_of(box[0], box[2], attrs->scale, i % attrs->width, attrs->width, in->dim[3]);
      int64_t plane = (picture * channels + i / bins) * in->dim[2] * in->dim[3];
      scull_tensor_store(y->data, y->type.dtype, r * channels * bins + i,
                         largest(x, plane, rows, columns));
    }
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_roi_pool = {.name = "roi_pool",
                                            .inputs_min = 2,
                                            .inputs_max = 3,
                                            .outputs_min = 1,
                                            .outputs_max = 1,
                                            .attrs = SCULL_SCHEMA(scull_roi_pool_attrs_t, fields),
                                            .infer = infer,
                                            .reference = reference};
