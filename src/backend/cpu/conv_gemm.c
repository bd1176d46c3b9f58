/* cpu.conv.gemm: 1x1 convolutions (any stride, no padding) as one product of pixels and channels,
 * with bias, residual and activation in the registers of the product. A block of pixels is finished
 * over all its channels before the next, so that destination and residual pass through the caches
 * once, in whole rows; operands may be slices. Sources that are not one dense run of pixels are
 * gathered into the scratch first.
 * Work is shared by pixels or, for few pixels and many weights, by panels of output channels.
 * Floor: 2 P C K operations at the peak of the multiply-add units; P (C + 2 K) floats of memory. */
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/checked.h"
#include "base/thread.h"

enum { BY_PIXELS = 0, BY_CHANNELS = 1 };

typedef struct {
  const scull_cpu_kernels_t *kernels;
  scull_cpu_conv_t conv; /* its pointers into the site are not used after prepare */
  scull_cpu_view_t src, dst, residual;
  bool has_residual, gathers;
  int64_t in_channels, out_channels, panels;
  int64_t images, pixels, width; /* pixels of an image; width of its rows, for gathering */
  int64_t stride_y, stride_x;
  int64_t unit, units; /* pixels finished together; units of an image */
  int64_t a_size;      /* floats gathered by a thread */
  int threads, split;
} state_t;

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_cpu_conv_t c;
  const char *reason = scull_cpu_conv_of(site, &c);
  if (reason != NULL)
    return reason;
  if (scull_cpu_kernels_of(device) == NULL)
    return "needs AVX2";
  for (int i = 0; i < 2; i++) {
    const scull_window_t *w = &c.g.window[i];
    if (w->kernel != 1 || w->pad_begin != 0 || w->pad_end > 0)
      return "needs a 1x1 kernel without padding";
  }
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

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const int32_t units[] = {0, 24};
  scull_cpu_conv_t c;
  scull_config_t pairs[4];
  size_t count = 0;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return 0;
  const size_t layouts = scull_cpu_layout_pairs(&c, pairs);
  const int64_t panels = panel_count(scull_cpu_kernels_of(device), c.g.out_channels);
  const bool divides = site->threads > 1 && panels >= site->threads;
  for (size_t l = 0; l < layouts; l++) {
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
      for (int32_t split = BY_PIXELS; split <= (divides ? BY_CHANNELS : BY_PIXELS); split++) {
        if (count == room)
          return count;
        out[count] = pairs[l];
        out[count].knob[0] = split;
        out[count++].knob[1] = units[u]; /* 0: as many pixels as a third of L2 holds */
      }
    }
  }
  return count;
}

/* --- weights ---------------------------------------------------------------------------------- */

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  (void)config;
  (void)device;
  const scull_shape_t *w = &scull_backend_site_input(site, 0, 1)->opt;
  const size_t channels = (size_t)block_count(w->dim[0]) * 16;
  size_t floats = 0;
  if (!scull_base_size_mul(channels, (size_t)w->dim[1] + 1, &floats) ||
      !scull_base_size_mul(floats, sizeof(float), bytes))
    return SCULL_OUT_OF_MEMORY;
  return SCULL_OK;
}

/* [bias][panel][in][panel's channels], zeros behind the last channel. */
static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  (void)config;
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  const float *filter = c.filter->data;
  const int64_t in = c.g.in_channels, channels = c.g.out_channels;
  const int64_t panels = panel_count(scull_cpu_kernels_of(device), channels);
  float *bias = dst, *out = bias + 16 * block_count(channels);
  memset(bias, 0, (size_t)block_count(channels) * 16 * sizeof *bias);
  if (c.bias != NULL)
    memcpy(bias, c.bias->data, (size_t)channels * sizeof *bias);
  for (int64_t p = 0; p < panels; p++) {
    const int64_t begin = 16 * panel_begin(channels, panels, p);
    const int64_t width = 16 * panel_begin(channels, panels, p + 1) - begin;
    for (int64_t k = 0; k < width; k++) {
      for (int64_t i = 0; i < in; i++)
        out[i * width + k] = begin + k < channels ? filter[(begin + k) * in + i] : 0.0f;
    }
    out += in * width;
  }
  return SCULL_OK;
}

/* --- shapes ----------------------------------------------------------------------------------- */

/* True when the pixels of all images follow each other at one distance. */
static bool is_dense(const scull_cpu_view_t *view, int64_t images, int64_t height, int64_t width) {
  return view->block == 16 && view->row == width * view->pixel &&
         (images == 1 || view->image == height * view->row);
}

static void set_sizes(state_t *s, const scull_device_t *device, int32_t wanted) {
  const int64_t l2 = device->l2_bytes == 0 ? 512 * 1024 : (int64_t)device->l2_bytes;
  const int64_t bytes = (int64_t)sizeof(float) * (s->in_channels + s->out_channels);
  int64_t most = wanted > 0 ? wanted : l2 / 3 / bytes / 6 * 6;
  most = most < 6 ? 6 : most > 96 ? 96 : most;
  int64_t share = s->pixels;
  if (s->split == BY_PIXELS && s->images < s->threads)
    share = (s->pixels * s->images + s->threads - 1) / s->threads;
  const int64_t parts = share > 0 ? (share + most - 1) / most : 1;
  s->unit = share > 0 ? (share + parts - 1) / parts : 1;
  s->units = (s->pixels + s->unit - 1) / s->unit;
  s->a_size = s->gathers ? s->unit * s->in_channels : 0;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL || !scull_cpu_conv_laid_out(&c))
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a 1x1 convolution");
  const scull_window_t *y = &c.g.window[0], *x = &c.g.window[1];
  *s = (state_t){.kernels = scull_cpu_kernels_of(device),
                 .conv = c,
                 .src = scull_cpu_view_of(c.src),
                 .dst = scull_cpu_view_of(c.dst),
                 .has_residual = c.residual != NULL,
                 .in_channels = c.g.in_channels,
                 .out_channels = c.g.out_channels,
                 .images = c.g.batch,
                 .pixels = y->out * x->out,
                 .width = x->out,
                 .stride_y = y->stride,
                 .stride_x = x->stride,
                 .threads = site->threads,
                 .split = config->knob[0]};
  if (s->has_residual)
    s->residual = scull_cpu_view_of(c.residual);
  s->panels = panel_count(s->kernels, s->out_channels);
  const bool steps = y->stride != 1 || x->stride != 1;
  s->gathers = steps || !is_dense(&s->src, 1, y->in, x->in);
  if (!steps && is_dense(&s->src, s->images, y->in, x->in) &&
      is_dense(&s->dst, s->images, y->out, x->out) &&
      (!s->has_residual || is_dense(&s->residual, s->images, y->out, x->out))) {
    s->pixels *= s->images; /* one long image */
    s->images = s->images == 0 ? 0 : 1;
  }
  set_sizes(s, device, config->knob[1]);
  *out =
      (scull_prepared_t){.state = s, .scratch = (size_t)(s->threads * s->a_size) * sizeof(float)};
  return SCULL_OK;
}

/* --- work ------------------------------------------------------------------------------------- */

typedef struct {
  const state_t *state;
  const float *src, *residual, *packed;
  float *dst, *gathered;
} job_t;

/* `count` pixels from `first` on as dense rows. */
static void gather(const state_t *s, const float *image, int64_t first, int64_t count, float *to) {
  const int64_t in = s->in_channels;
  for (int64_t p = first; p < first + count; p++) {
    const float *from =
        image + p / s->width * s->stride_y * s->src.row + p % s->width * s->stride_x * s->src.pixel;
    if (s->src.block == 16) {
      memcpy(to, from, (size_t)in * sizeof *to);
      to += in;
      continue;
    }
    for (int64_t c = 0; c < in; c += 16, from += s->src.block, to += 16)
      memcpy(to, from, 16 * sizeof *to);
  }
}

/* Rows of the next tile: 6, and near the end two even halves rather than 6 and a rest. */
static int next_rows(int64_t left) {
  return left >= 12 || left == 6 ? 6 : left > 6 ? (int)((left + 1) / 2) : (int)left;
}

/* The channels of a panel for a run of pixels whose rows of a begin at g->a. */
static void panel_of_pixels(const job_t *job, scull_cpu_gemm_t *g, const float *a, int64_t image,
                            int64_t first, int64_t count, int64_t panel) {
  const state_t *s = job->state;
  const int64_t block = panel_begin(s->out_channels, s->panels, panel);
  const int64_t blocks = panel_begin(s->out_channels, s->panels, panel + 1) - block;
  const int64_t rest = s->out_channels - 16 * (block + blocks - 1);
  g->tail = rest < 16 ? rest : 16;
  g->bias = job->packed + 16 * block;
  g->b = job->packed + 16 * block_count(s->out_channels) + s->in_channels * 16 * block;
  float *c = job->dst + image * s->dst.image + block * s->dst.block;
  const float *residual =
      s->has_residual ? job->residual + image * s->residual.image + block * s->residual.block
                      : NULL;
  for (int64_t i = 0; i < count;) {
    const int rows = next_rows(count - i);
    g->a = a + i * g->a_row;
    g->c = c + (first + i) * s->dst.pixel;
    g->residual = residual == NULL ? NULL : residual + (first + i) * s->residual.pixel;
    s->kernels->gemm_finish(rows, (int)blocks)(g);
    i += rows;
  }
}

static void unit_of_panels(const job_t *job, int64_t unit, int64_t begin, int64_t end, int thread) {
  const state_t *s = job->state;
  const int64_t image = unit / s->units, first = unit % s->units * s->unit;
  const int64_t count = s->pixels - first < s->unit ? s->pixels - first : s->unit;
  const float *from = job->src + image * s->src.image, *a = from + first * s->src.pixel;
  scull_cpu_gemm_t g = {.a_row = s->gathers ? s->in_channels : s->src.pixel,
                        .segments = 1,
                        .depth = s->in_channels,
                        .c_row = s->dst.pixel,
                        .c_block = s->dst.block,
                        .residual_row = s->residual.pixel,
                        .residual_block = s->residual.block,
                        .post = &s->conv.post};
  if (s->gathers) {
    float *to = job->gathered + thread * s->a_size;
    gather(s, from, first, count, to);
    a = to;
  }
  for (int64_t p = begin; p < end; p++) {
    g.ahead = p == begin && !s->gathers;
    panel_of_pixels(job, &g, a, image, first, count, p);
  }
}

static void run_pixels(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  for (int64_t u = begin; u < end; u++)
    unit_of_panels(job, u, 0, job->state->panels, thread);
}

static void run_panels(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  for (int64_t u = 0; u < job->state->images * job->state->units; u++)
    unit_of_panels(job, u, begin, end, thread);
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {.state = s,
               .src = args->inputs[s->conv.src_at],
               .packed = args->packed,
               .dst = args->outputs[0],
               .gathered = args->scratch};
  if (s->has_residual)
    job.residual = args->inputs[s->conv.residual_at];
  if (s->split == BY_PIXELS)
    scull_base_parallel_for(s->threads, s->images * s->units, run_pixels, &job);
  else
    scull_base_parallel_for(s->threads, s->panels, run_panels, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"conv", NULL};

const scull_tactic_t scull_tactic_cpu_conv_gemm = {.name = "cpu.conv.gemm",
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
