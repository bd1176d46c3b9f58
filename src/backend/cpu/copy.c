/* cpu.copy: operators that only move elements, on plain tensors of any dtype: transpose, concat,
 * split, expand, the shuffles of channels and pixels, and views that could not be had for nothing.
 * Each becomes a few boxes: extents with one step a dimension on either side. Neighbouring
 * dimensions that go on without a jump are merged; then the innermost is a run of bytes, a 16 x 16
 * transpose, or a loop. Floor: the bytes read and written once at memory speed. */
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/thread.h"
#include "ops/block.h"
#include "ops/channel_shuffle.h"
#include "ops/concat.h"
#include "ops/split.h"
#include "ops/transpose.h"

enum { MAX_RANK = SCULL_MAX_RANK + 2, MAX_BOXES = 64 };

/* Steps and offsets in elements; dimensions in the destination's order. */
typedef struct {
  int32_t rank;
  int64_t dim[MAX_RANK], src_step[MAX_RANK], dst_step[MAX_RANK];
  int64_t src_at, dst_at;
  int input, output; /* positions in args */
} box_t;

typedef struct {
  const scull_cpu_kernels_t *kernels; /* NULL: no fast transposes */
  size_t size;                        /* of an element */
  int threads, count;
  box_t boxes[MAX_BOXES];
} state_t;

/* --- operators as boxes ----------------------------------------------------------------------- */

static const scull_shape_t *input_shape(const scull_site_t *site, size_t i) {
  return &scull_backend_site_input(site, 0, i)->opt;
}

static const scull_shape_t *output_shape(const scull_site_t *site, size_t i) {
  return &scull_backend_site_output(site, 0, i)->opt;
}

static void append(box_t *box, int64_t dim, int64_t src_step, int64_t dst_step) {
  box->dim[box->rank] = dim;
  box->src_step[box->rank] = src_step;
  box->dst_step[box->rank++] = dst_step;
}

static void view_boxes(const scull_site_t *site, state_t *s) {
  append(&s->boxes[s->count++], scull_tensor_count(output_shape(site, 0)), 1, 1);
}

static void transpose_boxes(const scull_site_t *site, state_t *s) {
  const scull_transpose_attrs_t *attrs = site->ops[0].attrs;
  const scull_shape_t *x = input_shape(site, 0), *y = output_shape(site, 0);
  int64_t from[SCULL_MAX_RANK] = {0}, to[SCULL_MAX_RANK] = {0};
  box_t *box = &s->boxes[s->count++];
  scull_tensor_strides(x, from);
  scull_tensor_strides(y, to);
  for (int32_t i = 0; i < y->rank; i++) {
    int32_t axis = y->rank - 1 - i;
    if (attrs->perm.size != 0 && !scull_tensor_axis(attrs->perm.data[i], y->rank, &axis))
      axis = i; /* cannot be: the shape rule has seen it */
    append(box, y->dim[i], from[axis], to[i]);
  }
}

static void expand_boxes(const scull_site_t *site, state_t *s) {
  const scull_shape_t *x = input_shape(site, 0), *y = output_shape(site, 0);
  int64_t from[SCULL_MAX_RANK] = {0}, to[SCULL_MAX_RANK] = {0};
  box_t *box = &s->boxes[s->count++];
  scull_tensor_strides(x, from);
  scull_tensor_strides(y, to);
  for (int32_t i = 0; i < y->rank; i++) {
    const int32_t k = i - (y->rank - x->rank);
    append(box, y->dim[i], k < 0 || x->dim[k] == 1 ? 0 : from[k], to[i]);
  }
}

/* Elements before, along and behind an axis. */
static void around(const scull_shape_t *shape, int32_t axis, int64_t *outer, int64_t *inner) {
  *outer = *inner = 1;
  for (int32_t i = 0; i < axis; i++)
    *outer *= shape->dim[i];
  for (int32_t i = axis + 1; i < shape->rank; i++)
    *inner *= shape->dim[i];
}

/* A shape as it lies in memory: channels last, or in blocks of 16 behind everything else. Axis
 * `axis` of the operator becomes *at; blocks along the channels are whole (see configs). */
static scull_shape_t in_memory(const scull_shape_t *shape, scull_layout_t layout, int32_t axis,
                               int32_t *at) {
  scull_shape_t out = *shape;
  *at = axis;
  if (layout == SCULL_LAYOUT_NHWC) {
    for (int32_t i = 2; i < shape->rank; i++)
      out.dim[i - 1] = shape->dim[i];
    out.dim[shape->rank - 1] = shape->dim[1];
    *at = axis == 1 ? shape->rank - 1 : axis > 1 ? axis - 1 : axis;
  } else if (layout == SCULL_LAYOUT_C16) {
    out.dim[1] = (shape->dim[1] + 15) / 16;
    out.dim[out.rank++] = 16;
  }
  return out;
}

static void concat_boxes(const scull_site_t *site, state_t *s) {
  const scull_concat_attrs_t *attrs = site->ops[0].attrs;
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  int32_t axis = 0, at = 0;
  int64_t outer, inner, offset = 0;
  if (!scull_tensor_axis(attrs->axis, y->opt.rank, &axis))
    return;
  const scull_shape_t whole = in_memory(&y->opt, y->layout, axis, &at);
  around(&whole, at, &outer, &inner);
  for (size_t i = 0; i < site->ops[0].input_count; i++) {
    box_t *box = &s->boxes[s->count++];
    const scull_shape_t part = in_memory(input_shape(site, i), y->layout, axis, &at);
    const int64_t run = part.dim[at] * inner;
    box->input = scull_cpu_input_position(site, site->ops[0].inputs[i]);
    box->dst_at = offset;
    append(box, outer, run, whole.dim[at] * inner);
    append(box, run, 1, 1);
    offset += run;
  }
}

/* Position of output `i` of the operator among those that somebody wants; -1: nobody does. */
static int output_position(const scull_site_t *site, size_t i) {
  for (size_t o = 0; o < site->output_count; o++) {
    if (site->outputs[o] == site->ops[0].outputs[i])
      return (int)o;
  }
  return -1;
}

/* From one run of a part to the next: the part's own, or the tensor's that it is a slice of. */
static int64_t slice_step(const scull_site_value_t *part, int32_t axis, int64_t inner,
                          int64_t run) {
  scull_shape_t wide = part->opt;
  int32_t at = 0;
  if (part->channel_total == 0)
    return run;
  wide.dim[1] = part->channel_total;
  return in_memory(&wide, part->layout, axis, &at).dim[at] * inner;
}

static void split_boxes(const scull_site_t *site, state_t *s) {
  const scull_split_attrs_t *attrs = site->ops[0].attrs;
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  int32_t axis = 0, at = 0;
  int64_t outer, inner, offset = 0;
  if (!scull_tensor_axis(attrs->axis, x->opt.rank, &axis))
    return;
  const scull_shape_t whole = in_memory(&x->opt, x->layout, axis, &at);
  around(&whole, at, &outer, &inner);
  for (size_t i = 0; i < site->ops[0].output_count; i++) {
    const scull_shape_t part = in_memory(output_shape(site, i), x->layout, axis, &at);
    const int64_t run = part.dim[at] * inner;
    const int64_t step = slice_step(scull_backend_site_output(site, 0, i), axis, inner, run);
    const int output = output_position(site, i);
    if (output >= 0) {
      box_t *box = &s->boxes[s->count++];
      box->output = output;
      box->src_at = offset;
      append(box, outer, whole.dim[at] * inner, step);
      append(box, run, 1, 1);
    }
    offset += run;
  }
}

/* [N, C f f, H, W] to or from [N, C, H f, W f]. */
static void block_boxes(const scull_site_t *site, state_t *s, bool to_deep) {
  const scull_block_attrs_t *attrs = site->ops[0].attrs;
  const scull_shape_t *wide = to_deep ? input_shape(site, 0) : output_shape(site, 0);
  const int64_t f = attrs->factor, h = wide->dim[2] / f, w = wide->dim[3] / f;
  const scull_block_steps_t steps = scull_ops_block_steps(attrs, wide->dim[1]);
  const int64_t dims[][3] = {
      /* extent, step in the wide tensor, step in the deep one */
      {wide->dim[0], wide->dim[1] * f * f * h * w, wide->dim[1] * f * f * h * w},
      {wide->dim[1], f * f * h * w, steps.channel * h * w},
      {h, f * f * w, w},
      {f, f * w, steps.row * h * w},
      {w, f, 1},
      {f, 1, steps.column * h * w}};
  box_t *box = &s->boxes[s->count++];
  for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
    append(box, dims[i][0], dims[i][to_deep ? 1 : 2], dims[i][to_deep ? 2 : 1]);
}

static void pixel_shuffle_boxes(const scull_site_t *site, state_t *s) {
  block_boxes(site, s, false);
}

static void space_to_depth_boxes(const scull_site_t *site, state_t *s) {
  block_boxes(site, s, true);
}

static void channel_shuffle_boxes(const scull_site_t *site, state_t *s) {
  const scull_channel_shuffle_attrs_t *attrs = site->ops[0].attrs;
  const scull_shape_t *x = input_shape(site, 0);
  const int64_t groups = attrs->groups, each = x->dim[1] / groups;
  int64_t images, pixels;
  box_t *box = &s->boxes[s->count++];
  around(x, 1, &images, &pixels);
  append(box, images, x->dim[1] * pixels, x->dim[1] * pixels);
  append(box, each, pixels, groups * pixels);
  append(box, groups, each * pixels, pixels);
  append(box, pixels, 1, 1);
}

typedef struct {
  const char *op;
  void (*boxes)(const scull_site_t *site, state_t *s);
} row_t;

static const row_t rows[] = {{"reshape", view_boxes},
                             {"flatten", view_boxes},
                             {"squeeze", view_boxes},
                             {"unsqueeze", view_boxes},
                             {"transpose", transpose_boxes},
                             {"expand", expand_boxes},
                             {"concat", concat_boxes},
                             {"split", split_boxes},
                             {"pixel_shuffle", pixel_shuffle_boxes},
                             {"space_to_depth", space_to_depth_boxes},
                             {"channel_shuffle", channel_shuffle_boxes}};

static const char *const anchors[] = {
    "reshape", "flatten", "squeeze",       "unsqueeze",      "transpose",       "expand",
    "concat",  "split",   "pixel_shuffle", "space_to_depth", "channel_shuffle", NULL};

/* --- the tactic ------------------------------------------------------------------------------- */

static bool splits_channels(const scull_site_t *site) {
  if (!scull_backend_site_is(site, 0, "split"))
    return false;
  const scull_split_attrs_t *attrs = site->ops[0].attrs;
  int32_t axis = 0;
  return scull_tensor_axis(attrs->axis, input_shape(site, 0)->rank, &axis) && axis == 1 &&
         input_shape(site, 0)->rank >= 3;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_op_t *op = &site->ops[0];
  (void)device;
  if (op->input_count > MAX_BOXES || op->output_count > MAX_BOXES)
    return "moves at most 64 tensors";
  for (size_t i = 0; i < site->value_count; i++) {
    if (site->values[i].channel_total > 0 && !splits_channels(site))
      return "knows slices only as parts of split channels";
  }
  const bool many = scull_backend_site_is(site, 0, "concat");
  for (size_t i = 0; i < (many ? op->input_count : 1); i++) {
    const scull_site_value_t *x = scull_backend_site_input(site, 0, i);
    if (x == NULL || x->is_constant || x->opt.rank == 0)
      return "moves tensors of rank 1 and more that are no constants";
  }
  return NULL;
}

/* True when the channels of every part are whole blocks of 16. */
static bool whole_blocks(const scull_site_t *site) {
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    if (v->opt.dim[1] % 16 != 0 || v->min.dim[1] % 16 != 0 || v->max.dim[1] % 16 != 0)
      return false;
  }
  return true;
}

/* Parts of a whole can be moved in any layout that all of them have; the rest is plain. */
static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const scull_layout_t layouts[] = {SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_NHWC, SCULL_LAYOUT_C16};
  const scull_shape_t *x = input_shape(site, 0);
  const bool parts =
      scull_backend_site_is(site, 0, "concat") || scull_backend_site_is(site, 0, "split");
  size_t count = 0;
  (void)device;
  for (size_t i = 0; i < 3 && count < room; i++) {
    if (layouts[i] != SCULL_LAYOUT_PLAIN && (!parts || x->rank < 3 || x->rank > 5))
      continue;
    if (layouts[i] == SCULL_LAYOUT_C16 && !whole_blocks(site))
      continue;
    out[count++] = (scull_config_t){.src = layouts[i], .dst = layouts[i]};
  }
  return count;
}

/* Drops dimensions of one element and joins those that go on without a jump. */
static void merge(box_t *box) {
  int32_t kept = 0;
  for (int32_t i = 0; i < box->rank; i++) {
    const int64_t dim = box->dim[i], src = box->src_step[i], dst = box->dst_step[i];
    if (dim == 1)
      continue;
    if (kept > 0 && box->src_step[kept - 1] == src * dim && box->dst_step[kept - 1] == dst * dim) {
      box->dim[kept - 1] *= dim;
      box->src_step[kept - 1] = src;
      box->dst_step[kept - 1] = dst;
      continue;
    }
    box->dim[kept] = dim;
    box->src_step[kept] = src;
    box->dst_step[kept++] = dst;
  }
  box->rank = kept;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  (void)config;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a copy");
  s->kernels = scull_cpu_kernels_of(device);
  s->size = scull_tensor_dtype_size(site->values[site->outputs[0]].dtype);
  s->threads = site->threads;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (scull_backend_site_is(site, 0, rows[i].op))
      rows[i].boxes(site, s);
  }
  for (int i = 0; i < s->count; i++)
    merge(&s->boxes[i]);
  *out = (scull_prepared_t){.state = s};
  return SCULL_OK;
}

/* --- work ------------------------------------------------------------------------------------- */

typedef struct {
  const state_t *state;
  const box_t *box;
  const char *src;
  char *dst;
} job_t;

/* One dimension. */
static void copy_line(const job_t *job, int64_t count, int64_t src_step, int64_t dst_step,
                      int64_t a, int64_t b) {
  const size_t size = job->state->size;
  const char *src = job->src + (size_t)a * size;
  char *dst = job->dst + (size_t)b * size;
  if (src_step == 1 && dst_step == 1) {
    memcpy(dst, src, (size_t)count * size);
  } else if (size == 4) {
    for (int64_t i = 0; i < count; i++)
      memcpy(dst + i * dst_step * 4, src + i * src_step * 4, 4);
  } else {
    for (int64_t i = 0; i < count; i++)
      memcpy(dst + (size_t)(i * dst_step) * size, src + (size_t)(i * src_step) * size, size);
  }
}

/* Two dimensions where the source is dense in the outer one and the destination in the inner: tiles
 * of 16 x 16. */
static void copy_transposed(const job_t *job, int64_t a, int64_t b) {
  const box_t *box = job->box;
  const int32_t x = box->rank - 1, y = x - 1;
  const int64_t width = box->dim[x] / 16 * 16, height = box->dim[y] / 16 * 16;
  const int64_t src_step = box->src_step[x], dst_step = box->dst_step[y];
  for (int64_t i = 0; i < height; i += 16) {
    for (int64_t j = 0; j < width; j += 16)
      job->state->kernels->transpose((const float *)(const void *)job->src + a + i + j * src_step,
                                     src_step, (float *)(void *)job->dst + b + i * dst_step + j,
                                     dst_step);
  }
  for (int64_t i = 0; i < box->dim[y]; i++) {
    const int64_t done = i < height ? width : 0;
    copy_line(job, box->dim[x] - done, src_step, 1, a + i + done * src_step,
              b + i * dst_step + done);
  }
}

/* How many inner dimensions one piece of work takes. */
static int32_t inner_rank(const state_t *s, const box_t *box) {
  const int32_t x = box->rank - 1;
  const bool turned = box->rank >= 2 && box->dst_step[x] == 1 && box->src_step[x] != 1 &&
                      box->src_step[x - 1] == 1 && box->dim[x] >= 16 && box->dim[x - 1] >= 16;
  if (turned && s->size == 4 && s->kernels != NULL)
    return 2;
  return box->rank < 1 ? 0 : 1;
}

static void run_pieces(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const box_t *box = job->box;
  const int32_t inner = inner_rank(job->state, box), outer = box->rank - inner;
  (void)thread;
  for (int64_t p = begin; p < end; p++) {
    int64_t a = box->src_at, b = box->dst_at, rest = p;
    for (int32_t i = outer - 1; i >= 0; i--) {
      a += rest % box->dim[i] * box->src_step[i];
      b += rest % box->dim[i] * box->dst_step[i];
      rest /= box->dim[i];
    }
    if (inner == 2)
      copy_transposed(job, a, b);
    else if (inner == 1)
      copy_line(job, box->dim[outer], box->src_step[outer], box->dst_step[outer], a, b);
    else
      copy_line(job, 1, 1, 1, a, b);
  }
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  enum { SMALL = 64 * 1024 }; /* bytes below which a fork costs more than it brings */
  for (int i = 0; i < s->count; i++) {
    const box_t *box = &s->boxes[i];
    job_t job = {
        .state = s, .box = box, .src = args->inputs[box->input], .dst = args->outputs[box->output]};
    const int32_t outer = box->rank - inner_rank(s, box);
    int64_t pieces = 1, all = 1;
    for (int32_t d = 0; d < box->rank; d++) {
      all *= box->dim[d];
      pieces *= d < outer ? box->dim[d] : 1;
    }
    if (all > 0)
      scull_base_parallel_for((size_t)all * s->size < SMALL ? 1 : s->threads, pieces, run_pieces,
                              &job);
  }
  return SCULL_OK;
}

const scull_tactic_t scull_tactic_cpu_copy = {.name = "cpu.copy",
                                              .version = 1,
                                              .anchors = anchors,
                                              .refuse = refuse,
                                              .configs = configs,
                                              .prepare = prepare,
                                              .enqueue = enqueue,
                                              .release = scull_base_free};
