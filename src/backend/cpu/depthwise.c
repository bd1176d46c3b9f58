/* cpu.conv.depthwise: 3x3 and 5x5 filters of stride 1 and 2, one filter a channel, with bias,
 * residual and activation. Work is cut into rows of one image and, in C16, one block of 16
 * channels; in NHWC up to 16 blocks, which are neighbours in memory, go along. Floor: the source
 * read and the destination written once, at the speed of L2 or L3. */
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/checked.h"
#include "base/thread.h"

typedef struct {
  const scull_cpu_kernels_t *kernels;
  scull_cpu_conv_t conv; /* its pointers into the site are not used after prepare */
  scull_cpu_view_t src, dst, residual;
  bool has_residual;
  int64_t images, blocks;
  int64_t chunk, chunks; /* rows a unit; units of rows */
  int64_t group, groups; /* blocks a unit; units of blocks */
  int threads;
} state_t;

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_cpu_conv_t c;
  const char *reason = scull_cpu_conv_of(site, &c);
  if (reason != NULL)
    return reason;
  if (scull_cpu_kernels_of(device) == NULL)
    return "needs AVX2";
  if (c.g.groups != c.g.in_channels || c.g.groups != c.g.out_channels)
    return "needs one filter a channel";
  if (c.g.groups % 16 != 0)
    return "needs channels % 16 == 0";
  const scull_window_t *y = &c.g.window[0], *x = &c.g.window[1];
  if (y->kernel != x->kernel || (y->kernel != 3 && y->kernel != 5) || y->dilation != 1 ||
      x->dilation != 1)
    return "needs a dense 3x3 or 5x5 kernel";
  return y->stride != x->stride || y->stride > 2 ? "needs stride 1 or 2" : NULL;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  scull_cpu_conv_t c;
  scull_config_t pairs[4];
  (void)device;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return 0;
  /* In NHWC a wide pixel puts all pixels of a group into few cache sets: four times slower. */
  const bool wide = c.g.groups > 256;
  size_t count = 0, layouts = scull_cpu_layout_pairs(&c, pairs);
  for (size_t i = 0; i < layouts && count < room; i++) {
    if (!wide || pairs[i].src == SCULL_LAYOUT_C16)
      out[count++] = pairs[i];
  }
  return count;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  const scull_shape_t *w = &scull_backend_site_input(site, 0, 1)->opt;
  size_t floats = (size_t)(w->dim[2] * w->dim[3] + 1);
  (void)config;
  (void)device;
  if (!scull_base_size_mul(floats, (size_t)w->dim[0], &floats) ||
      !scull_base_size_mul(floats, sizeof(float), bytes))
    return SCULL_OUT_OF_MEMORY;
  return SCULL_OK;
}

/* [bias][block][tap][16]. */
static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  scull_cpu_conv_t c;
  (void)config;
  (void)device;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  const int64_t channels = c.g.groups, taps = c.g.window[0].kernel * c.g.window[1].kernel;
  const float *filter = c.filter->data;
  float *bias = dst, *out = bias + channels;
  memset(bias, 0, (size_t)channels * sizeof *bias);
  if (c.bias != NULL)
    memcpy(bias, c.bias->data, (size_t)channels * sizeof *bias);
  for (int64_t i = 0; i < channels; i++) {
    for (int64_t t = 0; t < taps; t++)
      out[(i / 16 * taps + t) * 16 + i % 16] = filter[i * taps + t];
  }
  return SCULL_OK;
}

/* Units as large as leave every thread four, rows split before blocks. */
static void set_units(state_t *s, bool neighbours) {
  const int64_t rows = s->conv.g.window[0].out;
  s->group = neighbours ? (s->blocks < 16 ? s->blocks : 16) : 1;
  s->groups = (s->blocks + s->group - 1) / s->group;
  s->chunk = rows;
  while (s->chunk > 1 &&
         s->images * s->groups * ((rows + s->chunk - 1) / s->chunk) < 4 * s->threads)
    s->chunk = (s->chunk + 1) / 2;
  s->chunks = s->chunk > 0 ? (rows + s->chunk - 1) / s->chunk : 0;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  scull_cpu_conv_t c;
  (void)config;
  if (scull_cpu_conv_of(site, &c) != NULL || !scull_cpu_conv_laid_out(&c))
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a depthwise convolution");
  *s = (state_t){.kernels = scull_cpu_kernels_of(device),
                 .conv = c,
                 .src = scull_cpu_view_of(c.src),
                 .dst = scull_cpu_view_of(c.dst),
                 .has_residual = c.residual != NULL,
                 .images = c.g.batch,
                 .blocks = c.g.groups / 16,
                 .threads = site->threads};
  if (s->has_residual)
    s->residual = scull_cpu_view_of(c.residual);
  set_units(s, c.src->layout == SCULL_LAYOUT_NHWC);
  *out = (scull_prepared_t){.state = s};
  return SCULL_OK;
}

typedef struct {
  const state_t *state;
  const float *src, *residual, *packed;
  float *dst;
} job_t;

static void run_units(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  const scull_window_t *y = &s->conv.g.window[0], *x = &s->conv.g.window[1];
  const int64_t taps = y->kernel * x->kernel;
  scull_cpu_depthwise_t p = {.src_step = s->src,
                             .dst_step = s->dst,
                             .residual_step = s->residual,
                             .height = y->in,
                             .width = x->in,
                             .columns = x->out,
                             .pad_y = y->pad_begin,
                             .pad_x = x->pad_begin,
                             .kernel = (int)y->kernel,
                             .stride = (int)y->stride,
                             .post = &s->conv.post};
  (void)thread;
  for (int64_t u = begin; u < end; u++) {
    const int64_t image = u / (s->groups * s->chunks), rest = u % (s->groups * s->chunks);
    const int64_t block = rest / s->chunks * s->group, chunk = rest % s->chunks;
    p.src = job->src + image * s->src.image + block * s->src.block;
    p.dst = job->dst + image * s->dst.image + block * s->dst.block;
    if (s->has_residual)
      p.residual = job->residual + image * s->residual.image + block * s->residual.block;
    p.bias = job->packed + 16 * block;
    p.filter = job->packed + 16 * (s->blocks + block * taps);
    p.blocks = s->blocks - block < s->group ? s->blocks - block : s->group;
    p.begin = chunk * s->chunk;
    p.end = p.begin + s->chunk < y->out ? p.begin + s->chunk : y->out;
    s->kernels->depthwise(&p);
  }
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {.state = s,
               .src = args->inputs[s->conv.src_at],
               .packed = args->packed,
               .dst = args->outputs[0]};
  if (s->has_residual)
    job.residual = args->inputs[s->conv.residual_at];
  scull_base_parallel_for(s->threads, s->images * s->groups * s->chunks, run_units, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"conv", NULL};

const scull_tactic_t scull_tactic_cpu_conv_depthwise = {.name = "cpu.conv.depthwise",
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
