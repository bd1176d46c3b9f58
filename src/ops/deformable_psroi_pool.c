/* deformable_psroi_pool: x [N,channels*group_height*group_width,H,W], regions [R,4], whose they
 * are?, shifts [R,2*K,part_height,part_width]? -> [R,channels,height,width], and of how many
 * samples: each bin, moved by a shift of its own, is the mean of its samples in a channel of its
 * group. Channels of the result share the K pairs of shifts (x, y) evenly. Samples outside of the
 * picture do not count; 0 where none does. */
#include "ops/deformable_psroi_pool.h"

#include <math.h>

typedef scull_deformable_psroi_pool_attrs_t attrs_t;

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(attrs_t, INT, channels, "1"),
    SCULL_FIELD(attrs_t, INT, height, "1"),
    SCULL_FIELD(attrs_t, INT, width, "1"),
    SCULL_FIELD(attrs_t, INT, group_height, "1"),
    SCULL_FIELD(attrs_t, INT, group_width, "1"),
    SCULL_FIELD(attrs_t, INT, part_height, "1"),
    SCULL_FIELD(attrs_t, INT, part_width, "1"),
    SCULL_FIELD(attrs_t, INT, samples, "1"),
    SCULL_FIELD(attrs_t, FLOAT, scale, "1"),
    SCULL_FIELD(attrs_t, FLOAT, shift_scale, "0.1"),
    SCULL_FIELD_ENUM(attrs_t, regions, "counts", scull_ops_regions_names),
};

enum { X, ROIS, BESIDE, SHIFTS };
enum { MOST = 1 << 12 }; /* of any size: keeps products exact */

static scull_status_t infer(const scull_op_call_t *call) {
  const attrs_t *a = call->attrs;
  const scull_shape_t *x = &call->inputs[X].type.shape, *rois = &call->inputs[ROIS].type.shape;
  const int64_t sizes[] = {a->channels,    a->height,      a->width,      a->group_height,
                           a->group_width, a->part_height, a->part_width, a->samples};
  SCULL_TRY(scull_ops_regions_check(call, a->regions));
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    if (sizes[i] < 1 || sizes[i] > MOST)
      return scull_ops_fail(call, "a size of %lld", (long long)sizes[i]);
  }
  if (x->dim[1] != a->channels * a->group_height * a->group_width)
    return scull_ops_fail(call, "x must have %lld channels",
                          (long long)(a->channels * a->group_height * a->group_width));
  if (scull_ops_has_input(call, SHIFTS)) {
    const scull_type_t *s = &call->inputs[SHIFTS].type;
    bool guessed = (call->guessed & (1U << ROIS | 1U << SHIFTS)) != 0;
    if (s->dtype != call->inputs[X].type.dtype || s->shape.rank != 4 ||
        (s->shape.dim[0] != rois->dim[0] && !guessed) || s->shape.dim[1] < 2 ||
        s->shape.dim[1] % 2 != 0 || a->channels % (s->shape.dim[1] / 2) != 0 ||
        s->shape.dim[2] != a->part_height || s->shape.dim[3] != a->part_width)
      return scull_ops_fail(call, "shifts must be [%lld,2*K,%lld,%lld], with a K that divides %lld",
                            (long long)rois->dim[0], (long long)a->part_height,
                            (long long)a->part_width, (long long)a->channels);
  }
  for (size_t i = 0; i < call->output_count; i++)
    call->outputs[i].type = (scull_type_t){call->inputs[X].type.dtype,
                                           {4, {rois->dim[0], a->channels, a->height, a->width}}};
  return SCULL_OK;
}

/* A region along one axis, in elements of x. */
typedef struct {
  double begin, size;
} side_t;

static side_t side_of(const scull_op_call_t *call, int64_t region, int axis) {
  const attrs_t *a = call->attrs;
  const scull_tensor_t *rois = &call->inputs[ROIS];
  double first = scull_tensor_load(rois->data, rois->type.dtype, 4 * region + axis);
  double last = scull_tensor_load(rois->data, rois->type.dtype, 4 * region + 2 + axis);
  side_t side = {round(first) * a->scale - 0.5, 0};
  side.size = fmax((round(last) + 1) * a->scale - 0.5 - side.begin, 0.1);
  return side;
}

/* Which of `parts` equal parts of the bins a bin lies in. */
static int64_t part_of(int64_t bin, int64_t bins, int64_t parts) {
  return bin * parts / bins;
}

/* How far a bin is moved, in sizes of the region. */
static double shift_of(const scull_op_call_t *call, int64_t region, int64_t channel, int64_t row,
                       int64_t column, int axis) {
  const attrs_t *a = call->attrs;
  if (!scull_ops_has_input(call, SHIFTS))
    return 0;
  const scull_tensor_t *s = &call->inputs[SHIFTS];
  int64_t each = a->channels / (s->type.shape.dim[1] / 2);
  int64_t plane = region * s->type.shape.dim[1] + channel / each * 2 + axis;
  int64_t at = (plane * a->part_height + part_of(row, a->height, a->part_height)) * a->part_width +
               part_of(column, a->width, a->part_width);
  return scull_tensor_load(s->data, s->type.dtype, at) * a->shift_scale;
}

/* The mean of a bin's samples in the plane at `plane`; how many there were. */
static double mean_of(const scull_op_call_t *call, int64_t plane, side_t rows, side_t columns,
                      int64_t *count) {
  const attrs_t *a = call->attrs;
  const scull_tensor_t *x = &call->inputs[X];
  int64_t height = x->type.shape.dim[2], width = x->type.shape.dim[3];
  double sum = 0;
  *count = 0;
  for (int64_t i = 0; i < a->samples * a->samples; i++) {
    double row = rows.begin + rows.size / (double)a->samples * (double)(i / a->samples);
    double column = columns.begin + columns.size / (double)a->samples * (double)(i % a->samples);
    if (!(row >= -0.5 && row <= (double)height - 0.5 && column >= -0.5 &&
          column <= (double)width - 0.5))
      continue;
    sum += scull_ops_sample(x, plane, height, width, row, column);
    ++*count;
  }
  return *count == 0 ? 0 : sum / (double)*count;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const attrs_t *a = call->attrs;
  const scull_shape_t *x = &call->inputs[X].type.shape;
  int64_t bins = a->height * a->width, each = a->channels * bins;
  scull_regions_t walk = {.call = call, .kind = a->regions};
  for (int64_t r = 0; r < call->inputs[ROIS].type.shape.dim[0]; r++) {
    int64_t picture = 0, count = 0;
    SCULL_TRY(scull_ops_regions_next(&walk, r, &picture));
    const side_t across = side_of(call, r, 0), down = side_of(call, r, 1);
    for (int64_t i = 0; i < each; i++) {
      int64_t channel = i / bins, row = i % bins / a->width, column = i % a->width;
      side_t rows = {0, down.size / (double)a->height};
      side_t columns = {0, across.size / (double)a->width};
      rows.begin = down.begin + (double)row * rows.size +
                   shift_of(call, r, channel, row, column, 1) * down.size;
      columns.begin = across.begin + (double)column * columns.size +
                      shift_of(call, r, channel, row, column, 0) * across.size;
      int64_t group =
          (channel * a->group_height + part_of(row, a->height, a->group_height)) * a->group_width +
          part_of(column, a->width, a->group_width);
      double mean = mean_of(call, (picture * x->dim[1] + group) * x->dim[2] * x->dim[3], rows,
                            columns, &count);
      scull_dtype_t dtype = call->outputs[0].type.dtype;
      scull_tensor_store(call->outputs[0].data, dtype, r * each + i, mean);
      if (call->output_count > 1)
        scull_tensor_store(call->outputs[1].data, dtype, r * each + i, (double)count);
    }
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  const attrs_t *a = call->attrs;
  return 8 * (double)(a->samples * a->samples) *
         (double)scull_tensor_count(&call->outputs[0].type.shape);
}

const scull_opdef_t scull_opdef_deformable_psroi_pool = {.name = "deformable_psroi_pool",
                                                         .inputs_min = 2,
                                                         .inputs_max = 4,
                                                         .outputs_min = 1,
                                                         .outputs_max = 2,
                                                         .attrs = SCULL_SCHEMA(attrs_t, fields),
                                                         .infer = infer,
                                                         .reference = reference,
                                                         .flops = flops};
