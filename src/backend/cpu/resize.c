/* cpu.resize: pictures brought to another size by any rule of the operator, whose taps are worked
 * out once. A result row is a weighted sum of up to four source rows, made in L1 or L2 over the
 * whole width with vectors; then each pixel is a weighted sum of up to four of that row's, over its
 * channels where they are innermost. The destination may be a slice where channels are innermost.
 * Floor: the bytes of source and result at memory speed; taps down per source pixel, taps across
 * per result pixel. */
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/checked.h"
#include "base/thread.h"
#include "ops/resize.h"

/* What one result row or column is made of. */
typedef struct {
  int32_t count; /* 0: lies outside */
  int64_t index[SCULL_RESIZE_MAX_TAPS];
  float weight[SCULL_RESIZE_MAX_TAPS];
} taps_t;

typedef struct {
  const scull_cpu_kernels_t *kernels;
  int64_t images, blocks;               /* planes: images x blocks */
  int64_t height, width, rows, columns; /* of the source; of the result */
  int64_t each;                         /* floats of a source pixel */
  int64_t dst_image, dst_block, dst_row, dst_pixel;
  float outside;
  int threads;
  taps_t *down, *across;
} state_t;

/* Both spatial axes; a lone one is taken as a row. */
static const char *read_axes(const scull_site_t *site, scull_resize_axis_t axes[2]) {
  static const scull_resize_axis_t one = {.in = 1, .out = 1, .ratio = 1};
  const scull_shape_t *y = &scull_backend_site_output(site, 0, 0)->opt;
  scull_tensor_t inputs[2], outputs[1];
  scull_op_call_t call;
  scull_resize_geometry_t g;
  if (y->rank < 3 || y->rank > 4)
    return "needs one or two spatial axes";
  if (scull_ops_resize_is_wide(site->ops[0].attrs))
    return "takes the nearest taps only, and antialiasing takes more";
  if (!scull_backend_site_call(site, 0, inputs, 2, outputs, 1, &call) ||
      scull_ops_resize_geometry(&call, &g) != SCULL_OK)
    return "needs a size that is known";
  axes[0] = g.spatial == 2 ? g.axis[0] : one;
  axes[1] = g.axis[g.spatial - 1];
  for (int32_t i = 0; i < g.spatial; i++) {
    if (g.axis[i].out != y->dim[2 + i])
      return "needs a size that is known";
  }
  return NULL;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  scull_resize_axis_t axes[2];
  if (x->dtype != SCULL_DTYPE_F32)
    return "computes in f32 only";
  if (x->is_constant || x->channel_total > 0)
    return "reads whole tensors that are no constants";
  const char *reason = read_axes(site, axes);
  if (reason != NULL)
    return reason;
  if (y->channel_total > 0 && y->opt.rank != 4)
    return "writes slices of pictures only";
  return scull_cpu_kernels_of(device) == NULL ? "needs AVX2" : NULL;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const scull_layout_t layouts[] = {SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_NHWC, SCULL_LAYOUT_C16};
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  size_t count = 0;
  (void)device;
  for (size_t i = 0; i < 3 && count < room; i++) {
    if (layouts[i] == SCULL_LAYOUT_PLAIN ? y->channel_total == 0
                                         : scull_cpu_view_fits(y, layouts[i]))
      out[count++] = (scull_config_t){.src = layouts[i], .dst = layouts[i]};
  }
  return count;
}

/* --- shapes ----------------------------------------------------------------------------------- */

static void set_taps(const scull_resize_attrs_t *attrs, const scull_resize_axis_t *axis,
                     taps_t *taps) {
  for (int64_t d = 0; d < axis->out; d++) {
    double weight[SCULL_RESIZE_MAX_TAPS] = {0};
    taps[d].count = scull_ops_resize_taps(attrs, axis, d, taps[d].index, weight);
    for (int32_t i = 0; i < taps[d].count; i++)
      taps[d].weight[i] = (float)weight[i];
  }
}

static void set_steps(const scull_site_t *site, state_t *s) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  const int64_t channels = x->opt.dim[1];
  s->images = x->opt.dim[0];
  if (y->layout == SCULL_LAYOUT_PLAIN) {
    s->blocks = channels;
    s->each = s->dst_pixel = 1;
    s->dst_row = s->columns;
    s->dst_block = s->rows * s->columns;
    s->dst_image = channels * s->dst_block;
    return;
  }
  const scull_cpu_view_t view = scull_cpu_view_of(y);
  const bool blocked = y->layout == SCULL_LAYOUT_C16;
  s->blocks = blocked ? channels / 16 : 1;
  s->each = blocked ? 16 : channels;
  s->dst_image = view.image;
  s->dst_block = view.block;
  s->dst_row = view.row;
  s->dst_pixel = view.pixel;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  const scull_resize_attrs_t *attrs = site->ops[0].attrs;
  scull_resize_axis_t axes[2];
  size_t bytes = 0;
  (void)config;
  if (read_axes(site, axes) != NULL || x->layout != y->layout ||
      (y->layout != SCULL_LAYOUT_PLAIN && !scull_cpu_view_fits(y, y->layout)) ||
      (y->layout == SCULL_LAYOUT_PLAIN && y->channel_total > 0))
    return SCULL_UNSUPPORTED;
  state_t *s = NULL;
  if (scull_base_size_mul((size_t)(axes[0].out + axes[1].out), sizeof(taps_t), &bytes) &&
      scull_base_size_add(bytes, sizeof *s, &bytes))
    s = scull_base_alloc(bytes);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a resize");
  *s = (state_t){.kernels = scull_cpu_kernels_of(device),
                 .height = axes[0].in,
                 .width = axes[1].in,
                 .rows = axes[0].out,
                 .columns = axes[1].out,
                 .outside = (float)attrs->outside,
                 .threads = site->threads,
                 .down = (taps_t *)(void *)(s + 1)};
  s->across = s->down + s->rows;
  set_steps(site, s);
  if (y->opt.rank == 4)
    set_taps(attrs, &axes[0], s->down);
  else
    s->down[0] = (taps_t){.count = 1, .weight = {1}};
  set_taps(attrs, &axes[1], s->across);
  *out = (scull_prepared_t){.state = s,
                            .scratch = (size_t)(s->threads * s->width * s->each) * sizeof(float)};
  return SCULL_OK;
}

/* --- work ------------------------------------------------------------------------------------- */

typedef struct {
  const state_t *state;
  const float *src;
  float *dst, *buffers;
} job_t;

static void fill(float *to, int64_t count, float value) {
  for (int64_t i = 0; i < count; i++)
    to[i] = value;
}

/* The source row, or the sum of several in the buffer. */
static const float *row_of(const state_t *s, const taps_t *taps, const float *plane,
                           float *buffer) {
  const float *from[SCULL_RESIZE_MAX_TAPS];
  const int64_t length = s->width * s->each;
  for (int32_t i = 0; i < taps->count; i++)
    from[i] = plane + taps->index[i] * length;
  if (taps->count == 1 && taps->weight[0] >= 1 && taps->weight[0] <= 1)
    return from[0];
  s->kernels->combine(from, taps->weight, taps->count, buffer, length);
  return buffer;
}

/* Pixels of one number. */
static void plain_row(const state_t *s, const float *row, float *to) {
  for (int64_t x = 0; x < s->columns; x++) {
    const taps_t *taps = &s->across[x];
    float sum = taps->count == 0 ? s->outside : 0.0f;
    for (int32_t i = 0; i < taps->count; i++)
      sum += taps->weight[i] * row[taps->index[i]];
    to[x] = sum;
  }
}

static void pixel_row(const state_t *s, const float *row, float *to) {
  for (int64_t x = 0; x < s->columns; x++, to += s->dst_pixel) {
    const taps_t *taps = &s->across[x];
    const float *from[SCULL_RESIZE_MAX_TAPS];
    for (int32_t i = 0; i < taps->count; i++)
      from[i] = row + taps->index[i] * s->each;
    if (taps->count == 0)
      fill(to, s->each, s->outside);
    else if (taps->count == 1 && taps->weight[0] >= 1 && taps->weight[0] <= 1)
      memcpy(to, from[0], (size_t)s->each * sizeof *to);
    else
      s->kernels->combine(from, taps->weight, taps->count, to, s->each);
  }
}

static void run_rows(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  float *buffer = job->buffers + thread * s->width * s->each;
  for (int64_t r = begin; r < end; r++) {
    const int64_t y = r % s->rows, plane = r / s->rows;
    float *to = job->dst + plane / s->blocks * s->dst_image + plane % s->blocks * s->dst_block +
                y * s->dst_row;
    if (s->down[y].count == 0) {
      for (int64_t x = 0; x < s->columns; x++)
        fill(to + x * s->dst_pixel, s->each, s->outside);
      continue;
    }
    const float *row =
        row_of(s, &s->down[y], job->src + plane * s->height * s->width * s->each, buffer);
    if (s->each == 1 && s->dst_pixel == 1)
      plain_row(s, row, to);
    else
      pixel_row(s, row, to);
  }
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  enum { SMALL = 16 * 1024 }; /* numbers below which a fork costs more than it brings */
  job_t job = {
      .state = s, .src = args->inputs[0], .dst = args->outputs[0], .buffers = args->scratch};
  const int64_t rows = s->images * s->blocks * s->rows;
  scull_base_parallel_for(rows * s->columns * s->each < SMALL ? 1 : s->threads, rows, run_rows,
                          &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"resize", NULL};

const scull_tactic_t scull_tactic_cpu_resize = {.name = "cpu.resize",
                                                .version = 1,
                                                .anchors = anchors,
                                                .refuse = refuse,
                                                .configs = configs,
                                                .prepare = prepare,
                                                .enqueue = enqueue,
                                                .release = scull_base_free};
