/* cpu.conv.depthwise.int8 and .bf16: 3x3 filters of stride 1 and 2, one filter a channel, in NHWC
 * with bias, residual and clip; the destination may be a slice. u8 or s8 times s8, or bf16. A unit
 * of work is a result row (of up to 32 channels of bytes: two) and some blocks of 64 bytes of
 * channels. Floor: the source read and the destination written once, at the speed of L2 or L3; 12
 * products a pixel and 64 bytes. */
#include <string.h>

#include "backend/cpu/int8.h"
#include "backend/cpu/narrow.h"
#include "base/checked.h"
#include "base/thread.h"

enum { BLOCK = 64 /* bytes */, PAIRED = 32, FILTER = 3 * 4 * BLOCK };

typedef struct {
  void (*kernel)(const scull_cpu_narrow_depthwise_t *p);
  scull_cpu_narrow_post_t post;
  scull_window_t y, x;
  scull_cpu_view_t src, dst, residual; /* in bytes */
  bool shifts, pairs, has_residual;
  int src_at, residual_at;
  int64_t images, pixel, blocks; /* pixel: bytes */
  int64_t each, heads;           /* channels of a block; numbers a channel before the filter */
  int64_t group, groups;         /* blocks a unit; units of blocks */
  int64_t rows;                  /* units of result rows an image */
  int threads;
} state_t;

static const char *refuse_shape(const scull_cpu_conv_t *c) {
  const scull_window_t *y = &c->g.window[0], *x = &c->g.window[1];
  if (c->g.groups != c->g.in_channels || c->g.groups != c->g.out_channels)
    return "needs one filter a channel";
  if (y->kernel != 3 || x->kernel != 3 || y->dilation != 1 || x->dilation != 1)
    return "needs a dense 3x3 kernel";
  return y->stride != x->stride || y->stride > 2 ? "needs stride 1 or 2" : NULL;
}

static const char *refuse_int8(const scull_site_t *site, const scull_device_t *device) {
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
  if (c.dst->quant == NULL || (c.residual != NULL && c.residual->quant == NULL))
    return "gives 8 bits, for which a scale is missing";
  return refuse_shape(&c);
}

static const char *refuse_bf16(const scull_site_t *site, const scull_device_t *device) {
  scull_cpu_conv_t c;
  const char *reason = scull_cpu_conv_of(site, &c);
  if (reason == NULL)
    reason = scull_cpu_bf16_refuse(site, &c, device);
  return reason == NULL ? refuse_shape(&c) : reason;
}

static size_t configs_as(scull_precision_t as, scull_config_t *out, size_t room) {
  if (room == 0)
    return 0;
  out[0] = (scull_config_t){
      .src = SCULL_LAYOUT_NHWC, .dst = SCULL_LAYOUT_NHWC, .src_as = as, .dst_as = as};
  return 1;
}

static size_t configs_int8(const scull_site_t *site, const scull_device_t *device,
                           scull_config_t *out, size_t room) {
  (void)site;
  (void)device;
  return configs_as(SCULL_AS_INT8, out, room);
}

static size_t configs_bf16(const scull_site_t *site, const scull_device_t *device,
                           scull_config_t *out, size_t room) {
  (void)device;
  return scull_backend_site_permits(site, SCULL_AS_BF16) ? configs_as(SCULL_AS_BF16, out, room) : 0;
}

/* --- weights: [start][scale][bias][block][kx][64][4] of bytes; [bias][block][kx][4][64] of bf16 --
 */

static int64_t block_count(int64_t channels, int64_t each) {
  return (channels + each - 1) / each;
}

static scull_status_t packed(const scull_site_t *site, size_t each, size_t heads, size_t *bytes) {
  const scull_shape_t *w = &scull_backend_site_input(site, 0, 1)->opt;
  return scull_base_size_mul((size_t)block_count(w->dim[0], (int64_t)each),
                             heads * sizeof(float) * each + FILTER, bytes)
             ? SCULL_OK
             : SCULL_OUT_OF_MEMORY;
}

static scull_status_t pack_size_int8(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, size_t *bytes) {
  (void)config;
  (void)device;
  return packed(site, BLOCK, 3, bytes);
}

static scull_status_t pack_size_bf16(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, size_t *bytes) {
  (void)config;
  (void)device;
  return packed(site, BLOCK / 2, 1, bytes);
}

static scull_status_t pack_int8(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, void *dst) {
  const scull_cpu_kernels8_t *kernels = scull_cpu_kernels8_of(device);
  scull_cpu_conv_t c;
  size_t bytes = 0;
  if (scull_cpu_conv_of(site, &c) != NULL || scull_cpu_conv8_refuse(&c) != NULL)
    return SCULL_UNSUPPORTED;
  SCULL_TRY(pack_size_int8(site, config, device, &bytes));
  memset(dst, 0, bytes);
  const int64_t channels = c.g.groups, all = BLOCK * block_count(channels, BLOCK);
  int32_t *start = dst;
  float *scale = (float *)(start + all), *bias = scale + all;
  int8_t *filter = (int8_t *)(bias + all);
  for (int64_t i = 0; i < all; i++) {
    int64_t o = i / BLOCK * BLOCK + kernels->products.channel(SCULL_CPU_U8, 4, (int)(i % BLOCK));
    int32_t sum = 0;
    if (channels <= PAIRED)
      o %= PAIRED;
    if (o >= channels)
      continue;
    for (int64_t t = 0; t < 9; t++) {
      const int8_t w = scull_cpu_weight8(&c, o, 9 * o + t);
      filter[i / BLOCK * FILTER + (t % 3 * BLOCK + i % BLOCK) * 4 + t / 3] = w;
      sum += w;
    }
    start[i] = scull_cpu_shifts8(&c) ? -128 * sum : 0;
    scale[i] = scull_cpu_scale8(&c, o);
    bias[i] = scull_cpu_bias8(&c, o);
  }
  return SCULL_OK;
}

/* Position i of a block's vectors is channel 8 (i % 16 / 4) + 4 (i / 16) + i % 4 of it. */
static scull_status_t pack_bf16(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, void *dst) {
  enum { EACH = BLOCK / 2 };
  scull_cpu_conv_t c;
  size_t bytes = 0;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  SCULL_TRY(pack_size_bf16(site, config, device, &bytes));
  memset(dst, 0, bytes);
  const int64_t channels = c.g.groups, all = EACH * block_count(channels, EACH);
  float *bias = dst;
  uint16_t *filter = (uint16_t *)(bias + all);
  for (int64_t i = 0; i < all; i++) {
    const int64_t at = i % EACH, o = i - at + 8 * (at % 16 / 4) + 4 * (at / 16) + at % 4;
    if (o >= channels)
      continue;
    for (int64_t t = 0; t < 9; t++) {
      const int64_t row = t / 3, vector = t % 3 * 4 + row / 2 * 2 + at / 16;
      filter[i / EACH * (FILTER / 2) + vector * EACH + at % 16 * 2 + row % 2] =
          scull_tensor_f32_to_bf16(((const float *)c.filter->data)[9 * o + t]);
    }
    bias[i] = c.bias == NULL ? 0.0f : ((const float *)c.bias->data)[o];
  }
  return SCULL_OK;
}

/* --- shapes ----------------------------------------------------------------------------------- */

static scull_cpu_view_t view_in_bytes(const scull_site_value_t *value, int64_t size) {
  const scull_cpu_view_t v = scull_cpu_view_of(value);
  return (scull_cpu_view_t){size * v.image, size * v.row, size * v.pixel, size * v.block};
}

/* `like`: what depends on the type. */
static scull_status_t prepare(const scull_site_t *site, const scull_cpu_conv_t *c,
                              const state_t *like, scull_prepared_t *out, scull_diag_t *diag) {
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a depthwise convolution");
  const int64_t size = BLOCK / like->each;
  *s = *like;
  s->y = c->g.window[0];
  s->x = c->g.window[1];
  s->src = view_in_bytes(c->src, size);
  s->dst = view_in_bytes(c->dst, size);
  s->has_residual = c->residual != NULL;
  s->src_at = c->src_at;
  s->residual_at = c->residual_at;
  s->images = c->g.batch;
  s->pixel = c->g.groups * size;
  s->blocks = block_count(c->g.groups, s->each);
  s->threads = site->threads;
  if (s->has_residual)
    s->residual = view_in_bytes(c->residual, size);
  s->rows = s->pairs ? (s->y.out + 1) / 2 : s->y.out;
  s->group = s->images * s->rows >= 4 * s->threads ? s->blocks : (s->blocks + 3) / 4;
  s->groups = (s->blocks + s->group - 1) / s->group;
  *out = (scull_prepared_t){.state = s};
  return SCULL_OK;
}

static scull_status_t prepare_int8(const scull_site_t *site, const scull_config_t *config,
                                   const scull_device_t *device, scull_prepared_t *out,
                                   scull_diag_t *diag) {
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL || scull_cpu_conv8_refuse(&c) != NULL ||
      !scull_cpu_narrow_stored(&c, config))
    return SCULL_UNSUPPORTED;
  state_t like = {.kernel = scull_cpu_kernels8_of(device)->depthwise,
                  .each = BLOCK,
                  .heads = 3,
                  .shifts = scull_cpu_shifts8(&c),
                  .pairs = c.g.groups <= PAIRED};
  scull_cpu_post8_of(&c, &like.post);
  return prepare(site, &c, &like, out, diag);
}

static scull_status_t prepare_bf16(const scull_site_t *site, const scull_config_t *config,
                                   const scull_device_t *device, scull_prepared_t *out,
                                   scull_diag_t *diag) {
  scull_cpu_conv_t c;
  (void)device;
  if (scull_cpu_conv_of(site, &c) != NULL || c.post.act > SCULL_CPU_ACT_CLIP ||
      !scull_cpu_narrow_stored(&c, config))
    return SCULL_UNSUPPORTED;
  state_t like = {.kernel = scull_cpu_depthwise_bf16, .each = BLOCK / 2, .heads = 1};
  scull_cpu_bf16_post(&c, &like.post);
  return prepare(site, &c, &like, out, diag);
}

/* --- work ------------------------------------------------------------------------------------- */

typedef struct {
  const state_t *state;
  const uint8_t *src;
  const char *residual, *packed;
  char *dst;
} job_t;

static void set_rows(const state_t *s, const uint8_t *image, int64_t y, const uint8_t **rows) {
  const int64_t top = y * s->y.stride - s->y.pad_begin;
  for (int64_t k = 0; k < 3; k++)
    rows[k] = top + k < 0 || top + k >= s->y.in ? NULL : image + (top + k) * s->src.row;
}

/* Result row y (or rows y and y + 1) of some blocks. */
static void set_unit(const job_t *job, int64_t image, int64_t y, int64_t block,
                     scull_cpu_narrow_depthwise_t *p) {
  const state_t *s = job->state;
  const int64_t from = BLOCK * block;
  set_rows(s, job->src + image * s->src.image + from, y, p->src);
  p->dst = job->dst + image * s->dst.image + y * s->dst.row + from;
  if (s->has_residual)
    p->residual = job->residual + image * s->residual.image + y * s->residual.row + from;
  p->dst2 = NULL;
  p->residual2 = NULL;
  if (!s->pairs)
    return;
  if (y + 1 == s->y.out) {
    p->src2[0] = p->src2[1] = p->src2[2] = NULL;
    return;
  }
  set_rows(s, job->src + image * s->src.image + from, y + 1, p->src2);
  p->dst2 = p->dst + s->dst.row;
  if (s->has_residual)
    p->residual2 = p->residual + s->residual.row;
}

static void run_units(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  const int64_t all = s->each * s->blocks;
  const float *start = (const float *)(const void *)job->packed;
  const int8_t *filter = (const int8_t *)(start + s->heads * all);
  scull_cpu_narrow_depthwise_t p = {.src_pixel = s->src.pixel,
                                    .dst_pixel = s->dst.pixel,
                                    .residual_pixel = s->residual.pixel,
                                    .post = &s->post,
                                    .width = s->x.in,
                                    .columns = s->x.out,
                                    .pad_x = s->x.pad_begin,
                                    .stride = (int)s->x.stride,
                                    .is_signed = s->shifts,
                                    .pairs = s->pairs};
  (void)thread;
  for (int64_t u = begin; u < end; u++) {
    const int64_t image = u / (s->groups * s->rows), rest = u % (s->groups * s->rows);
    const int64_t block = rest / s->rows * s->group, row = rest % s->rows;
    p.blocks = s->blocks - block < s->group ? s->blocks - block : s->group;
    p.bytes = s->pixel - BLOCK * block;
    p.filter = filter + FILTER * block;
    p.start = start + s->each * block;
    if (s->heads > 1) {
      p.scale = start + s->each * block + all;
      p.bias = p.scale + all;
    }
    set_unit(job, image, s->pairs ? 2 * row : row, block, &p);
    s->kernel(&p);
  }
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {
      .state = s, .src = args->inputs[s->src_at], .packed = args->packed, .dst = args->outputs[0]};
  if (s->has_residual)
    job.residual = args->inputs[s->residual_at];
  scull_base_parallel_for(s->threads, s->images * s->groups * s->rows, run_units, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"conv", NULL};

#define TACTIC(type, as_type)                                                                      \
  const scull_tactic_t scull_tactic_cpu_depthwise_##type = {.name = "cpu.conv.depthwise." #type,   \
                                                            .version = 1,                          \
                                                            .anchors = anchors,                    \
                                                            .growth = SCULL_GROW_EPILOGUE,         \
                                                            .precisions = 1u << (as_type),         \
                                                            .computes = (as_type),                 \
                                                            .refuse = refuse_##type,               \
                                                            .configs = configs_##type,             \
                                                            .pack_size = pack_size_##type,         \
                                                            .pack = pack_##type,                   \
                                                            .prepare = prepare_##type,             \
                                                            .enqueue = enqueue,                    \
                                                            .release = scull_base_free,            \
                                                            .alias = scull_cpu_narrow_alias}

TACTIC(int8, SCULL_AS_INT8);
TACTIC(bf16, SCULL_AS_BF16);
