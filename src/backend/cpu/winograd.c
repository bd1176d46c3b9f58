/* cpu.conv.winograd.f4x4: 3x3 convolutions of stride 1 through F(4x4, 3x3): 36 multiplications for
 * 16 outputs instead of 144. A block of tiles is transformed into 36 small matrices V that stay in
 * L2; for each panel of output channels 36 products give M, and the output transform adds bias,
 * residual and activation on the way to the destination.
 * Two ways to share the work: by tiles (each thread streams all weights), or by output channels
 * (each thread reads its part of the weights only, all tiles are transformed first): for few tiles.
 * Channels that are no whole blocks of 16 are filled up with zeros on the way.
 * Floor: 36/144 of the direct operations at the peak of the multiply-add units; weights 4x. */
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/checked.h"
#include "base/thread.h"

enum { POINTS = 36, BY_TILES = 0, BY_CHANNELS = 1, LINE = 16, FEWEST = 8 };

typedef struct {
  const scull_cpu_kernels_t *kernels;
  scull_cpu_conv_t conv; /* its pointers into the site are not used after prepare */
  scull_cpu_view_t src, dst, residual;
  scull_cpu_number_t from, to; /* of the source; of result and residual */
  bool has_residual;
  int64_t in_channels, in_width16; /* as they are; in whole blocks of 16 */
  int64_t out_channels, out_blocks;
  int64_t panels;
  int64_t rows, columns, tiles; /* tiles down, across, in all */
  int64_t in_height, in_width, out_height, out_width, pad_y, pad_x;
  int64_t block;            /* tiles that are transformed together */
  int64_t v_plane, m_plane; /* steps between planes, in floats */
  int64_t v_size, m_size;   /* of one V and one M */
  int threads, split;
} state_t;

/* --- what it takes ---------------------------------------------------------------------------- */

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_cpu_conv_t c;
  const char *reason = scull_cpu_conv_of(site, &c);
  if (reason != NULL)
    return reason;
  if (scull_cpu_kernels_of(device) == NULL)
    return "needs AVX2";
  for (int i = 0; i < 2; i++) {
    const scull_window_t *w = &c.g.window[i];
    if (w->kernel != 3 || w->stride != 1 || w->dilation != 1)
      return "needs a 3x3 kernel of stride 1";
  }
  if (c.g.groups != 1)
    return "needs one group";
  if (c.g.in_channels < FEWEST || c.g.out_channels < FEWEST)
    return "needs 8 channels on either side";
  return NULL;
}

static int64_t block_count(int64_t channels) {
  return (channels + 15) / 16;
}

static int64_t panel_count(const scull_cpu_kernels_t *kernels, int64_t blocks) {
  return (blocks + kernels->columns - 1) / kernels->columns;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const int32_t blocks[] = {0, 12};
  scull_cpu_conv_t c;
  scull_config_t pairs[5];
  size_t count = 0;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return 0;
  size_t layouts = scull_cpu_layout_pairs(&c, pairs);
  const int64_t panels = panel_count(scull_cpu_kernels_of(device), block_count(c.g.out_channels));
  const bool divides = site->threads > 1 && panels >= site->threads;
  if (scull_backend_site_permits(site, SCULL_AS_BF16))
    pairs[layouts++] = (scull_config_t){.src = SCULL_LAYOUT_NHWC,
                                        .src_as = SCULL_AS_BF16,
                                        .dst = SCULL_LAYOUT_NHWC,
                                        .dst_as = SCULL_AS_BF16};
  for (size_t l = 0; l < layouts; l++) {
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
      for (int32_t split = BY_TILES; split <= (divides ? BY_CHANNELS : BY_TILES); split++) {
        if (count == room)
          return count;
        out[count] = pairs[l];
        out[count].knob[0] = split;
        out[count++].knob[1] = blocks[b]; /* 0: as many tiles as L2 holds */
      }
    }
  }
  return count;
}

/* --- weights ---------------------------------------------------------------------------------- */

/* Blocks of 16 in panel `i` of `panels`: shares differ by at most one. */
static int64_t panel_begin(int64_t blocks, int64_t panels, int64_t i) {
  return blocks * i / panels;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  (void)config;
  (void)device;
  const scull_shape_t *w = &scull_backend_site_input(site, 0, 1)->opt;
  size_t channels = 16 * (size_t)block_count(w->dim[0]), floats = 0;
  if (!scull_base_size_mul(channels * POINTS, (size_t)w->dim[1], &floats) ||
      !scull_base_size_add(floats, channels, &floats) ||
      !scull_base_size_mul(floats, sizeof(float), bytes))
    return SCULL_OUT_OF_MEMORY;
  return SCULL_OK;
}

/* u = G g G^T; the rows of G are (1, p, p^2) over the product of the distances to the other points.
 */
static void transform_filter(const float g[9], double u[POINTS]) {
  const double a = SCULL_CPU_WINOGRAD_A, b = SCULL_CPU_WINOGRAD_B, s = a * a, t = b * b;
  const double point[5] = {0, a, -a, b, -b};
  const double norm[5] = {1 / (s * t), 1 / (2 * s * (s - t)), 1 / (2 * s * (s - t)),
                          1 / (2 * t * (t - s)), 1 / (2 * t * (t - s))};
  double half[6][3];
  for (int i = 0; i < 6; i++) {
    for (int x = 0; x < 3; x++) {
      const double p = i < 5 ? point[i] : 0, g0 = g[x], g1 = g[3 + x], g2 = g[6 + x];
      half[i][x] = i < 5 ? (g0 + p * (g1 + p * g2)) * norm[i] : g2;
    }
  }
  for (int i = 0; i < 6; i++) {
    for (int j = 0; j < 6; j++) {
      const double p = j < 5 ? point[j] : 0, *h = half[i];
      u[i * 6 + j] = j < 5 ? (h[0] + p * (h[1] + p * h[2])) * norm[j] : h[2];
    }
  }
}

/* [bias][panel][36][in][panel's channels]. */
static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  (void)config;
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  const float *filter = c.filter->data;
  const int64_t in = c.g.in_channels, blocks = block_count(c.g.out_channels);
  float *bias = dst, *out = bias + 16 * blocks;
  const int64_t panels = panel_count(scull_cpu_kernels_of(device), blocks);
  memset(bias, 0, (size_t)(16 * blocks) * sizeof *bias);
  if (c.bias != NULL)
    memcpy(bias, c.bias->data, (size_t)c.g.out_channels * sizeof *bias);
  for (int64_t p = 0; p < panels; p++) {
    const int64_t first = 16 * panel_begin(blocks, panels, p);
    const int64_t width = 16 * panel_begin(blocks, panels, p + 1) - first;
    for (int64_t k = 0; k < width; k++) {
      for (int64_t i = 0; i < in; i++) {
        double u[POINTS] = {0};
        if (first + k < c.g.out_channels)
          transform_filter(filter + ((first + k) * in + i) * 9, u);
        for (int64_t f = 0; f < POINTS; f++)
          out[(f * in + i) * width + k] = (float)u[f];
      }
    }
    out += POINTS * in * width;
  }
  return SCULL_OK;
}

/* --- shapes ----------------------------------------------------------------------------------- */

static void set_sizes(state_t *s, const scull_device_t *device, int32_t wanted) {
  const int64_t l2 = device->l2_bytes == 0 ? 512 * 1024 : (int64_t)device->l2_bytes;
  const int64_t width = 16 * ((s->out_blocks + s->panels - 1) / s->panels);
  const int64_t share = s->split == BY_TILES ? (s->tiles + s->threads - 1) / s->threads : s->tiles;
  int64_t most = wanted;
  if (most == 0) /* V and M in seven eighths of L2, in whole register tiles */
    most = l2 * 7 / 8 / ((int64_t)sizeof(float) * POINTS * (s->in_width16 + width)) / 6 * 6;
  most = most < 6 ? 6 : most > 48 ? 48 : most;
  const int64_t parts = share > 0 ? (share + most - 1) / most : 1;
  s->block = share > 0 ? (share + parts - 1) / parts : 1;
  /* One line more than whole rows: planes must not fall on the same cache set. */
  s->v_plane = s->block * s->in_width16 + LINE;
  s->m_plane = s->block * width + LINE;
  s->v_size = POINTS * s->v_plane;
  s->m_size = POINTS * s->m_plane;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL || !scull_cpu_conv_laid_out(&c) ||
      (c.residual != NULL && c.residual->as != c.dst->as))
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a Winograd convolution");
  const scull_window_t *y = &c.g.window[0], *x = &c.g.window[1];
  *s = (state_t){.kernels = scull_cpu_kernels_of(device),
                 .conv = c,
                 .src = scull_cpu_view_of(c.src),
                 .dst = scull_cpu_view_of(c.dst),
                 .has_residual = c.residual != NULL,
                 .in_channels = c.g.in_channels,
                 .in_width16 = 16 * block_count(c.g.in_channels),
                 .out_channels = c.g.out_channels,
                 .out_blocks = block_count(c.g.out_channels),
                 .rows = (y->out + 3) / 4,
                 .columns = (x->out + 3) / 4,
                 .in_height = y->in,
                 .in_width = x->in,
                 .out_height = y->out,
                 .out_width = x->out,
                 .pad_y = y->pad_begin,
                 .pad_x = x->pad_begin,
                 .threads = site->threads,
                 .split = config->knob[0]};
  scull_cpu_number_of(c.src, &s->from);
  scull_cpu_number_of(c.dst, &s->to);
  if (s->has_residual)
    s->residual = scull_cpu_view_of(c.residual);
  s->tiles = c.g.batch * s->rows * s->columns;
  s->panels = panel_count(s->kernels, s->out_blocks);
  set_sizes(s, device, config->knob[1]);
  const int64_t vs = s->split == BY_TILES ? s->threads : 1;
  *out = (scull_prepared_t){
      .state = s, .scratch = (size_t)(vs * s->v_size + s->threads * s->m_size) * sizeof(float)};
  return SCULL_OK;
}

/* --- work ------------------------------------------------------------------------------------- */

typedef struct {
  const state_t *state;
  const char *src, *residual;
  const float *packed;
  char *dst;
  float *v, *m;         /* of thread 0 */
  int64_t first, count; /* BY_CHANNELS: the tiles at hand */
} job_t;

typedef struct {
  int64_t image, y, x; /* the patch's corner in the result */
} place_t;

static place_t place_of(const state_t *s, int64_t tile) {
  const int64_t x = tile % s->columns, y = tile / s->columns % s->rows;
  return (place_t){tile / (s->columns * s->rows), 4 * y, 4 * x};
}

static int clamp(int64_t x, int64_t low, int64_t high) {
  return (int)(x < low ? low : x > high ? high : x);
}

/* Tiles [first, first + count) into rows [row, ...) of V. */
static void transform_in(const job_t *job, float *v, int64_t first, int64_t count, int64_t row) {
  const state_t *s = job->state;
  scull_cpu_winograd_input_t p = {
      .from = s->from, .step = s->src, .plane = s->v_plane, .blocks = s->in_width16 / 16};
  p.tail = s->in_channels - 16 * (p.blocks - 1);
  for (int64_t i = 0; i < count; i++) {
    const place_t at = place_of(s, first + i);
    const int64_t y = at.y - s->pad_y, x = at.x - s->pad_x;
    p.src = job->src;
    p.corner = at.image * s->src.image + y * s->src.row + x * s->src.pixel;
    p.y0 = clamp(-y, 0, 6);
    p.y1 = clamp(s->in_height - y, 0, 6);
    p.x0 = clamp(-x, 0, 6);
    p.x1 = clamp(s->in_width - x, 0, 6);
    p.dst = v + (row + i) * s->in_width16;
    s->kernels->winograd_input(&p);
  }
}

/* M = V * U of one panel. */
static void multiply(const state_t *s, const float *v, const float *u, float *m, int64_t tiles,
                     int64_t blocks) {
  scull_cpu_gemm_t g = {.a_row = s->in_width16,
                        .segments = 1,
                        .depth = s->in_channels,
                        .c_row = 16 * blocks,
                        .c_block = 16};
  for (int64_t f = 0; f < POINTS; f++, u += s->in_channels * 16 * blocks) {
    g.b = u;
    for (int64_t i = 0; i < tiles; i += SCULL_CPU_GEMM_ROWS) {
      const int rows = clamp(tiles - i, 1, SCULL_CPU_GEMM_ROWS);
      g.a = v + f * s->v_plane + i * s->in_width16;
      g.c = m + f * s->m_plane + i * g.c_row;
      s->kernels->gemm_plain(rows, (int)blocks)(&g);
    }
  }
}

static void transform_out(const job_t *job, const float *m, int64_t first, int64_t tiles,
                          int64_t block, int64_t blocks) {
  const state_t *s = job->state;
  const int64_t size = s->to == SCULL_CPU_F32 ? 4 : 2;
  scull_cpu_winograd_output_t p = {.plane = s->m_plane,
                                   .blocks = blocks,
                                   .to = s->to,
                                   .step = s->dst,
                                   .residual_step = s->residual,
                                   .bias = job->packed + 16 * block,
                                   .post = &s->conv.post};
  const int64_t rest = s->out_channels - 16 * (block + blocks - 1);
  p.tail = rest < 16 ? rest : 16;
  for (int64_t i = 0; i < tiles; i++) {
    const place_t at = place_of(s, first + i);
    p.src = m + i * 16 * blocks;
    p.dst = job->dst + size * (at.image * s->dst.image + at.y * s->dst.row + at.x * s->dst.pixel +
                               block * s->dst.block);
    if (s->has_residual)
      p.residual = job->residual + size * (at.image * s->residual.image + at.y * s->residual.row +
                                           at.x * s->residual.pixel + block * s->residual.block);
    p.rows = clamp(s->out_height - at.y, 1, 4);
    p.columns = clamp(s->out_width - at.x, 1, 4);
    s->kernels->winograd_output(&p);
  }
}

static void panel_of_tiles(const job_t *job, const float *v, float *m, int64_t first, int64_t tiles,
                           int64_t panel) {
  const state_t *s = job->state;
  const int64_t block = panel_begin(s->out_blocks, s->panels, panel);
  const int64_t blocks = panel_begin(s->out_blocks, s->panels, panel + 1) - block;
  const float *u = job->packed + s->out_blocks * 16 + POINTS * s->in_channels * 16 * block;
  multiply(s, v, u, m, tiles, blocks);
  transform_out(job, m, first, tiles, block, blocks);
}

static void run_tiles(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  float *v = job->v + thread * s->v_size, *m = job->m + thread * s->m_size;
  for (int64_t i = begin; i < end; i += s->block) {
    const int64_t tiles = end - i < s->block ? end - i : s->block;
    transform_in(job, v, i, tiles, 0);
    for (int64_t p = 0; p < s->panels; p++)
      panel_of_tiles(job, v, m, i, tiles, p);
  }
}

static void run_transforms(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  (void)thread;
  transform_in(job, job->v, job->first + begin, end - begin, begin);
}

static void run_panels(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  for (int64_t p = begin; p < end; p++)
    panel_of_tiles(job, job->v, job->m + thread * job->state->m_size, job->first, job->count, p);
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {.state = s,
               .src = args->inputs[s->conv.src_at],
               .packed = args->packed,
               .dst = args->outputs[0],
               .v = args->scratch};
  job.m = job.v + (s->split == BY_TILES ? s->threads : 1) * s->v_size;
  if (s->has_residual)
    job.residual = args->inputs[s->conv.residual_at];
  if (s->split == BY_TILES) {
    scull_base_parallel_for(s->threads, s->tiles, run_tiles, &job);
    return SCULL_OK;
  }
  for (job.first = 0; job.first < s->tiles; job.first += s->block) {
    job.count = s->tiles - job.first < s->block ? s->tiles - job.first : s->block;
    scull_base_parallel_for(s->threads, job.count, run_transforms, &job);
    scull_base_parallel_for(s->threads, s->panels, run_panels, &job);
  }
  return SCULL_OK;
}

static const char *const anchors[] = {"conv", NULL};

const scull_tactic_t scull_tactic_cpu_conv_winograd_f4x4 = {.name = "cpu.conv.winograd.f4x4",
                                                            .version = 2,
                                                            .anchors = anchors,
                                                            .growth = SCULL_GROW_EPILOGUE,
                                                            .precisions = 1u << SCULL_AS_BF16,
                                                            .refuse = refuse,
                                                            .configs = configs,
                                                            .pack_size = pack_size,
                                                            .pack = pack,
                                                            .prepare = prepare,
                                                            .enqueue = enqueue,
                                                            .release = scull_base_free,
                                                            .alias = scull_cpu_conv_alias};
