#include "backend/cpu/narrow.h"

#include <string.h>

#include "base/checked.h"
#include "base/thread.h"

enum { BY_PIXELS = 0, BY_CHANNELS = 1 };

/* Where the product reads. */
typedef enum {
  DIRECT, /* the source as it lies; taps in the padding are left out */
  GATHER, /* 1x1: pixels gathered in the scratch */
  COPY,   /* rows copied with their padding */
  ROUND,  /* the same of f32 planes, rounded */
} mode_t;

typedef struct {
  scull_cpu_narrow_spec_t spec;
  scull_window_t y, x;
  mode_t mode;
  bool point, has_residual; /* point: 1x1 without padding */
  int src_at, residual_at;
  int64_t images, channels, out_channels;
  int64_t src_image, src_row, src_pixel;       /* bytes, of narrow numbers */
  int64_t dst_image, dst_row, dst_pixel;       /* bytes */
  int64_t other_image, other_row, other_pixel; /* bytes, of the residual */
  int64_t pixel, line;                         /* bytes of a pixel and of a row where a is */
  int64_t segments, depth;                     /* see scull_cpu_tile_t */
  int64_t run;                                 /* steps of a segment in b, half ones too */
  bool half;
  int64_t widest, panels; /* blocks of a panel at most */
  int64_t unit, units;    /* result rows (1x1: pixels) finished together; units of an image */
  int64_t extent;         /* result rows (1x1: pixels) of an image */
  int64_t left, right;    /* result columns [left, right) have whole windows */
  int64_t buffer;         /* bytes of scratch a thread */
  int threads, split;
} state_t;

static bool is_point(const scull_cpu_conv_t *c) {
  const scull_window_t *y = &c->g.window[0], *x = &c->g.window[1];
  return y->kernel == 1 && x->kernel == 1 && y->pad_begin == 0 && x->pad_begin == 0 &&
         (y->out - 1) * y->stride < y->in && (x->out - 1) * x->stride < x->in;
}

const char *scull_cpu_bf16_refuse(const scull_site_t *site, const scull_cpu_conv_t *c,
                                  const scull_device_t *device) {
  const uint32_t needed = SCULL_CPU_AVX512 | SCULL_CPU_AVX512_VNNI | SCULL_CPU_AVX512_BF16;
  bool permitted = scull_backend_site_permits(site, SCULL_AS_BF16);
  for (size_t i = 0; i < site->value_count; i++)
    permitted = permitted || site->values[i].as == SCULL_AS_BF16;
  if (!permitted)
    return "bf16 is not permitted";
  if ((device->features & needed) != needed)
    return "needs AVX512-BF16";
  return c->post.act > SCULL_CPU_ACT_CLIP ? "knows a clip behind products of narrow numbers" : NULL;
}

void scull_cpu_bf16_post(const scull_cpu_conv_t *c, scull_cpu_narrow_post_t *out) {
  *out = (scull_cpu_narrow_post_t){
      .low = c->post.param[0], .high = c->post.param[1], .add_first = c->post.add_first};
  scull_cpu_number_of(c->dst, &out->to);
  if (c->residual != NULL)
    scull_cpu_number_of(c->residual, &out->residual);
}

const char *scull_cpu_narrow_refuse(const scull_cpu_conv_t *c) {
  if (c->post.act > SCULL_CPU_ACT_CLIP)
    return "knows a clip behind products of narrow numbers";
  if (c->g.window[0].dilation != 1 || c->g.window[1].dilation != 1)
    return "knows no dilation";
  return c->g.groups != 1 ? "needs one group" : NULL;
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
static int64_t widest_of(const scull_cpu_products_t *products, int32_t knob) {
  const int64_t wanted = knob > 0 ? knob : 4;
  return wanted < products->columns ? wanted : products->columns;
}

size_t scull_cpu_narrow_configs(const scull_site_t *site, const scull_cpu_conv_t *c,
                                const scull_cpu_products_t *products, const scull_config_t *pairs,
                                size_t pair_count, scull_config_t *out, size_t room) {
  const int64_t channels = c->g.out_channels, pixels = c->g.window[0].out * c->g.window[1].out;
  const int64_t panels = panel_count(channels, products->columns);
  size_t count = 0;
  /* Few pixels, or many images: each thread then reads its part of the weights once. Unless one
   * has a panel more to do than the other. */
  const bool channels_first = (c->g.batch > 1 || pixels < 128) &&
                              (panels % site->threads == 0 || panels > 8 * site->threads);
  for (size_t k = 0; k < pair_count; k++) {
    for (int32_t widest = 4; widest >= 3; widest--) {
      if (widest == 3 &&
          (products->columns < 4 || channels <= 48 || pairs[k].dst_as == SCULL_AS_MODEL))
        continue;
      for (int32_t i = 0; i < 2; i++) {
        const int32_t split = channels_first ? 1 - i : i;
        const bool divides = site->threads > 1 && panel_count(channels, widest) >= site->threads;
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

bool scull_cpu_narrow_stored(const scull_cpu_conv_t *c, const scull_config_t *config) {
  const bool residual = c->residual == NULL || (c->residual->layout == SCULL_LAYOUT_NHWC &&
                                                c->residual->as == config->dst_as);
  return c->src->layout == config->src && c->src->as == config->src_as &&
         c->dst->layout == SCULL_LAYOUT_NHWC && c->dst->as == config->dst_as && residual;
}

uint32_t scull_cpu_narrow_alias(const scull_site_t *site, const scull_config_t *config) {
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL || c.residual == NULL || c.residual->as != c.dst->as)
    return 0;
  return scull_cpu_conv_alias(site, config);
}

/* --- weights ---------------------------------------------------------------------------------- */

/* Bytes of one run of a window; in steps of four. */
static int64_t run_bytes(const scull_cpu_conv_t *c, const scull_cpu_products_t *products) {
  return c->g.in_channels * c->g.window[1].kernel * products->size;
}

static int64_t run_steps(const scull_cpu_conv_t *c, const scull_cpu_products_t *products) {
  return (run_bytes(c, products) + 3) / 4;
}

bool scull_cpu_narrow_packed(const scull_cpu_conv_t *c, const scull_cpu_products_t *products,
                             int heads, size_t *bytes) {
  size_t each = 0;
  return scull_base_size_mul((size_t)c->g.window[0].kernel, (size_t)run_steps(c, products) * 4,
                             &each) &&
         scull_base_size_add(each, (size_t)heads * sizeof(float), &each) &&
         scull_base_size_mul((size_t)block_count(c->g.out_channels) * 16, each, bytes);
}

/* The four bytes of channel `o` in step `k` of run `ky`. */
static void pack_four(const scull_cpu_conv_t *c, const scull_cpu_products_t *products,
                      scull_cpu_narrow_weight_fn_t weight, int64_t o, int64_t ky, int64_t k,
                      int8_t *out) {
  const int64_t in = c->g.in_channels, kw = c->g.window[1].kernel, kh = c->g.window[0].kernel;
  memset(out, 0, 4);
  for (int64_t i = 0; i < 4 / products->size; i++) {
    const int64_t element = 4 / products->size * k + i;
    const int64_t kx = element / in, channel = element % in;
    if (o < c->g.out_channels && kx < kw)
      weight(c, o, ((o * in + channel) * kh + ky) * kw + kx, out + i * products->size);
  }
}

void scull_cpu_narrow_pack(const scull_cpu_conv_t *c, const scull_cpu_products_t *products,
                           const scull_config_t *config, int heads,
                           scull_cpu_narrow_weight_fn_t weight, scull_cpu_narrow_head_fn_t head,
                           void *dst) {
  const int64_t channels = c->g.out_channels, all = 16 * block_count(channels);
  const int64_t panels = panel_count(channels, widest_of(products, config->knob[1]));
  const int64_t run = run_steps(c, products), steps = c->g.window[0].kernel * run;
  const scull_cpu_number_t to = config->dst_as == SCULL_AS_INT8   ? SCULL_CPU_U8
                                : config->dst_as == SCULL_AS_BF16 ? SCULL_CPU_BF16
                                                                  : SCULL_CPU_F32;
  int8_t *out = (int8_t *)dst + all * heads * (int64_t)sizeof(float);
  memset(dst, 0, (size_t)(all * heads) * sizeof(float));
  for (int64_t p = 0; p < panels; p++) {
    const int64_t block = panel_begin(channels, panels, p);
    const int64_t blocks = panel_begin(channels, panels, p + 1) - block;
    for (int64_t i = 0; i < 16 * blocks; i++) {
      const int64_t o = 16 * block + products->channel(to, (int)blocks, (int)i);
      for (int64_t k = 0; k < steps; k++)
        pack_four(c, products, weight, o, k / run, k % run, out + (k * 16 * blocks + i) * 4);
      if (o < channels)
        head(c, o, dst, all, 16 * block + i, out + 4 * i, steps, 64 * blocks);
    }
    out += steps * 64 * blocks;
  }
}

/* --- shapes ----------------------------------------------------------------------------------- */

static int64_t source_rows(const state_t *s, int64_t rows) {
  return (rows - 1) * s->y.stride + s->y.kernel;
}

/* Bytes that the product reads for `count` rows or pixels. */
static int64_t unit_bytes(const state_t *s, int64_t count) {
  return s->point ? count * s->pixel : source_rows(s, count) * s->line;
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

/* Bytes of a number of the result. */
static int64_t size_of(const state_t *s) {
  return s->spec.post.to == SCULL_CPU_F32 ? (int64_t)sizeof(float) : s->spec.products->size;
}

static void set_views(state_t *s, const scull_cpu_conv_t *c) {
  const scull_cpu_view_t src = scull_cpu_view_of(c->src), dst = scull_cpu_view_of(c->dst);
  const int64_t size = size_of(s), from = s->spec.products->size;
  s->src_image = src.image * from;
  s->src_row = src.row * from;
  s->src_pixel = src.pixel * from;
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
  s->pixel = s->channels * s->spec.products->size;
  const bool whole_steps = s->pixel % 4 == 0 && s->spec.flip == NULL;
  if (c->src->as == SCULL_AS_MODEL) {
    s->mode = ROUND;
  } else if (s->point) {
    const bool runs = y->stride == 1 && x->stride == 1;
    s->mode = runs && whole_steps ? DIRECT : GATHER;
  } else {
    s->mode = whole_steps && s->src_pixel == s->pixel ? DIRECT : COPY;
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

scull_status_t scull_cpu_narrow_prepare(const scull_site_t *site, const scull_cpu_conv_t *c,
                                        const scull_config_t *config, const scull_device_t *device,
                                        const scull_cpu_narrow_spec_t *spec, scull_prepared_t *out,
                                        scull_diag_t *diag) {
  const scull_cpu_products_t *products = spec->products;
  const bool planes = config->src_as == SCULL_AS_MODEL;
  if (!scull_cpu_narrow_stored(c, config) || (planes && c->g.in_channels > SCULL_CPU_NARROW_FEW))
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a convolution of narrow numbers");
  *s = (state_t){.spec = *spec,
                 .y = c->g.window[0],
                 .x = c->g.window[1],
                 .point = is_point(c) && !planes,
                 .has_residual = c->residual != NULL,
                 .src_at = c->src_at,
                 .residual_at = c->residual_at,
                 .images = c->g.batch,
                 .channels = c->g.in_channels,
                 .out_channels = c->g.out_channels,
                 .segments = c->g.window[0].kernel,
                 .run = run_steps(c, products),
                 .half = products->size > 1 && run_bytes(c, products) % 4 != 0,
                 .widest = widest_of(products, config->knob[1]),
                 .threads = site->threads,
                 .split = config->knob[0]};
  s->depth = s->half ? s->run - 1 : s->run;
  set_views(s, c);
  set_mode(s, c);
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
  const char *next; /* see scull_args_t */
  int64_t next_bytes;
} job_t;

static void copy_bytes(const state_t *s, const uint8_t *from, uint8_t *to, int64_t count) {
  if (s->spec.flip != NULL)
    s->spec.flip(from, 0x80, to, count);
  else
    memcpy(to, from, (size_t)count);
}

/* One row of the source, with what stands for 0 around it. */
static void copy_row(const job_t *job, int64_t image, int64_t y, uint8_t *to) {
  const state_t *s = job->state;
  const int zero = s->spec.flip != NULL ? 0x80 : 0;
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
    s->spec.products->round(plane + y * s->x.in, s->y.in * s->x.in, (int)s->channels,
                            s->spec.factor, s->spec.flip != NULL, at, inside);
  } else {
    const uint8_t *from = (const uint8_t *)job->src + image * s->src_image + y * s->src_row;
    if (s->src_pixel == s->pixel)
      copy_bytes(s, from, at, inside * s->pixel);
    else
      for (int64_t x = 0; x < inside; x++)
        copy_bytes(s, from + x * s->src_pixel, at + x * s->pixel, s->pixel);
  }
  memset(at + inside * s->pixel, zero, (size_t)(to + s->line - at - inside * s->pixel));
}

static void gather(const job_t *job, int64_t image, int64_t first, int64_t count, uint8_t *to) {
  const state_t *s = job->state;
  const uint8_t *from = (const uint8_t *)job->src + image * s->src_image;
  for (int64_t p = first; p < first + count; p++, to += s->pixel)
    copy_bytes(s,
               from + p / s->x.out * s->y.stride * s->src_row +
                   p % s->x.out * s->x.stride * s->src_pixel,
               to, s->pixel);
}

/* Rows of the next tile: as many as fit, and near the end two even halves rather than a rest. */
static int next_rows(int64_t left, int most) {
  return left >= 2 * most || left == most ? most : left > most ? (int)((left + 1) / 2) : (int)left;
}

/* Weights of the next panel, a part with each tile of this one; or those of the next step. */
typedef struct {
  const char *at, *end;
} ahead_t;

/* A thread's part of what the next step reads, as much as leaves L2 to this one. */
static ahead_t next_of(const job_t *job, int thread) {
  enum { MOST = 256 * 1024 };
  const int64_t each = job->next_bytes / job->state->threads;
  if (job->next == NULL)
    return (ahead_t){NULL, NULL};
  const char *begin = job->next + thread * each;
  return (ahead_t){begin, begin + (each < MOST ? each : MOST)};
}

/* A run of pixels, `a_row` bytes apart where a is. */
static void run_of_panel(const state_t *s, scull_cpu_tile_t *t, int64_t count, int columns,
                         ahead_t *ahead) {
  const scull_cpu_tile_t begin = *t;
  for (int64_t i = 0; i < count;) {
    const int rows = next_rows(count - i, s->spec.products->rows[columns - 1]);
    t->ahead = ahead->at < ahead->end ? ahead->at : NULL;
    t->a = begin.a + i * t->a_row;
    t->c = begin.c + i * t->c_row;
    t->residual = begin.residual == NULL ? NULL : begin.residual + i * t->residual_row;
    s->spec.products->tile(rows, columns)(t);
    if (t->ahead != NULL)
      ahead->at += 64 * t->segments * t->depth;
    i += rows;
  }
}

/* Moves to result row y, column x of the unit's panel. */
static void move_to(const state_t *s, scull_cpu_tile_t *t, int64_t y, int64_t x) {
  t->a += y * s->y.stride * s->line + x * s->x.stride * s->pixel;
  t->c += y * s->dst_row + x * s->dst_pixel;
  if (t->residual != NULL)
    t->residual += y * s->other_row + x * s->other_pixel;
}

/* Leaves out the runs of result row y that lie above and below the picture, where 0 is 0. */
static void skip_rows(const state_t *s, scull_cpu_tile_t *t, int64_t y, int columns) {
  const int64_t top = y * s->y.stride - s->y.pad_begin;
  const int64_t begin = top < 0 ? -top : 0;
  const int64_t end = s->y.in - top < s->y.kernel ? s->y.in - top : s->y.kernel;
  if (s->spec.flip != NULL)
    return;
  t->segments = end > begin ? end - begin : 0;
  t->a += begin * t->a_block;
  t->b += begin * s->run * 64 * columns;
}

static bool has_whole_rows(const state_t *s, int64_t y) {
  const int64_t top = y * s->y.stride - s->y.pad_begin;
  return top >= 0 && top + s->y.kernel <= s->y.in;
}

/* Column x of result rows [first, first + count): windows that hang over left or right. `t` is at
 * the unit's first row. */
static void column_of_panel(const state_t *s, const scull_cpu_tile_t *t, int64_t first,
                            int64_t count, int64_t x, int columns, ahead_t *ahead) {
  const int64_t from = x * s->x.stride - s->x.pad_begin, each = s->pixel / 4;
  const int64_t begin = from < 0 ? -from : 0;
  const int64_t end = s->x.in - from < s->x.kernel ? s->x.in - from : s->x.kernel;
  for (int64_t y = 0; y < count;) {
    scull_cpu_tile_t one = *t;
    int64_t rows = 1;
    while (has_whole_rows(s, first + y) && y + rows < count && has_whole_rows(s, first + y + rows))
      rows++;
    move_to(s, &one, y, x);
    skip_rows(s, &one, first + y, columns);
    one.depth = end > begin ? (end - begin) * each : 0;
    one.a += begin * s->pixel;
    one.b += begin * each * 64 * columns;
    one.b_skip = (s->run - one.depth) * 64 * columns;
    one.a_row = s->y.stride * s->line;
    one.c_row = s->dst_row;
    one.residual_row = s->other_row;
    run_of_panel(s, &one, rows, columns, ahead);
    y += rows;
  }
}

static void rows_of_panel(const state_t *s, const scull_cpu_tile_t *t, int64_t first, int64_t count,
                          int columns, ahead_t *ahead) {
  for (int64_t y = 0; y < count; y++) {
    scull_cpu_tile_t row = *t;
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
                          int64_t count, int64_t panel, bool cold, ahead_t *later) {
  const state_t *s = job->state;
  const int64_t all = 16 * block_count(s->out_channels), size = size_of(s);
  const int64_t block = panel_begin(s->out_channels, s->panels, panel);
  const int64_t next = panel_begin(s->out_channels, s->panels, panel + 1);
  const int64_t rest = s->out_channels - 16 * block, step = s->segments * s->run * 64;
  const int columns = (int)(next - block);
  const float *heads = (const float *)(const void *)job->packed + 16 * block;
  const char *weights = job->packed + s->spec.heads * all * (int64_t)sizeof(float);
  ahead_t own = {weights + next * step, weights + next * step}, *ahead = cold ? &own : later;
  if (cold && panel + 1 < s->panels)
    own.end = weights + panel_begin(s->out_channels, s->panels, panel + 2) * step;
  scull_cpu_tile_t t = {.a = a,
                        .a_row = s->x.stride * s->pixel,
                        .a_block = s->line,
                        .segments = s->segments,
                        .depth = s->depth,
                        .b = (const int8_t *)weights + block * step,
                        .half = s->half,
                        .start = heads,
                        .c = job->dst + image * s->dst_image + 16 * block * size,
                        .c_row = s->dst_pixel,
                        .residual_row = s->other_pixel,
                        .channels = rest < 16 * columns ? rest : 16 * columns,
                        .post = &s->spec.post};
  if (s->spec.heads > 1) {
    t.scale = heads + all;
    t.bias = t.scale + all;
  }
  if (s->has_residual)
    t.residual = job->residual + image * s->other_image + 16 * block * size;
  if (s->point) {
    t.a_row = s->mode == DIRECT ? s->src_pixel : s->pixel;
    t.c += first * s->dst_pixel;
    t.residual = t.residual == NULL ? NULL : t.residual + first * s->other_pixel;
    run_of_panel(s, &t, count, columns, ahead);
    return;
  }
  t.c += first * s->dst_row;
  t.residual = t.residual == NULL ? NULL : t.residual + first * s->other_row;
  rows_of_panel(s, &t, first, count, columns, ahead);
}

/* `cold`: the weights have not been read yet. */
static void unit_of_panels(const job_t *job, int64_t unit, int64_t begin, int64_t end, int thread,
                           bool cold, ahead_t *later) {
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
    panel_of_unit(job, a, image, first, count, p, cold && p + 1 < end, later);
}

static void run_units(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  ahead_t later = next_of(job, thread);
  for (int64_t u = begin; u < end; u++)
    unit_of_panels(job, u, 0, job->state->panels, thread, u == begin, &later);
}

static void run_panels(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  ahead_t later = next_of(job, thread);
  for (int64_t u = 0; u < job->state->images * job->state->units; u++)
    unit_of_panels(job, u, begin, end, thread, u == 0, &later);
}

scull_status_t scull_cpu_narrow_enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {.state = s,
               .src = args->inputs[s->src_at],
               .packed = args->packed,
               .dst = args->outputs[0],
               .buffers = args->scratch,
               .next = args->next,
               .next_bytes = (int64_t)args->next_bytes};
  if (s->has_residual)
    job.residual = args->inputs[s->residual_at];
  if (s->split == BY_PIXELS)
    scull_base_parallel_for(s->threads, s->images * s->units, run_units, &job);
  else
    scull_base_parallel_for(s->threads, s->panels, run_panels, &job);
  return SCULL_OK;
}
