/* cpu.conv.rows: any dense two-dimensional convolution, read from NHWC or, with up to 4 channels (a
 * network's first layer), from the plain tensor, so that no reformat stands before it. The rows
 * that some result rows need are copied with their padding into the scratch; there the window of a
 * pixel is `kernel height` runs of neighbouring floats, and six pixels times a panel of output
 * channels are one tile of the product. With a dilation of d across, a row lies there as d rows of
 * every d-th pixel, in each of which windows have no gaps. The destination may be a slice.
 * Work is shared by rows or by panels of output channels.
 * Floor: 2 P C K taps operations at the peak of the multiply-add units. */
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/checked.h"
#include "base/thread.h"

enum { BY_ROWS = 0, BY_CHANNELS = 1, FEW_CHANNELS = 4 };

typedef struct {
  const scull_cpu_kernels_t *kernels;
  scull_cpu_conv_t conv; /* its pointers into the site are not used after prepare */
  scull_cpu_view_t src, dst, residual;
  bool has_residual, plain; /* plain: source rows are [channels][width] in the scratch */
  scull_window_t y, x;
  int64_t images, channels, out_channels, panels;
  int64_t plane;                                 /* of a plain source */
  int64_t phases, phase;                         /* dilation across; pixels of each such row */
  int64_t width;                                 /* of a padded row, in pixels */
  int64_t segments, depth, a_block, a_row, line; /* see scull_cpu_gemm_t; floats of a padded row */
  int64_t chunk, chunks;                         /* result rows a unit; units an image */
  int64_t buffer;                                /* floats of scratch a thread */
  int threads, split;
} state_t;

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_cpu_conv_t c;
  const char *reason = scull_cpu_conv_of(site, &c);
  if (reason != NULL)
    return reason;
  if (scull_cpu_kernels_of(device) == NULL)
    return "needs AVX2";
  if (c.g.window[1].dilation != 1 && c.g.window[1].stride != 1)
    return "knows dilation across with stride 1 only";
  return c.g.groups != 1 ? "needs one group" : NULL;
}

static int64_t block_count(int64_t channels) {
  return (channels + 15) / 16;
}

static int64_t panel_count(const scull_cpu_kernels_t *kernels, int64_t channels) {
  return (block_count(channels) + kernels->columns - 1) / kernels->columns;
}

/* The first block of 16 channels of a panel. */
static int64_t panel_begin(int64_t channels, int64_t panels, int64_t i) {
  return block_count(channels) * i / panels;
}

/* True when the source is read plain, wherever it may be. */
static bool reads_plain(const scull_cpu_conv_t *c) {
  return c->g.in_channels <= FEW_CHANNELS && c->src->channel_total == 0 &&
         c->g.window[0].dilation == 1 && c->g.window[1].dilation == 1;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const scull_layout_t layouts[] = {SCULL_LAYOUT_NHWC, SCULL_LAYOUT_C16};
  scull_cpu_conv_t c;
  size_t count = 0;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return 0;
  const int64_t panels = panel_count(scull_cpu_kernels_of(device), c.g.out_channels);
  const bool divides = site->threads > 1 && panels >= site->threads;
  const bool plain = reads_plain(&c);
  for (size_t l = 0; l < 2; l++) {
    if (!scull_cpu_view_fits(c.dst, layouts[l]) ||
        (c.residual != NULL && !scull_cpu_view_fits(c.residual, layouts[l])))
      continue;
    for (int32_t split = BY_ROWS; split <= (divides ? BY_CHANNELS : BY_ROWS); split++) {
      if (count < room)
        out[count++] = (scull_config_t){.knob = {split},
                                        .src = plain ? SCULL_LAYOUT_PLAIN : SCULL_LAYOUT_NHWC,
                                        .dst = layouts[l]};
    }
  }
  return count;
}

/* --- weights ---------------------------------------------------------------------------------- */

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  const scull_shape_t *w = &scull_backend_site_input(site, 0, 1)->opt;
  const size_t taps = (size_t)(w->dim[1] * w->dim[2] * w->dim[3]);
  size_t floats = 0;
  (void)config;
  (void)device;
  if (!scull_base_size_mul((size_t)block_count(w->dim[0]) * 16, taps + 1, &floats) ||
      !scull_base_size_mul(floats, sizeof(float), bytes))
    return SCULL_OUT_OF_MEMORY;
  return SCULL_OK;
}

/* One panel, [ky][kx][channel] or, plain, [ky][channel][kx]: the order of a pixel's window. */
static void pack_panel(const scull_cpu_conv_t *c, bool plain, int64_t begin, int64_t width,
                       float *out) {
  const float *filter = c->filter->data;
  const int64_t in = c->g.in_channels, kh = c->g.window[0].kernel, kw = c->g.window[1].kernel;
  for (int64_t t = 0; t < kh * kw * in; t++) {
    const int64_t ky = t / (kw * in), rest = t % (kw * in);
    const int64_t kx = plain ? rest % kw : rest / in, i = plain ? rest / kw : rest % in;
    for (int64_t k = 0; k < width; k++) {
      const int64_t o = begin + k;
      out[t * width + k] =
          o < c->g.out_channels ? filter[((o * in + i) * kh + ky) * kw + kx] : 0.0f;
    }
  }
}

/* [bias][panel][window][panel's channels]. */
static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  const int64_t channels = c.g.out_channels;
  const int64_t window = c.g.in_channels * c.g.window[0].kernel * c.g.window[1].kernel;
  const int64_t panels = panel_count(scull_cpu_kernels_of(device), channels);
  float *bias = dst, *out = bias + 16 * block_count(channels);
  memset(bias, 0, (size_t)block_count(channels) * 16 * sizeof *bias);
  if (c.bias != NULL)
    memcpy(bias, c.bias->data, (size_t)channels * sizeof *bias);
  for (int64_t p = 0; p < panels; p++) {
    const int64_t begin = 16 * panel_begin(channels, panels, p);
    const int64_t width = 16 * panel_begin(channels, panels, p + 1) - begin;
    pack_panel(&c, config->src == SCULL_LAYOUT_PLAIN, begin, width, out);
    out += window * width;
  }
  return SCULL_OK;
}

/* --- shapes ----------------------------------------------------------------------------------- */

static int64_t source_rows(const state_t *s, int64_t rows) {
  return (rows - 1) * s->y.stride + (s->y.kernel - 1) * s->y.dilation + 1;
}

/* Those of them that can lie inside the picture. */
static int64_t stored_rows(const state_t *s, int64_t rows) {
  const int64_t needed = source_rows(s, rows);
  return needed < s->y.in ? needed : s->y.in;
}

/* As many rows a unit as a third of L2 holds, in even parts of a thread's share. */
static void set_chunks(state_t *s, const scull_device_t *device) {
  const int64_t l2 = device->l2_bytes == 0 ? 512 * 1024 : (int64_t)device->l2_bytes;
  const int64_t rows = s->y.out;
  int64_t most = 1, share = rows;
  while (most < rows && stored_rows(s, most + 1) * s->line * (int64_t)sizeof(float) <= l2 / 3)
    most++;
  if (s->split == BY_ROWS && s->images > 0 && s->images < s->threads)
    share = (rows * s->images + s->threads - 1) / s->threads;
  const int64_t parts = share > 0 ? (share + most - 1) / most : 1;
  s->chunk = share > 0 ? (share + parts - 1) / parts : 1;
  s->chunks = (rows + s->chunk - 1) / s->chunk;
  s->buffer = stored_rows(s, s->chunk) * s->line + 16;
}

static void set_rows(state_t *s) {
  s->plane = s->y.in * s->x.in;
  s->phases = s->x.dilation;
  s->phase = ((s->x.out + s->phases - 1) / s->phases - 1) * s->x.stride + s->x.kernel;
  s->width = s->phases * s->phase;
  s->line = s->width * s->channels;
  s->segments = s->y.kernel * (s->plain ? s->channels : 1);
  s->depth = s->x.kernel * (s->plain ? 1 : s->channels);
  s->a_block = s->plain ? s->width : s->y.dilation * s->line;
  s->a_row = s->x.stride * (s->plain ? 1 : s->channels);
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL || !scull_cpu_view_fits(c.dst, c.dst->layout) ||
      (c.residual != NULL && c.residual->layout != c.dst->layout) ||
      (c.residual != NULL && !scull_cpu_view_fits(c.residual, c.residual->layout)) ||
      c.src->layout != config->src || (config->src == SCULL_LAYOUT_PLAIN && !reads_plain(&c)))
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a convolution by rows");
  *s = (state_t){.kernels = scull_cpu_kernels_of(device),
                 .conv = c,
                 .src = scull_cpu_view_of(c.src),
                 .dst = scull_cpu_view_of(c.dst),
                 .has_residual = c.residual != NULL,
                 .plain = config->src == SCULL_LAYOUT_PLAIN,
                 .y = c.g.window[0],
                 .x = c.g.window[1],
                 .images = c.g.batch,
                 .channels = c.g.in_channels,
                 .out_channels = c.g.out_channels,
                 .threads = site->threads,
                 .split = config->knob[0]};
  if (s->has_residual)
    s->residual = scull_cpu_view_of(c.residual);
  s->panels = panel_count(s->kernels, s->out_channels);
  set_rows(s);
  set_chunks(s, device);
  *out =
      (scull_prepared_t){.state = s, .scratch = (size_t)(s->threads * s->buffer) * sizeof(float)};
  return SCULL_OK;
}

/* --- work ------------------------------------------------------------------------------------- */

typedef struct {
  const state_t *state;
  const float *src, *residual, *packed;
  float *dst, *buffers;
} job_t;

/* `count` pixels of `each` floats at distance `step`, with zeros where x lies outside. */
static void copy_run(const state_t *s, const float *from, int64_t step, int64_t each, float *to) {
  const int64_t left = s->x.pad_begin < s->width ? s->x.pad_begin : s->width;
  int64_t inside = s->x.in < s->width - left ? s->x.in : s->width - left;
  memset(to, 0, (size_t)(left * each) * sizeof *to);
  if (step == each)
    memcpy(to + left * each, from, (size_t)(inside * each) * sizeof *to);
  else
    for (int64_t x = 0; x < inside; x++)
      memcpy(to + (left + x) * each, from + x * step, (size_t)each * sizeof *to);
  memset(to + (left + inside) * each, 0, (size_t)((s->width - left - inside) * each) * sizeof *to);
}

/* A row as `phases` rows of every so many-th pixel. */
static void copy_phases(const state_t *s, const float *from, float *to) {
  const size_t bytes = (size_t)s->channels * sizeof *to;
  for (int64_t r = 0; r < s->phases; r++) {
    for (int64_t m = 0; m < s->phase; m++, to += s->channels) {
      const int64_t x = r + m * s->phases - s->x.pad_begin;
      if (x >= 0 && x < s->x.in)
        memcpy(to, from + x * s->src.pixel, bytes);
      else
        memset(to, 0, bytes);
    }
  }
}

/* The source row above which nothing is copied for result rows from `first` on. */
static int64_t first_row(const state_t *s, int64_t first) {
  const int64_t top = first * s->y.stride - s->y.pad_begin;
  return top < 0 ? 0 : top;
}

/* The source rows of result rows [first, first + count) that lie in the picture, padded. */
static void copy_rows(const job_t *job, int64_t image, int64_t first, int64_t count, float *to) {
  const state_t *s = job->state;
  const int64_t bottom = first * s->y.stride - s->y.pad_begin + source_rows(s, count);
  for (int64_t y = first_row(s, first); y < bottom && y < s->y.in; y++, to += s->line) {
    if (s->plain) {
      const float *from = job->src + image * s->channels * s->plane + y * s->x.in;
      for (int64_t c = 0; c < s->channels; c++)
        copy_run(s, from + c * s->plane, 1, 1, to + c * s->width);
      continue;
    }
    const float *from = job->src + image * s->src.image + y * s->src.row;
    if (s->phases > 1)
      copy_phases(s, from, to);
    else
      copy_run(s, from, s->src.pixel, s->channels, to);
  }
}

/* Pixels of the next tile: 6, and near the end two even halves rather than 6 and a rest. */
static int next_pixels(int64_t left) {
  return left >= 12 || left == 6 ? 6 : left > 6 ? (int)((left + 1) / 2) : (int)left;
}

static void row_of_panel(const state_t *s, scull_cpu_gemm_t *g, const float *a, float *c,
                         const float *residual, int blocks) {
  for (int64_t r = 0; r < s->phases; r++, a += s->phase * s->channels) {
    const int64_t count = (s->x.out - r + s->phases - 1) / s->phases;
    for (int64_t i = 0; i < count;) {
      const int64_t x = r + i * s->phases;
      const int pixels = next_pixels(count - i);
      g->a = a + i * s->a_row;
      g->c = c + x * s->dst.pixel;
      g->residual = residual == NULL ? NULL : residual + x * s->residual.pixel;
      s->kernels->gemm_finish(pixels, blocks)(g);
      i += pixels;
    }
  }
}

/* Leaves out the segments of result row y that lie above or below the picture; returns how many
 * above. */
static int64_t skip_padding(const state_t *s, scull_cpu_gemm_t *g, int64_t y) {
  const int64_t top = y * s->y.stride - s->y.pad_begin, each = s->segments / s->y.kernel;
  const int64_t step = s->y.dilation, last = (s->y.in - top + step - 1) / step;
  const int64_t begin = top < 0 ? (-top + step - 1) / step : 0;
  const int64_t end = last < s->y.kernel ? last : s->y.kernel;
  g->segments = end > begin ? (end - begin) * each : 0;
  return end > begin ? begin * each : 0;
}

static void unit_of_panels(const job_t *job, int64_t unit, int64_t begin, int64_t end, int thread) {
  const state_t *s = job->state;
  const int64_t image = unit / s->chunks, first = unit % s->chunks * s->chunk;
  const int64_t count = s->y.out - first < s->chunk ? s->y.out - first : s->chunk;
  float *rows = job->buffers + thread * s->buffer;
  scull_cpu_gemm_t g = {.a_row = s->a_row,
                        .a_block = s->a_block,
                        .segments = s->segments,
                        .depth = s->depth,
                        .c_row = s->phases * s->dst.pixel,
                        .c_block = s->dst.block,
                        .residual_row = s->phases * s->residual.pixel,
                        .residual_block = s->residual.block,
                        .post = &s->conv.post};
  copy_rows(job, image, first, count, rows);
  for (int64_t p = begin; p < end; p++) {
    const int64_t block = panel_begin(s->out_channels, s->panels, p);
    const int64_t blocks = panel_begin(s->out_channels, s->panels, p + 1) - block;
    const int64_t rest = s->out_channels - 16 * (block + blocks - 1);
    g.tail = rest < 16 ? rest : 16;
    g.bias = job->packed + 16 * block;
    const float *b =
        job->packed + 16 * block_count(s->out_channels) + s->segments * s->depth * 16 * block;
    for (int64_t y = 0; y < count; y++) {
      const int64_t skip = skip_padding(s, &g, first + y);
      g.b = b + skip * s->depth * 16 * blocks;
      float *c = job->dst + image * s->dst.image + (first + y) * s->dst.row + block * s->dst.block;
      const float *residual = s->has_residual
                                  ? job->residual + image * s->residual.image +
                                        (first + y) * s->residual.row + block * s->residual.block
                                  : NULL;
      const int64_t top = (first + y) * s->y.stride - s->y.pad_begin - first_row(s, first);
      const float *a = g.segments == 0 ? rows : rows + (top * s->line + skip * s->a_block);
      row_of_panel(s, &g, a, c, residual, (int)blocks);
    }
  }
}

static void run_rows(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  for (int64_t u = begin; u < end; u++)
    unit_of_panels(job, u, 0, job->state->panels, thread);
}

static void run_panels(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  for (int64_t u = 0; u < job->state->images * job->state->chunks; u++)
    unit_of_panels(job, u, begin, end, thread);
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {.state = s,
               .src = args->inputs[s->conv.src_at],
               .packed = args->packed,
               .dst = args->outputs[0],
               .buffers = args->scratch};
  if (s->has_residual)
    job.residual = args->inputs[s->conv.residual_at];
  if (s->split == BY_ROWS)
    scull_base_parallel_for(s->threads, s->images * s->chunks, run_rows, &job);
  else
    scull_base_parallel_for(s->threads, s->panels, run_panels, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"conv", NULL};

const scull_tactic_t scull_tactic_cpu_conv_rows = {.name = "cpu.conv.rows",
                                                   .version = 1,
                                                   .anchors = anchors,
                                                   .growth = SCULL_GROW_EPILOGUE,
                                                   .refuse = refuse,
                                                   .configs = configs,
                                                   .pack_size = pack_size,
                                                   .pack = pack,
                                                   .prepare = prepare,
                                                   .enqueue = enqueue,
                                                   .release = scull_base_free,
                                                   .alias = scull_cpu_conv_alias};
