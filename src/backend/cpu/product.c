#include "backend/cpu/product.h"

#include <string.h>

#include "base/checked.h"
#include "base/thread.h"

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

/* --- weights ---------------------------------------------------------------------------------- */

bool scull_cpu_product_packed(int64_t in_channels, int64_t out_channels, size_t *bytes) {
  size_t floats = 0;
  return scull_base_size_mul((size_t)block_count(out_channels) * 16, (size_t)in_channels + 1,
                             &floats) &&
         scull_base_size_mul(floats, sizeof(float), bytes);
}

/* [bias][panel][in][panel's channels], zeros behind the last channel. */
void scull_cpu_product_pack(const scull_cpu_kernels_t *kernels, const scull_cpu_matrix_t *matrix,
                            void *dst) {
  const int64_t in = matrix->in_channels, channels = matrix->out_channels;
  const int64_t panels = panel_count(kernels, channels);
  float *bias = dst, *out = bias + 16 * block_count(channels);
  memset(bias, 0, (size_t)block_count(channels) * 16 * sizeof *bias);
  if (matrix->bias != NULL)
    memcpy(bias, matrix->bias, (size_t)channels * sizeof *bias);
  for (int64_t p = 0; p < panels; p++) {
    const int64_t begin = 16 * panel_begin(channels, panels, p);
    const int64_t width = 16 * panel_begin(channels, panels, p + 1) - begin;
    for (int64_t k = 0; k < width; k++) {
      const float *from = matrix->data + (begin + k) * matrix->out_step;
      for (int64_t i = 0; i < in; i++)
        out[i * width + k] = begin + k < channels ? from[i * matrix->in_step] : 0.0f;
    }
    out += in * width;
  }
}

/* --- shapes ----------------------------------------------------------------------------------- */

size_t scull_cpu_product_configs(const scull_site_t *site, const scull_device_t *device,
                                 int64_t out_channels, const scull_config_t *like,
                                 scull_config_t *out, size_t count, size_t room) {
  static const int32_t together[] = {0, 24};
  const int64_t panels = panel_count(scull_cpu_kernels_of(device), out_channels);
  const bool divides = site->threads > 1 && panels >= site->threads;
  for (size_t u = 0; u < sizeof together / sizeof *together; u++) {
    for (int32_t split = 0; split <= (divides ? SCULL_CPU_BY_CHANNELS : 0); split++) {
      if (count == room)
        return count;
      out[count] = *like;
      out[count].knob[0] = split;
      out[count++].knob[1] = together[u];
    }
  }
  return count;
}

void scull_cpu_product_set_sizes(scull_cpu_product_t *s, const scull_device_t *device,
                                 int32_t pixels_together) {
  s->panels = panel_count(s->kernels, s->out_channels);
  const int64_t l2 = device->l2_bytes == 0 ? 512 * 1024 : (int64_t)device->l2_bytes;
  const int64_t bytes = (int64_t)sizeof(float) * (s->in_channels + s->out_channels) + 1;
  int64_t most = pixels_together > 0 ? pixels_together : l2 / 3 / bytes / 6 * 6;
  most = most < 6 ? 6 : most > 96 ? 96 : most;
  int64_t share = s->pixels;
  if (s->split == SCULL_CPU_BY_PIXELS && s->images < s->threads)
    share = (s->pixels * s->images + s->threads - 1) / s->threads;
  const int64_t parts = share > 0 ? (share + most - 1) / most : 1;
  s->unit = share > 0 ? (share + parts - 1) / parts : 1;
  s->units = (s->pixels + s->unit - 1) / s->unit;
  s->a_size = s->gathers ? s->unit * s->in_channels : 0;
}

size_t scull_cpu_product_scratch(const scull_cpu_product_t *s) {
  return (size_t)(s->threads * s->a_size) * sizeof(float);
}

/* --- work ------------------------------------------------------------------------------------- */

typedef struct {
  const scull_cpu_product_t *state;
  const float *src, *residual, *packed;
  float *dst, *gathered;
} job_t;

/* `count` pixels from `first` on as dense rows. */
static void gather(const scull_cpu_product_t *s, const float *image, int64_t first, int64_t count,
                   float *to) {
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
  const scull_cpu_product_t *s = job->state;
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
  const scull_cpu_product_t *s = job->state;
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
                        .post = &s->post};
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

void scull_cpu_product_run(const scull_cpu_product_t *s, const scull_cpu_product_args_t *args) {
  job_t job = {.state = s,
               .src = args->src,
               .residual = args->residual,
               .packed = args->packed,
               .dst = args->dst,
               .gathered = args->scratch};
  if (s->split == SCULL_CPU_BY_PIXELS)
    scull_base_parallel_for(s->threads, s->images * s->units, run_pixels, &job);
  else
    scull_base_parallel_for(s->threads, s->panels, run_panels, &job);
}
