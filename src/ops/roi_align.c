/* roi_align: x [N,C,H,W], regions [R,4], whose they are? -> [R,C,height,width]: each region cut
 * into bins, each bin the mean (or largest) of samples between elements. */
#include "ops/roi_align.h"

#include <math.h>

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_roi_align_attrs_t, INT, height, "1"),
    SCULL_FIELD(scull_roi_align_attrs_t, INT, width, "1"),
    SCULL_FIELD(scull_roi_align_attrs_t, FLOAT, scale, "1"),
    SCULL_FIELD(scull_roi_align_attrs_t, INT, samples, "0"),
    SCULL_FIELD(scull_roi_align_attrs_t, BOOL, aligned, "false"),
    SCULL_FIELD(scull_roi_align_attrs_t, BOOL, largest, "false"),
    SCULL_FIELD_ENUM(scull_roi_align_attrs_t, regions, "counts", scull_ops_regions_names),
};

enum { MAX_SAMPLES = 1 << 12 }; /* a side of a bin: regions come from the network */

scull_status_t scull_ops_roi_infer(const scull_op_call_t *call, int64_t height, int64_t width,
                                   int32_t regions) {
  SCULL_TRY(scull_ops_regions_check(call, regions));
  if (height < 1 || width < 1)
    return scull_ops_fail(call, "%lld by %lld bins", (long long)height, (long long)width);
  call->outputs[0].type = (scull_type_t){
      call->inputs[0].type.dtype,
      {4, {call->inputs[1].type.shape.dim[0], call->inputs[0].type.shape.dim[1], height, width}}};
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_roi_align_attrs_t *attrs = call->attrs;
  if (attrs->samples > MAX_SAMPLES)
    return scull_ops_fail(call, "%lld samples a side", (long long)attrs->samples);
  return scull_ops_roi_infer(call, attrs->height, attrs->width, attrs->regions);
}

scull_roi_side_t scull_ops_roi_side(const scull_roi_align_attrs_t *attrs, double begin, double end,
                                    int64_t bins) {
  double shift = attrs->aligned ? 0.5 : 0;
  begin = begin * attrs->scale - shift;
  double size = end * attrs->scale - shift - begin;
  size = attrs->aligned ? size : fmax(size, 1);
  double samples = attrs->samples > 0 ? (double)attrs->samples : ceil(size / (double)bins);
  samples = samples > MAX_SAMPLES ? MAX_SAMPLES : samples > 0 ? samples : 0;
  return (scull_roi_side_t){begin, size / (double)bins, (int64_t)samples};
}

/* The largest of the four weighted corners of a sample: what ONNX calls "max". */
static double largest_corner(const scull_tensor_t *x, int64_t plane, int64_t height, int64_t width,
                             double row, double column) {
  if (!(row >= -1 && row <= (double)height && column >= -1 && column <= (double)width))
    return 0;
  row = fmin(fmax(row, 0), (double)(height - 1));
  column = fmin(fmax(column, 0), (double)(width - 1));
  double most = -HUGE_VAL;
  for (int i = 0; i < 4; i++) {
    int down = i / 2;
    double r = floor(row) + down, c = floor(column) + i % 2;
    double weight = (1 - fabs(row - r)) * (1 - fabs(column - c));
    int64_t at =
        (int64_t)fmin(r, (double)(height - 1)) * width + (int64_t)fmin(c, (double)(width - 1));
    most = fmax(most, weight * scull_tensor_load(x->data, x->type.dtype, plane + at));
  }
  return most;
}

static double bin_of(const scull_op_call_t *call, int64_t plane, scull_roi_side_t rows,
                     scull_roi_side_t columns, int64_t row, int64_t column) {
  const scull_roi_align_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0];
  int64_t height = x->type.shape.dim[2], width = x->type.shape.dim[3];
  double sum = 0, most = -HUGE_VAL;
  for (int64_t i = 0; i < rows.samples; i++) {
    double at = rows.begin + rows.bin * ((double)row + ((double)i + 0.5) / (double)rows.samples);
    for (int64_t k = 0; k < columns.samples; k++) {
      double along = columns.begin +
                     columns.bin * ((double)column + ((double)k + 0.5) / (double)columns.samples);
      if (attrs->largest)
        most = fmax(most, largest_corner(x, plane, height, width, at, along));
      else
        sum += scull_ops_sample(x, plane, height, width, at, along);
    }
  }
  int64_t count = rows.samples * columns.samples;
  if (attrs->largest)
    return count > 0 ? most : 0;
  return sum / (double)(count > 0 ? count : 1);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_roi_align_attrs_t *attrs = call->attrs;
  const scull_tensor_t *rois = &call->inputs[1], *y = &call->outputs[0];
  const scull_shape_t *x = &call->inputs[0].type.shape;
  int64_t bins = attrs->height * attrs->width, plane = x->dim[2] * x->dim[3];
  scull_regions_t walk = {.call = call, .kind = attrs->regions};
  for (int64_t r = 0; r < rois->type.shape.dim[0]; r++) {
    int64_t picture = 0;
    double box[4];
    SCULL_TRY(scull_ops_regions_next(&walk, r, &picture));
    for (int i = 0; i < 4; i++)
      box[i] = scull_tensor_load(rois->data, rois->type.dtype, 4 * r + i);
    scull_roi_side_t rows = scull_ops_roi_side(attrs, box[1], box[3], attrs->height);
    scull_roi_side_t columns = scull_ops_roi_side(attrs, box[0], box[2], attrs->width);
    for (int64_t i = 0; i < x->dim[1] * bins; i++)
      scull_tensor_store(y->data, y->type.dtype, r * x->dim[1] * bins + i,
                         bin_of(call, (picture * x->dim[1] + i / bins) * plane, rows, columns,
                                i % bins / attrs->width, i % attrs->width));
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  const scull_roi_align_attrs_t *attrs = call->attrs;
  double samples = attrs->samples > 0 ? (double)attrs->samples : 2;
  return 8 * samples * samples * (double)scull_tensor_count(&call->outputs[0].type.shape);
}

const scull_opdef_t scull_opdef_roi_align = {.name = "roi_align",
                                             .inputs_min = 2,
                                             .inputs_max = 3,
                                             .outputs_min = 1,
                                             .outputs_max = 1,
                                             .attrs = SCULL_SCHEMA(scull_roi_align_attrs_t, fields),
                                             .infer = infer,
                                             .reference = reference,
                                             .flops = flops};
