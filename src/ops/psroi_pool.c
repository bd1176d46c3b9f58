/* psroi_pool: x [N,channels*height*width,H,W], regions [R,4], whose they are? ->
 * [R,channels,height,width]: each bin is the mean of its elements in a channel of its own. 0 for an
 * empty bin. */
#include "ops/psroi_pool.h"

#include <math.h>

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_psroi_pool_attrs_t, INT, channels, "1"),
    SCULL_FIELD(scull_psroi_pool_attrs_t, INT, height, "1"),
    SCULL_FIELD(scull_psroi_pool_attrs_t, INT, width, "1"),
    SCULL_FIELD(scull_psroi_pool_attrs_t, FLOAT, scale, "1"),
    SCULL_FIELD_ENUM(scull_psroi_pool_attrs_t, regions, "counts", scull_ops_regions_names),
};

enum { MAX_BINS = 1 << 15 }; /* a side, and channels: keeps products exact */

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_psroi_pool_attrs_t *attrs = call->attrs;
  SCULL_TRY(scull_ops_regions_check(call, attrs->regions));
  int64_t sizes[3] = {attrs->channels, attrs->height, attrs->width};
  for (int i = 0; i < 3; i++) {
    if (sizes[i] < 1 || sizes[i] > MAX_BINS)
      return scull_ops_fail(call, "%lld channels of %lld by %lld bins", (long long)sizes[0],
                            (long long)sizes[1], (long long)sizes[2]);
  }
  if (call->inputs[0].type.shape.dim[1] != sizes[0] * sizes[1] * sizes[2])
    return scull_ops_fail(call, "x must have %lld channels",
                          (long long)(sizes[0] * sizes[1] * sizes[2]));
  call->outputs[0].type =
      (scull_type_t){call->inputs[0].type.dtype,
                     {4, {call->inputs[1].type.shape.dim[0], sizes[0], sizes[1], sizes[2]}}};
  return SCULL_OK;
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
  double begin = round(first) * scale, end = (round(last) + 1) * scale;
  double step = fmax(end - begin, 0.1) / (double)bins;
  return (span_t){inside(floor((double)bin * step + begin), size),
                  inside(ceil((double)(bin + 1) * step + begin), size)};
}

static double mean(const scull_tensor_t *x, int64_t plane, span_t rows, span_t columns) {
  int64_t width = x->type.shape.dim[3];
  double sum = 0;
  if (rows.end <= rows.begin || columns.end <= columns.begin)
    return 0;
  for (int64_t r = rows.begin; r < rows.end; r++) {
    for (int64_t c = columns.begin; c < columns.end; c++)
      sum += scull_tensor_load(x->data, x->type.dtype, plane + r * width + c);
  }
  return sum / (double)((rows.end - rows.begin) * (columns.end - columns.begin));
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_psroi_pool_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *rois = &call->inputs[1], *y = &call->outputs[0];
  const scull_shape_t *in = &x->type.shape;
  int64_t bins = attrs->height * attrs->width, each = attrs->channels * bins;
  scull_regions_t walk = {.call = call, .kind = attrs->regions};
  for (int64_t r = 0; r < rois->type.shape.dim[0]; r++) {
    int64_t picture = 0;
    double box[4];
    SCULL_TRY(scull_ops_regions_next(&walk, r, &picture));
    for (int i = 0; i < 4; i++)
      box[i] = scull_tensor_load(rois->data, rois->type.dtype, 4 * r + i);
    for (int64_t i = 0; i < each; i++) {
      span_t rows =
          span_of(box[1], box[3], attrs->scale, i % bins / attrs->width, attrs->height, in->dim[2]);
      span_t columns =
          span_of(box[0], box[2], attrs->scale, i % attrs->width, attrs->width, in->dim[3]);
      int64_t plane = (picture * in->dim[1] + i) * in->dim[2] * in->dim[3];
      scull_tensor_store(y->data, y->type.dtype, r * each + i, mean(x, plane, rows, columns));
    }
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_psroi_pool = {.name = "psroi_pool",
                                              .inputs_min = 2,
                                              .inputs_max = 3,
                                              .outputs_min = 1,
                                              .outputs_max = 1,
                                              .attrs =
                                                  SCULL_SCHEMA(scull_psroi_pool_attrs_t, fields),
                                              .infer = infer,
                                              .reference = reference};
