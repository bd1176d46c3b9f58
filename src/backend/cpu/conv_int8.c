/* cpu.conv.int8: dense convolutions of one group, without dilation, u8 or s8 times s8 in NHWC, with
 * bias, residual and clip in the registers of the product; the destination may be a slice. A first
 * layer (up to 4 channels) also reads f32 planes and rounds them as it copies them.
 * 1x1 kernels take runs of pixels where they lie, or gathered (stride, s8). For others the window
 * of a pixel is `kernel height` runs of bytes in the source. What hangs over the border of the
 * picture is left out: above and below by fewer runs, left and right by columns of results that
 * have shorter ones. For s8, slices and odd channels the rows that some result rows need are first
 * copied with their padding.
 * Work is shared by pixels or by panels of output channels.
 * Floor: 2 P C K taps operations at the peak of the product instruction; the bytes moved once. */
#include <string.h>

#include "backend/cpu/int8.h"
#include "base/checked.h"
#include "base/thread.h"

enum { BY_PIXELS = 0, BY_CHANNELS = 1, FEW_CHANNELS = 4 };

/* Where the product reads. */
typedef enum {
  DIRECT, /* the source as it lies; taps in the padding are left out */
  GATHER, /* 1x1: pixels gathered in the scratch */
  COPY,   /* rows copied with their padding */
  ROUND,  /* the same of f32 planes, rounded */
} mode_t;

typedef struct {
  const scull_cpu_kernels8_t *kernels;
  scull_cpu_post8_t post;
  scull_window_t y, x;
  mode_t mode;
  bool point, shifts, has_residual; /* point: 1x1 without padding */
  int src_at, residual_at;
  int64_t images, channels, out_channels;
  int64_t src_image, src_row, src_pixel;       /* elements */
  int64_t dst_image, dst_row, dst_pixel;       /* bytes */
  int64_t other_image, other_row, other_pixel; /* bytes, of the residual */
  float factor;                                /* one over the source's scale, of ROUND */
  int64_t pixel, line;                         /* bytes of a pixel and of a row where a is */
  int64_t segments, depth;                     /* see scull_cpu_tile8_t */
  int64_t widest, panels;                      /* blocks of a panel at most */
  int64_t unit, units; /* result rows (1x1: pixels) finished together; units of an image */
  int64_t extent;      /* result rows (1x1: pixels) of an image */
  int64_t left, right; /* result columns [left, right) have whole windows */
  int64_t buffer;      /* bytes of scratch a thread */
  int threads, split;
} state_t;

static bool is_point(const scull_cpu_conv_t *c) {
  const scull_window_t *y = &c->g.window[0], *x = &c->g.window[1];
  return y->kernel == 1 && x->kernel == 1 && y->pad_begin == 0 && x->pad_begin == 0 &&
         (y->out - 1) * y->stride < y->in && (x->out - 1) * x->stride < x->in;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_cpu_conv_t c;
  const char *reason = scull_cpu_conv_of(site, &c);
  if (reason == NULL && !scull_cpu_permits8(site))
    reason = "int8 is not permitted";
  if (reason == NULL)
    reason = scull_cpu_conv8_refuse(&c);
  if (reason != NULL)
    return reason;
  if (scull_cpu_kernels8_of(device) == NULL)
    return "needs AVX2";
  if (c.g.window[0].dilation != 1 || c.g.window[1].dilation != 1)
    return "knows no dilation";
  return c.g.groups != 1 ? "needs one group" : NULL;
}

static int64_t block_count(int64_t channels) {
  return (channels + 15) / 16;
}

static int64_t panel_count(int64_t channels, int64_t widest) {
  return (block_count(channels) + widest - 1) / widest;
}

/* The first block of 16 channels of a panel. */
static int64_t panel_begin(int64_t channels, int64_t panels, int64_t i) {
  return block_count(channels) * i / panels;
}

/* Blocks of a panel at most: knob 1, where 0 is as many as there are registers for. */
static int64_t widest_of(const scull_cpu_kernels8_t *kernels, const scull_config_t *config) {
  const int64_t wanted = config->knob[1] > 0 ? config->knob[1] : 4;
  return wanted < kernels->columns ? wanted : kernels->columns;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  const scull_cpu_kernels8_t *kernels = scull_cpu_kernels8_of(device);
  scull_config_t pairs[4] = {0};
  scull_cpu_conv_t c;
  size_t count = 0, kinds = 0;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return 0;
  if (c.g.in_channels <= FEW_CHANNELS && c.src->channel_total == 0)
    kinds = scull_cpu_conv8_pairs(site, &c, (scull_storage_t){SCULL_LAYOUT_PLAIN, SCULL_AS_MODEL},
                                  pairs, kinds, 4);
  kinds = scull_cpu_conv8_pairs(site, &c, (scull_storage_t){SCULL_LAYOUT_NHWC, SCULL_AS_INT8},
                                pairs, kinds, 4);
  /* Few pixels, or many images: each thread then reads its part of the weights once. Unless one
   * has a panel more to do than the other. */
  const int64_t pixels = c.g.window[0].out * c.g.window[1].out;
  const int64_t wide_panels = panel_count(c.g.out_channels, widest_of(kernels, &(scull_config_t){0}));
  const bool channels_first = (c.g.batch > 1 || pixels < 128) &&
                              (wide_panels % site->threads == 0 || wide_panels > 8 * site->threads);
  for (size_t k = 0; k < kinds; k++) {
    for (int32_t widest = 4; widest >= 3; widest--) {
      if (widest == 3 &&
          (kernels->columns < 4 || c.g.out_channels <= 48 || pairs[k].dst_as == SCULL_AS_MODEL))
        continue;
      for (int32_t i = 0; i < 2; i++) {
        const int32_t split = channels_first ? 1 - i : i;
        const bool divides =
            site->threads > 1 && panel_count(c.g.out_channels, widest) >= site->threads;
        if (count == room || (split == BY_CHANNELS && !divides))
          continue;
        out[count] = pairs[k];
        out[count].knob[0] = split;
        out[count++].knob[1] = widest;
      }
    }
  }
  return count;
}

/* --- weights ---------------------------------------------------------------------------------- */

/* Steps of four bytes of one run of a window. */
static int64_t depth_of(const scull_cpu_conv_t *c) {
  return (c->g.in_channels * c->g.window[1].kernel + 3) / 4;
}

/* [start][scale][bias][panel][ky][step][panel's channels][4]. */
static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  scull_cpu_conv_t c;
  size_t each = 0;
  (void)config;
  (void)device;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  if (!scull_base_size_mul((size_t)c.g.window[0].kernel, (size_t)depth_of(&c) * 4, &each) ||
      !scull_base_size_add(each, 3 * sizeof(float), &each) ||
      !scull_base_size_mul((size_t)block_count(c.g.out_channels) * 16, each, bytes))
    return SCULL_OUT_OF_MEMORY;
  return SCULL_OK;
}

/* The four bytes of channel `o` in step `k` of run `ky`; returns their sum. */
static int32_t pack_four(const scull_cpu_conv_t *c, int64_t o, int64_t ky, int64_t k, int8_t *out) {
  const int64_t in = c->g.in_channels, kw = c->g.window[1].kernel, kh = c->g.window[0].kernel;
  int32_t sum = 0;
  for (int64_t i = 0; i < 4; i++) {
    const int64_t kx = (4 * k + i) / in, channel = (4 * k + i) % in;
    out[i] = 0;
    if (o < c->g.out_channels && kx < kw)
      out[i] = scull_cpu_weight8(c, o, ((o * in + channel) * kh + ky) * kw + kx);
    sum += out[i];
  }
  return sum;
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  const scull_cpu_kernels8_t *kernels = scull_cpu_kernels8_of(device);
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL || scull_cpu_conv8_refuse(&c) != NULL)
    return SCULL_UNSUPPORTED;
  const int64_t channels = c.g.out_channels, all = 16 * block_count(channels);
  const int64_t panels = panel_count(channels, widest_of(kernels, config));
  const int64_t depth = depth_of(&c);
  const scull_cpu_number_t to = config->dst_as == SCULL_AS_INT8 ? SCULL_CPU_U8 : SCULL_CPU_F32;
  int32_t *start = dst;
  float *scale = (float *)(start + all), *bias = scale + all;
  int8_t *out = (int8_t *)(bias + all);
  memset(dst, 0, (size_t)all * 3 * sizeof *bias);
  for (int64_t p = 0; p < panels; p++) {
    const int64_t block = panel_begin(channels, panels, p);
    const int64_t blocks = panel_begin(channels, panels, p + 1) - block;
    for (int64_t i = 0; i < 16 * blocks; i++) {
      const int64_t o = 16 * block + kernels->channel(to, (int)blocks, (int)i);
      int32_t sum = 0;
      for (int64_t k = 0; k < c.g.window[0].kernel * depth; k++)
        sum += pack_four(&c, o, k / depth, k % depth, out + (k * 16 * blocks + i) * 4);
      if (scull_cpu_shifts8(&c))
        start[16 * block + i] = -128 * sum;
      if (o < channels) {
        scale[16 * block + i] = scull_cpu_scale8(&c, o);
        bias[16 * block + i] = scull_cpu_bias8(&c, o);
      }
    }
    out += c.g.window[0].kernel * depth * 64 * blocks;
  }
  return SCULL_OK;
}

/* --- shapes ----------------------------------------------------------------------------------- */

static int64_t source_rows(const state_t *s, int64_t rows) {
  return (rows - 1) * s->y.stride + s->y.kernel;
}

/* Bytes that the product reads for `count` rows or pixels. */
static int64_t unit_bytes(const state_t *s, int64_t count) {
  return s->point ? count * s->channels : source_rows(s, count) * s->line;
}

/* As much a unit as a third of L2 holds, in even parts of a thread's share. */
static void set_units(state_t *s, const scull_device_t *device) {
  const int64_t l2 = device->l2_bytes == 0 ? 512 * 1024 : (int64_t)device->l2_bytes;
  const int64_t grain = s->point ? 24 : 1, limit = s->point ? 192 : s->extent;
  int64_t most = grain, share = s->extent;
  while (most < limit && unit_bytes(s, most + grain) <= l2 / 3)
    most += grain;
  if (s->split == BY_PIXELS && s->images > 0 && s->images < s->threads)
    share = (s->extent * s->images + s->threads - 1) / s->threads;
  const int64_t parts = share > 0 ? (share + most - 1) / most : 1;
  s->unit = share > 0 ? (share + parts - 1) / parts : 1;
  s->units = (s->extent + s->unit - 1) / s->unit;
  if (s->mode != DIRECT) /* the last step may read over the end */
    s->buffer = (unit_bytes(s, s->unit) + 127) / 64 * 64;
}

static void set_views(state_t *s, const scull_cpu_conv_t *c) {
  const scull_cpu_view_t src = scull_cpu_view_of(c->src), dst = scull_cpu_view_of(c->dst);
  const int64_t size = s->post.to == SCULL_CPU_F32 ? (int64_t)sizeof(float) : 1;
  s->src_image = src.image;
  s->src_row = src.row;
  s->src_pixel = src.pixel;
  s->dst_image = dst.image * size;
  s->dst_row = dst.row * size;
  s->dst_pixel = dst.pixel * size;
  if (c->residual != NULL) {
    const scull_cpu_view_t other = scull_cpu_view_of(c->residual);
    s->other_image = other.image * size;
    s->other_row = other.row * size;
    s->other_pixel = other.pixel * size;
  }
}

/* Where the product reads, and how far its rows are apart there. */
static void set_mode(state_t *s, const scull_cpu_conv_t *c) {
  const scull_window_t *y = &s->y, *x = &s->x;
  const bool whole_pixels = s->channels % 4 == 0 && s->src_pixel == s->channels;
  s->pixel = s->channels;
  if (c->src->as == SCULL_AS_MODEL) {
    s->mode = ROUND;
  } else if (s->point) {
    const bool runs = y->stride == 1 && x->stride == 1;
    s->mode = runs && s->channels % 4 == 0 && !s->shifts ? DIRECT : GATHER;
  } else {
    s->mode = whole_pixels && !s->shifts ? DIRECT : COPY;
  }
  s->right = x->out;
  if (s->mode == DIRECT && !s->point) {
    const int64_t whole = x->in + x->pad_begin - x->kernel; /* where the last whole window begins */
    s->left = (x->pad_begin + x->stride - 1) / x->stride;
    s->left = s->left < x->out ? s->left : x->out;
    s->right = whole < 0 ? 0 : whole / x->stride + 1;
    s->right = s->right < s->left ? s->left : s->right < x->out ? s->right : x->out;
  }
  s->line = s->mode == DIRECT ? s->src_row : ((x->out - 1) * x->stride + x->kernel) * s->pixel;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL || scull_cpu_conv8_refuse(&c) != NULL ||
      !scull_cpu_conv8_stored(&c, config) ||
      (config->src_as == SCULL_AS_MODEL && c.g.in_channels > FEW_CHANNELS))
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a convolution of bytes");
  *s = (state_t){.kernels = scull_cpu_kernels8_of(device),
                 .y = c.g.window[0],
                 .x = c.g.window[1],
                 .point = is_point(&c) && config->src_as == SCULL_AS_INT8,
                 .shifts = scull_cpu_shifts8(&c),
                 .has_residual = c.residual != NULL,
                 .src_at = c.src_at,
                 .residual_at = c.residual_at,
                 .images = c.g.batch,
                 .channels = c.g.in_channels,
                 .out_channels = c.g.out_channels,
                 .factor = 1.0f / c.src->quant->scales[0],
                 .segments = c.g.window[0].kernel,
                 .depth = depth_of(&c),
                 .threads = site->threads,
                 .split = config->knob[0]};
  scull_cpu_post8_of(&c, &s->post);
  set_views(s, &c);
  set_mode(s, &c);
  s->widest = widest_of(s->kernels, config);
  s->panels = panel_count(s->out_channels, s->widest);
  s->extent = s->point ? s->y.out * s->x.out : s->y.out;
  set_units(s, device);
  *out = (scull_prepared_t){.state = s, .scratch = (size_t)(s->threads * s->buffer)};
  return SCULL_OK;
}

/* --- work ------------------------------------------------------------------------------------- */

typedef struct {
  const state_t *state;
  const void *src;
  const char *residual;
  const char *packed;
  char *dst;
  uint8_t *buffers;
} job_t;

static void copy_bytes(const state_t *s, const uint8_t *from, uint8_t *to, int64_t count) {
  if (s->shifts)
    s->kernels->flip(from, 0x80, to, count);
  else
    memcpy(to, from, (size_t)count);
}

/* One row of the source, with what stands for 0 around it. */
static void copy_row(const job_t *job, int64_t image, int64_t y, uint8_t *to) {
  const state_t *s = job->state;
  const int zero = s->shifts ? 0x80 : 0;
  const int64_t width = s->line / s->pixel;
  const int64_t left = s->x.pad_begin < width ? s->x.pad_begin : width;
  const int64_t inside = s->x.in < width - left ? s->x.in : width - left;
  if (y < 0 || y >= s->y.in) {
    memset(to, zero, (size_t)s->line);
    return;
  }
  memset(to, zero, (size_t)(left * s->pixel));
  uint8_t *at = to + left * s->pixel;
  if (s->mode == ROUND) {
    const float *plane = (const float *)job->src + image * s->channels * s->y.in * s->x.in;
    s->kernels->quantize(plane + y * s->x.in, s->y.in * s->x.in, (int)s->channels, s->factor,
                         s->shifts, at, inside);
  } else {
    const uint8_t *from = (const uint8_t *)job->src + image * s->src_image + y * s->src_row;
    if (s->src_pixel == s->channels)
      copy_bytes(s, from, at, inside * s->channels);
    else
      for (int64_t x = 0; x < inside; x++)
        copy_bytes(s, from + x * s->src_pixel, at + x * s->channels, s->channels);
  }
  memset(at + inside * s->pixel, zero, (size_t)(to + s->line - at - inside * s->pixel));
}

static void gather(const job_t *job, int64_t image, int64_t first, int64_t count, uint8_t *to) {
  const state_t *s = job->state;
  const uint8_t *from = (const uint8_t *)job->src + image * s->src_image;
  for (int64_t p = first; p < first + count; p++, to += s->channels)
    copy_bytes(s,
               from + p / s->x.out * s->y.stride * s->src_row +
                   p % s->x.out * s->x.stride * s->src_pixel,
               to, s->channels);
}

/* Rows of the next tile: as many as fit, and near the end two even halves rather than a rest. */
static int next_rows(int64_t left, int most) {
  return left >= 2 * most || left == most ? most : left > most ? (int)((left + 1) / 2) : (int)left;
}

/* Weights of the next panel, a part with each tile of this one. */
typedef struct {
  const char *at, *end;
} ahead_t;

/* A run of pixels, `a_row` bytes apart where a is. */
static void run_of_panel(const state_t *s, scull_cpu_tile8_t *t, int64_t count, int columns,
                         ahead_t *ahead) {
  const scull_cpu_tile8_t begin = *t;
  for (int64_t i = 0; i < count;) {
    const int rows = next_rows(count - i, s->kernels->rows[columns - 1]);
    t->ahead = ahead->at < ahead->end ? ahead->at : NULL;
    t->a = begin.a + i * t->a_row;
    t->c = begin.c + i * t->c_row;
    t->residual = begin.residual == NULL ? NULL : begin.residual + i * t->residual_row;
    s->kernels->tile(rows, columns)(t);
    ahead->at += 64 * t->segments * t->depth;
    i += rows;
  }
}

/* Moves to result row y, column x of the unit's panel. */
static void move_to(const state_t *s, scull_cpu_tile8_t *t, int64_t y, int64_t x) {
  t->a += y * s->y.stride * s->line + x * s->x.stride * s->pixel;
  t->c += y * s->dst_row + x * s->dst_pixel;
  if (t->residual != NULL)
    t->residual += y * s->other_row + x * s->other_pixel;
}

/* Leaves out the runs of result row y that lie above and below the picture, where 0 is 0. */
static void skip_rows(const state_t *s, scull_cpu_tile8_t *t, int64_t y, int columns) {
  const int64_t top = y * s->y.stride - s->y.pad_begin;
  const int64_t begin = top < 0 ? -top : 0;
  const int64_t end = s->y.in - top < s->y.kernel ? s->y.in - top : s->y.kernel;
  if (s->shifts)
    return;
  t->segments = end > begin ? end - begin : 0;
  t->a += begin * t->a_block;
  t->b += begin * s->depth * 64 * columns;
}

static bool has_whole_rows(const state_t *s, int64_t y) {
  const int64_t top = y * s->y.stride - s->y.pad_begin;
  return top >= 0 && top + s->y.kernel <= s->y.in;
}

/* Column x of result rows [first, first + count): windows that hang over left or right. `t` is at
 * the unit's first row. */
static void column_of_panel(const state_t *s, const scull_cpu_tile8_t *t, int64_t first,
                            int64_t count, int64_t x, int columns, ahead_t *ahead) {
  const int64_t from = x * s->x.stride - s->x.pad_begin, each = s->channels / 4;
  const int64_t begin = from < 0 ? -from : 0;
  const int64_t end = s->x.in - from < s->x.kernel ? s->x.in - from : s->x.kernel;
  for (int64_t y = 0; y < count;) {
    scull_cpu_tile8_t one = *t;
    int64_t rows = 1;
    while (has_whole_rows(s, first + y) && y + rows < count && has_whole_rows(s, first + y + rows))
      rows++;
    move_to(s, &one, y, x);
    skip_rows(s, &one, first + y, columns);
    one.depth = end > begin ? (end - begin) * each : 0;
    one.a += begin * s->pixel;
    one.b += begin * each * 64 * columns;
    one.b_skip = (s->depth - one.depth) * 64 * columns;
    one.a_row = s->y.stride * s->line;
    one.c_row = s->dst_row;
    one.residual_row = s->other_row;
    run_of_panel(s, &one, rows, columns, ahead);
    y += rows;
  }
}

static void rows_of_panel(const state_t *s, const scull_cpu_tile8_t *t, int64_t first,
                          int64_t count, int columns, ahead_t *ahead) {
  for (int64_t y = 0; y < count; y++) {
    scull_cpu_tile8_t row = *t;
    move_to(s, &row, y, s->left);
    skip_rows(s, &row, first + y, columns);
    run_of_panel(s, &row, s->right - s->left, columns, ahead);
  }
  for (int64_t x = 0; x < s->x.out; x++) {
    if (x < s->left || x >= s->right)
      column_of_panel(s, t, first, count, x, columns, ahead);
  }
}

static void panel_of_unit(const job_t *job, const uint8_t *a, int64_t image, int64_t first,
                          int64_t count, int64_t panel, bool cold) {
  const state_t *s = job->state;
  const int64_t all = 16 * block_count(s->out_channels), size = s->post.to == SCULL_CPU_F32 ? 4 : 1;
  const int64_t block = panel_begin(s->out_channels, s->panels, panel);
  const int64_t next = panel_begin(s->out_channels, s->panels, panel + 1);
  const int64_t rest = s->out_channels - 16 * block, step = s->segments * s->depth * 64;
  const int columns = (int)(next - block);
  const int32_t *start = (const int32_t *)(const void *)job->packed;
  const float *scale = (const float *)(const void *)(start + all);
  const char *weights = (const char *)(scale + 2 * all);
  ahead_t ahead = {weights + next * step, weights + next * step};
  if (cold && panel + 1 < s->panels)
    ahead.end = weights + panel_begin(s->out_channels, s->panels, panel + 2) * step;
  scull_cpu_tile8_t t = {.a = a,
                         .a_row = s->x.stride * s->pixel,
                         .a_block = s->line,
                         .segments = s->segments,
                         .depth = s->depth,
                         .b = (const int8_t *)weights + block * step,
                         .start = start + 16 * block,
                         .scale = scale + 16 * block,
                         .bias = scale + all + 16 * block,
                         .c = job->dst + image * s->dst_image + 16 * block * size,
                         .c_row = s->dst_pixel,
                         .residual_row = s->other_pixel,
                         .channels = rest < 16 * columns ? rest : 16 * columns,
                         .post = &s->post};
  if (s->has_residual)
    t.residual = job->residual + image * s->other_image + 16 * block * size;
  if (s->point) {
    t.a_row = s->mode == DIRECT ? s->src_pixel : s->channels;
    t.c += first * s->dst_pixel;
    t.residual = t.residual == NULL ? NULL : t.residual + first * s->other_pixel;
    run_of_panel(s, &t, count, columns, &ahead);
    return;
  }
  t.c += first * s->dst_row;
  t.residual = t.residual == NULL ? NULL : t.residual + first * s->other_row;
  rows_of_panel(s, &t, first, count, columns, &ahead);
}

/* `cold`: the weights have not been read yet. */
static void unit_of_panels(const job_t *job, int64_t unit, int64_t begin, int64_t end, int thread,
                           bool cold) {
  const state_t *s = job->state;
  const int64_t image = unit / s->units, first = unit % s->units * s->unit;
  const int64_t count = s->extent - first < s->unit ? s->extent - first : s->unit;
  uint8_t *to = job->buffers + thread * s->buffer;
  const uint8_t *a = to;
  if (s->mode == DIRECT) {
    const uint8_t *from = (const uint8_t *)job->src + image * s->src_image;
    a = s->point ? from + first * s->src_pixel
                 : from + (first * s->y.stride - s->y.pad_begin) * s->src_row -
                       s->x.pad_begin * s->src_pixel;
  } else if (s->mode == GATHER) {
    gather(job, image, first, count, to);
  } else {
    for (int64_t r = 0; r < source_rows(s, count); r++)
      copy_row(job, image, first * s->y.stride - s->y.pad_begin + r, to + r * s->line);
  }
  for (int64_t p = begin; p < end; p++)
    panel_of_unit(job, a, image, first, count, p, cold && p + 1 < end);
}

static void run_units(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  for (int64_t u = begin; u < end; u++)
    unit_of_panels(job, u, 0, job->state->panels, thread, u == begin);
}

static void run_panels(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  for (int64_t u = 0; u < job->state->images * job->state->units; u++)
    unit_of_panels(job, u, begin, end, thread, u == 0);
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {.state = s,
               .src = args->inputs[s->src_at],
               .packed = args->packed,
               .dst = args->outputs[0],
               .buffers = args->scratch};
  if (s->has_residual)
    job.residual = args->inputs[s->residual_at];
  if (s->split == BY_PIXELS)
    scull_base_parallel_for(s->threads, s->images * s->units, run_units, &job);
  else
    scull_base_parallel_for(s->threads, s->panels, run_panels, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"conv", NULL};

const scull_tactic_t scull_tactic_cpu_conv_int8 = {.name = "cpu.conv.int8",
                                                   .version = 2,
                                                   .anchors = anchors,
                                                   .growth = SCULL_GROW_EPILOGUE,
                                                   .precisions = 1u << SCULL_AS_INT8,
                                                   .computes = SCULL_AS_INT8,
                                                   .refuse = refuse,
                                                   .configs = configs,
                                                   .pack_size = pack_size,
                                                   .pack = pack,
                                                   .prepare = prepare,
                                                   .enqueue = enqueue,
                                                   .release = scull_base_free,
                                                   .alias = scull_cpu_conv8_alias};
