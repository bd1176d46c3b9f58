/* cuda.conv.tensor and cuda.matmul.tensor: convolutions and products with constant weights on
 * Hopper's matrix unit, FP16 and INT8, channels last (conv_few.cu, conv_many.cu). The search times
 * the tiles and splits that a rough model of their time likes best. */
#include "backend/cuda/conv_tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cuda/tactics.h"
#include "ops/matmul.h"

typedef struct {
  scull_cuda_conv_t conv;
  scull_cuda_conv_cfg_t cfg;
  size_t bias_at, scale_at; /* bytes in the packed weights */
  int residual_at;
} state_t;

/* --- reading ---------------------------------------------------------------------------------- */

bool scull_cuda_clamp_of(const scull_cuda_do_t *act, float *lo, float *hi) {
  *lo = act->kind == SCULL_CUDA_DO_CLIP ? act->p[0] : -INFINITY;
  *hi = act->kind == SCULL_CUDA_DO_CLIP ? act->p[1] : INFINITY;
  return act->kind == SCULL_CUDA_DO_CLIP || act->kind == SCULL_CUDA_DO_COPY;
}

int32_t scull_cuda_pitch(const scull_site_value_t *value) {
  int64_t c = value->channel_total > 0 ? value->channel_total : value->opt.dim[1];
  return (int32_t)c;
}

int scull_cuda_tensor_type(const scull_site_value_t *value) {
  switch (scull_backend_site_stored(value)) {
  case SCULL_DTYPE_F16: return SCULL_CUDA_F16;
  case SCULL_DTYPE_F32: return SCULL_CUDA_F32;
  case SCULL_DTYPE_U8:
  case SCULL_DTYPE_I8: return SCULL_CUDA_S8;
  default: return -1;
  }
}

static bool is_unsigned(const scull_site_value_t *value) {
  return value != NULL && scull_backend_site_stored(value) == SCULL_DTYPE_U8;
}

int32_t scull_cuda_signs(const scull_site_value_t *src, const scull_site_value_t *dst,
                         const scull_site_value_t *residual) {
  return (is_unsigned(src) ? SCULL_CUDA_UNSIGNED_SRC : 0) |
         (is_unsigned(dst) ? SCULL_CUDA_UNSIGNED_DST : 0) |
         (is_unsigned(residual) ? SCULL_CUDA_UNSIGNED_RES : 0);
}

uint16_t scull_cuda_half(float value) {
  uint16_t bits = 0;
  scull_tensor_store(&bits, SCULL_DTYPE_F16, 0, (double)value);
  return bits;
}

static const char *refuse_end(const scull_site_t *site, float *lo, float *hi,
                              scull_cuda_behind_t *behind) {
  const char *why = scull_cuda_behind_of(site, behind);
  if (why != NULL)
    return why;
  if (!scull_cuda_clamp_of(&behind->act, lo, hi))
    return "ends in a clamp";
  if (behind->residual != NULL && !behind->add_first && behind->act.kind != SCULL_CUDA_DO_COPY)
    return "adds before it clamps";
  return NULL;
}

const char *scull_cuda_ended_of(const scull_site_t *site, scull_cuda_clamped_t *out) {
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  scull_cuda_behind_t behind;
  *out = (scull_cuda_clamped_t){.src = scull_backend_site_input(site, 0, 0),
                                .filter = scull_backend_site_input(site, 0, 1),
                                .bias = scull_backend_site_input(site, 0, 2)};
  if (site->output_count != 1)
    return "has one result";
  out->dst = &site->values[site->outputs[0]];
  if (out->src->dtype != SCULL_DTYPE_F32 || out->dst->dtype != SCULL_DTYPE_F32)
    return "takes networks of f32";
  if (out->src->opt.rank != 4)
    return "needs two spatial axes";
  if (out->src->is_constant || !out->filter->is_constant ||
      (out->bias != NULL && !out->bias->is_constant))
    return "needs a constant filter and bias";
  const char *why = scull_cuda_behind_of(site, &behind);
  if (why != NULL)
    return why;
  out->clamps = scull_cuda_clamp_of(&behind.act, &out->lo, &out->hi);
  out->act = behind.act;
  out->residual = behind.residual;
  out->residual_at = behind.residual_at;
  out->adds_last = behind.residual != NULL && !behind.add_first;
  if (!scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call) ||
      scull_ops_conv_geometry(&call, &out->g) != SCULL_OK)
    return "is no valid convolution";
  return scull_cuda_refuse_values(site);
}

const char *scull_cuda_clamped_of(const scull_site_t *site, scull_cuda_clamped_t *out) {
  const char *why = scull_cuda_ended_of(site, out);
  if (why != NULL)
    return why;
  if (!out->clamps)
    return "ends in a clamp";
  return out->adds_last && out->act.kind != SCULL_CUDA_DO_COPY ? "adds before it clamps" : NULL;
}

static const char *refuse_device(const scull_device_t *device) {
  return device->features != 90 ? "needs a Hopper GPU (9.0)" : NULL;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_cuda_clamped_t c;
  const char *why = scull_cuda_clamped_of(site, &c);
  if (why != NULL)
    return why;
  if (c.g.groups != 1)
    return "needs one group";
  if (c.g.in_channels % 8 != 0 || c.g.out_channels % 8 != 0)
    return "needs channels % 8 == 0";
  if (c.dst->channel_total % 8 != 0 || c.dst->channel_offset % 8 != 0)
    return "needs slices at channels % 8 == 0";
  for (int i = 0; i < 2; i++) {
    const scull_window_t *w = &c.g.window[i];
    if (w->kernel > 16 || w->pad_begin > 127 || w->pad_begin < 0 || w->pad_end > 127 ||
        (w->kernel - 1) * w->dilation + w->stride > 128)
      return "needs a filter of 16 taps an axis at most";
  }
  return refuse_device(device);
}

/* The problem at `opt`, without addresses; `type` of the operands. */
static scull_cuda_conv_t problem_of(const scull_cuda_clamped_t *c, int type) {
  const scull_window_t *y = &c->g.window[0], *x = &c->g.window[1];
  return (scull_cuda_conv_t){.type = type,
                             .dst_type = type,
                             .n = (int32_t)c->g.batch,
                             .h = (int32_t)y->in,
                             .w = (int32_t)x->in,
                             .c = (int32_t)c->g.in_channels,
                             .src_pitch = scull_cuda_pitch(c->src),
                             .r = (int32_t)y->kernel,
                             .s = (int32_t)x->kernel,
                             .stride_h = (int32_t)y->stride,
                             .stride_w = (int32_t)x->stride,
                             .pad_h = (int32_t)y->pad_begin,
                             .pad_w = (int32_t)x->pad_begin,
                             .dil_h = (int32_t)y->dilation,
                             .dil_w = (int32_t)x->dilation,
                             .p = (int32_t)y->out,
                             .q = (int32_t)x->out,
                             .k = (int32_t)c->g.out_channels,
                             .dst_pitch = scull_cuda_pitch(c->dst),
                             .res_pitch = c->residual == NULL ? 0 : scull_cuda_pitch(c->residual),
                             .lo = c->lo,
                             .hi = c->hi,
                             .res_scale = 1};
}

/* --- configurations --------------------------------------------------------------------------- */

enum { MOST = 26 };

typedef struct {
  scull_cuda_conv_cfg_t cfg;
  double cost;
} guess_t;

/* Microseconds, roughly: waves of blocks, a step's bytes from the L2, the exchange of a split. */
static double cost_of(const scull_cuda_conv_t *t, const scull_cuda_conv_cfg_t *cfg, int sms) {
  int rows = t->n * t->p * t->q, steps = scull_cuda_conv_steps(t);
  double tiles = ceil((double)rows / cfg->bm) * ceil((double)t->k / cfg->bn);
  if (cfg->kernel == SCULL_CUDA_CONV_MANY)
    return 2.5 + ceil(tiles / sms) * (steps * 0.11 + 0.4) * (cfg->bn == 64 ? 0.65 : 1.0);
  double each = ceil((double)steps / cfg->split), step = (cfg->bm + cfg->bn) * 0.0011;
  double waves = ceil(tiles * cfg->split / (cfg->split >= 4 ? 120.0 : (double)sms));
  double exchange = cfg->split > 1 ? 0.7 + cfg->bm * cfg->bn / 16384.0 * 0.6 : 0.0;
  double late = cfg->stages < each ? 0.1 : 0.0;
  return 0.8 + waves * (0.5 + each * step * (1 + late) + exchange);
}

static int by_cost(const void *a, const void *b) {
  double x = ((const guess_t *)a)->cost, y = ((const guess_t *)b)->cost;
  return (x > y) - (x < y);
}

/* As many stages as there are steps, or as fit. */
static bool set_stages(const scull_cuda_conv_t *t, scull_cuda_conv_cfg_t *cfg) {
  int each = (scull_cuda_conv_steps(t) + cfg->split - 1) / cfg->split;
  for (int stages = each < 24 ? each : 24; stages >= 1; stages--) {
    cfg->stages = stages < 2 ? 2 : stages;
    if (scull_cuda_conv_smem(t, cfg) > 0)
      return true;
  }
  return false;
}

static size_t list_guesses(const scull_cuda_conv_t *t, int sms, guess_t *out, size_t room) {
  static const int widths[] = {32, 64, 128, 256}, splits[] = {1, 2, 3, 4, 5, 6, 8, 12, 16};
  int rows = t->n * t->p * t->q, steps = scull_cuda_conv_steps(t);
  size_t n = 0;
  for (int bn = 64; bn <= 128; bn *= 2) {
    scull_cuda_conv_cfg_t many = {
        .kernel = SCULL_CUDA_CONV_MANY, .bm = 128, .bn = bn, .split = 1, .trigger = 1};
    if ((bn < 2 * t->k || bn == 64) && n < room && scull_cuda_conv_smem(t, &many) > 0)
      out[n++].cfg = many;
  }
  for (int bm = 64; bm <= 128; bm *= 2) {
    for (size_t w = 0; w < 4; w++) {
      int bn = widths[w], tiles = (rows + bm - 1) / bm * ((t->k + bn - 1) / bn);
      if ((bn >= 2 * t->k && bn > 64) || (bn == 32 && tiles > 528 && t->k > 32) ||
          (bm == 128 && rows <= 64))
        continue;
      for (size_t s = 0; s < 9 && n < room; s++) {
        scull_cuda_conv_cfg_t cfg = {.kernel = SCULL_CUDA_CONV_FEW,
                                     .bm = bm,
                                     .bn = bn,
                                     .split = splits[s],
                                     .half_partials = splits[s] > 1 && t->type == SCULL_CUDA_F16,
                                     .trigger = 1};
        bool waste =
            splits[s] > steps || (splits[s] > 1 && (tiles * splits[s] > 300 || tiles > 132));
        if (!waste && set_stages(t, &cfg))
          out[n++].cfg = cfg;
      }
    }
  }
  for (size_t i = 0; i < n; i++)
    out[i].cost = cost_of(t, &out[i].cfg, sms);
  qsort(out, n, sizeof *out, by_cost);
  return n;
}

static scull_config_t config_of(const scull_cuda_conv_cfg_t *cfg) {
  return (scull_config_t){.knob = {cfg->kernel << 16 | cfg->bm, cfg->bn,
                                   cfg->split << 8 | cfg->stages,
                                   cfg->threads_gather | cfg->half_partials << 1},
                          .src = SCULL_LAYOUT_NHWC,
                          .dst = SCULL_LAYOUT_NHWC};
}

static scull_cuda_conv_cfg_t single_cfg(const scull_config_t *config) {
  return (scull_cuda_conv_cfg_t){.kernel = config->knob[0] >> 16,
                                 .bm = config->knob[0] & 0xffff,
                                 .bn = config->knob[1],
                                 .split = config->knob[2] >> 8,
                                 .stages = config->knob[2] & 0xff,
                                 .threads_gather = config->knob[3] & 1,
                                 .half_partials = config->knob[3] >> 1 & 1,
                                 .trigger = 1};
}

/* A joined configuration: knobs 0 to 2 are those of opt, min and max, each in one word; knob 3 the
 * rows at opt. The bit in knob 0 tells it from a single one. */
enum { JOINED = 1 << 30 };

static int32_t word_of(const scull_config_t *config) {
  const scull_cuda_conv_cfg_t c = single_cfg(config);
  return c.kernel | c.bm / 64 << 1 | c.bn / 32 << 3 | c.split << 7 | c.stages << 12 |
         c.threads_gather << 17 | c.half_partials << 18;
}

static scull_cuda_conv_cfg_t cfg_of_word(int32_t word) {
  return (scull_cuda_conv_cfg_t){.kernel = word & 1,
                                 .bm = (word >> 1 & 3) * 64,
                                 .bn = (word >> 3 & 15) * 32,
                                 .split = word >> 7 & 31,
                                 .stages = word >> 12 & 31,
                                 .threads_gather = word >> 17 & 1,
                                 .half_partials = word >> 18 & 1,
                                 .trigger = 1};
}

/* Pixels or rows of a result. */
static int64_t rows_of(const scull_shape_t *shape, bool product) {
  int64_t rows = 1;
  for (int32_t i = 0; i < shape->rank; i++)
    rows *= i == (product ? shape->rank - 1 : 1) ? 1 : shape->dim[i];
  return rows;
}

static bool join_configs(const scull_site_t *site, const scull_config_t at[3], bool product,
                         scull_config_t *out) {
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  int64_t rows = rows_of(&y->opt, product);
  if (rows > INT32_MAX)
    return false;
  *out = at[0];
  for (int i = 0; i < 3; i++)
    out->knob[i] = word_of(&at[i]);
  out->knob[0] |= JOINED;
  out->knob[3] = (int32_t)rows;
  return true;
}

static bool join(const scull_site_t *site, const scull_config_t at[3], scull_config_t *out) {
  return join_configs(site, at, false, out);
}

static bool join_matmul(const scull_site_t *site, const scull_config_t at[3], scull_config_t *out) {
  return join_configs(site, at, true, out);
}

/* The configuration for the shapes at hand: of a joined one that of the nearest point, by ratio. */
static scull_cuda_conv_cfg_t cfg_of(const scull_config_t *config, const scull_site_value_t *y,
                                    bool product) {
  if ((config->knob[0] & JOINED) == 0)
    return single_cfg(config);
  double rows = (double)rows_of(&y->opt, product), opt = (double)config->knob[3];
  double min = (double)rows_of(&y->min, product), max = (double)rows_of(&y->max, product);
  int point = rows < opt && rows * rows < opt * min ? 1 : rows * rows > opt * max ? 2 : 0;
  return cfg_of_word(config->knob[point] & ~JOINED);
}

/* The `most` best guesses for one precision; the very best also with its other ways to gather. */
static size_t add_guesses(const scull_cuda_conv_t *t, int sms, scull_precision_t as, size_t most,
                          scull_config_t *out, size_t room) {
  guess_t guesses[96];
  size_t count = list_guesses(t, sms, guesses, 96), n = 0;
  for (size_t i = 0; i < count && i < most && n < room; i++) {
    out[n] = config_of(&guesses[i].cfg);
    out[n].src_as = out[n].dst_as = as;
    n++;
    bool twice = i < 4 && as == SCULL_AS_F16 && t->c % 64 == 0 &&
                 guesses[i].cfg.kernel == SCULL_CUDA_CONV_FEW;
    if (twice && n < room) {
      out[n] = out[n - 1];
      out[n++].knob[3] |= 1;
    }
  }
  return n;
}

/* Slices at whole 16 bytes, as TMA wants them. */
static bool fits_bytes(const scull_site_value_t *v) {
  return v == NULL ||
         (scull_cuda_is_bytes(v) && v->channel_total % 16 == 0 && v->channel_offset % 16 == 0);
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  const scull_cuda_device_t *self = scull_cuda_device_of(device);
  int sms = self == NULL ? 132 : self->sms;
  scull_cuda_clamped_t c;
  size_t n = 0;
  if (scull_cuda_clamped_of(site, &c) != NULL)
    return 0;
  bool bytes = c.g.in_channels % 16 == 0 && c.g.out_channels % 16 == 0 && fits_bytes(c.src) &&
               fits_bytes(c.dst) && fits_bytes(c.residual) &&
               scull_backend_site_permits(site, SCULL_AS_INT8);
  if (bytes) {
    scull_cuda_conv_t t = problem_of(&c, SCULL_CUDA_S8);
    n += add_guesses(&t, sms, SCULL_AS_INT8, MOST, out, room);
  }
  if (scull_backend_site_permits(site, SCULL_AS_F16)) {
    scull_cuda_conv_t t = problem_of(&c, SCULL_CUDA_F16);
    n += add_guesses(&t, sms, SCULL_AS_F16, bytes ? MOST / 3 : MOST, out + n, room - n);
  }
  return n;
}

/* --- weights ---------------------------------------------------------------------------------- */

static scull_cuda_type_t type_of(const scull_config_t *config) {
  return config->src_as == SCULL_AS_INT8 ? SCULL_CUDA_S8 : SCULL_CUDA_F16;
}

static size_t floats_bytes(int64_t k) {
  return (size_t)((k + 31) / 32 * 32) * sizeof(float);
}

static size_t packed_weights(scull_cuda_type_t type, int64_t k, int64_t rs, int64_t c) {
  return (scull_cuda_conv_pack_size(type, (int)k, (int)rs, (int)c, 0) + 255) / 256 * 256;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  const scull_shape_t *w = &scull_backend_site_input(site, 0, 1)->opt;
  (void)device;
  *bytes = packed_weights(type_of(config), w->dim[0], w->dim[2] * w->dim[3], w->dim[1]) +
           2 * floats_bytes(w->dim[0]);
  return SCULL_OK;
}

/* What one step of a weight is worth in row k: its own scale, or its largest over 127. */
static float weight_scale(const scull_site_value_t *w, int64_t k) {
  int64_t each = scull_tensor_count(&w->opt) / (w->opt.dim[0] == 0 ? 1 : w->opt.dim[0]);
  double most = 0;
  if (w->quant != NULL)
    return w->quant->scales[w->quant->count == 1 ? 0 : k];
  for (int64_t i = 0; i < each; i++)
    most = fmax(most, fabs(scull_tensor_load(w->data, w->dtype, k * each + i)));
  return most == 0 ? 1.0f : (float)(most / 127);
}

/* Weights in the order krsc, as the packing wants them. */
static void *unpacked(const scull_site_value_t *w, scull_cuda_type_t type, float *scales) {
  int64_t k = w->opt.dim[0], c = w->opt.dim[1], rs = w->opt.dim[2] * w->opt.dim[3];
  size_t size = type == SCULL_CUDA_S8 ? 1 : 2;
  char *out = scull_base_alloc((size_t)(k * c * rs) * size);
  for (int64_t row = 0; out != NULL && row < k; row++) {
    scales[row] = type == SCULL_CUDA_S8 ? weight_scale(w, row) : 1.0f;
    for (int64_t tap = 0; tap < rs; tap++) {
      for (int64_t channel = 0; channel < c; channel++) {
        int64_t at = (row * rs + tap) * c + channel, from = (row * c + channel) * rs + tap;
        if (type == SCULL_CUDA_S8)
          ((int8_t *)out)[at] = scull_cuda_byte(w, from, scales[row]);
        else
          ((uint16_t *)(void *)out)[at] =
              scull_cuda_half((float)scull_tensor_load(w->data, w->dtype, from));
      }
    }
  }
  return out;
}

/* Weights, then bias, then scale; for INT8 in units of the result. */
static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  scull_cuda_clamped_t c;
  scull_cuda_type_t type = type_of(config);
  (void)device;
  if (scull_cuda_clamped_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  int64_t k = c.g.out_channels, rs = c.g.window[0].kernel * c.g.window[1].kernel;
  size_t weights = packed_weights(type, k, rs, c.g.in_channels);
  float *bias = (float *)(void *)((char *)dst + weights), *scale = bias + floats_bytes(k) / 4;
  float from = scull_backend_site_scale(c.src), to = scull_backend_site_scale(c.dst);
  memset(bias, 0, 2 * floats_bytes(k));
  void *rows = unpacked(c.filter, type, scale);
  if (rows == NULL)
    return SCULL_OUT_OF_MEMORY;
  scull_cuda_conv_pack(type, rows, NULL, (int)k, (int)rs, (int)c.g.in_channels, 0, dst);
  scull_base_free(rows);
  for (int64_t i = 0; i < k; i++) {
    scale[i] = scale[i] * from / to;
    bias[i] = c.bias == NULL ? 0 : (float)scull_tensor_load(c.bias->data, c.bias->dtype, i) / to;
  }
  return SCULL_OK;
}

/* --- running ---------------------------------------------------------------------------------- */

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  scull_cuda_clamped_t c;
  (void)device;
  (void)diag;
  if (scull_cuda_clamped_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  scull_cuda_type_t type = type_of(config);
  size_t weights = packed_weights(type, c.g.out_channels,
                                  c.g.window[0].kernel * c.g.window[1].kernel, c.g.in_channels);
  state_t s = {.conv = problem_of(&c, (int)type),
               .cfg = cfg_of(config, c.dst, false),
               .bias_at = weights,
               .scale_at = weights + floats_bytes(c.g.out_channels),
               .residual_at = c.residual_at};
  if (scull_cuda_tensor_type(c.src) != (int)type || c.src->layout != SCULL_LAYOUT_NHWC ||
      c.dst->layout != SCULL_LAYOUT_NHWC ||
      (type == SCULL_CUDA_S8 && (!fits_bytes(c.dst) || !fits_bytes(c.residual))))
    return SCULL_UNSUPPORTED;
  s.conv.dst_type = scull_cuda_tensor_type(c.dst);
  s.conv.signs = scull_cuda_signs(c.src, c.dst, c.residual);
  if (c.residual != NULL) {
    if (scull_cuda_tensor_type(c.residual) != (int)type)
      return SCULL_UNSUPPORTED;
    s.conv.res_scale = scull_backend_site_scale(c.residual) / scull_backend_site_scale(c.dst);
  }
  float to = scull_backend_site_scale(c.dst);
  s.conv.lo /= to;
  s.conv.hi /= to;
  if (s.conv.dst_type < 0 || scull_cuda_conv_smem(&s.conv, &s.cfg) == 0)
    return SCULL_UNSUPPORTED;
  return scull_cuda_keep(&s, sizeof s, out);
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  const state_t *s = user;
  scull_cuda_conv_t t = s->conv;
  if (t.n == 0)
    return SCULL_OK;
  const char *packed = args->packed;
  t.src = args->inputs[0];
  t.dst = args->outputs[0];
  t.residual = s->residual_at < 0 ? NULL : args->inputs[s->residual_at];
  t.weights = packed;
  t.bias = (const float *)(const void *)(packed + s->bias_at);
  t.scale = (const float *)(const void *)(packed + s->scale_at);
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_conv_enqueue(&t, &s->cfg, l.chained, l.stream));
}

static const char *const convs[] = {"conv", NULL};
const scull_tactic_t scull_tactic_cuda_conv_tensor = {.name = "cuda.conv.tensor.sm90",
                                                      .version = 1,
                                                      .anchors = convs,
                                                      .growth = SCULL_GROW_EPILOGUE,
                                                      .precisions =
                                                          1u << SCULL_AS_F16 | 1u << SCULL_AS_INT8,
                                                      .refuse = refuse,
                                                      .configs = configs,
                                                      .pack_size = pack_size,
                                                      .pack = pack,
                                                      .packs_alike = true,
                                                      .join = join,
                                                      .prepare = prepare,
                                                      .enqueue = enqueue,
                                                      .release = scull_cuda_release};

/* --- matmul with constant weights: a convolution over one pixel ------------------------------- */

typedef struct {
  const scull_site_value_t *x, *w, *bias, *y, *residual;
  int residual_at;
  int64_t m, n, k;
  bool transposed; /* w is [n][k] */
  float lo, hi;
} product_t;

static const char *product_of(const scull_site_t *site, product_t *out) {
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  scull_matmul_geometry_t g;
  scull_cuda_behind_t behind;
  *out = (product_t){.x = scull_backend_site_input(site, 0, 0),
                     .w = scull_backend_site_input(site, 0, 1),
                     .bias = scull_backend_site_input(site, 0, 2)};
  if (site->output_count != 1)
    return "has one result";
  out->y = &site->values[site->outputs[0]];
  if (out->x->dtype != SCULL_DTYPE_F32 || out->x->is_constant || !out->w->is_constant ||
      (out->bias != NULL && !out->bias->is_constant) || out->w->opt.rank != 2)
    return "needs a constant matrix and bias in f32";
  if (!scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call) ||
      scull_ops_matmul_geometry(&call, &g) != SCULL_OK)
    return "is no valid product";
  if (out->x->opt.rank < 2 || g.x_column != 1)
    return "needs rows of x";
  const char *why = refuse_end(site, &out->lo, &out->hi, &behind);
  if (why != NULL)
    return why;
  out->residual = behind.residual;
  out->residual_at = behind.residual_at;
  out->m = g.m * scull_tensor_count(&g.batch);
  out->n = g.n;
  out->k = g.k;
  out->transposed = g.y_row == 1;
  if (out->y->channel_total > 0)
    return "writes whole tensors";
  if (out->k % 8 != 0 || out->n % 8 != 0)
    return "needs inner and outer extents % 8 == 0";
  return scull_cuda_refuse_values(site);
}

static const char *refuse_matmul(const scull_site_t *site, const scull_device_t *device) {
  product_t p;
  const char *why = product_of(site, &p);
  return why != NULL ? why : refuse_device(device);
}

static scull_cuda_conv_t problem_of_product(const product_t *p, scull_cuda_type_t type) {
  return (scull_cuda_conv_t){.type = (int32_t)type,
                             .dst_type = (int32_t)type,
                             .n = (int32_t)p->m,
                             .h = 1,
                             .w = 1,
                             .c = (int32_t)p->k,
                             .src_pitch = (int32_t)p->k,
                             .r = 1,
                             .s = 1,
                             .stride_h = 1,
                             .stride_w = 1,
                             .dil_h = 1,
                             .dil_w = 1,
                             .p = 1,
                             .q = 1,
                             .k = (int32_t)p->n,
                             .dst_pitch = (int32_t)p->n,
                             .res_pitch = (int32_t)p->n,
                             .lo = p->lo,
                             .hi = p->hi,
                             .res_scale = 1};
}

/* Results as the operands, and from FEW also in FP32 (where there is no residual). */
static size_t add_products(const product_t *p, const scull_device_t *device, scull_precision_t as,
                           size_t most, scull_config_t *out, size_t room) {
  const scull_cuda_device_t *self = scull_cuda_device_of(device);
  scull_config_t guesses[SCULL_MAX_CONFIGS / 2];
  scull_cuda_conv_t t = problem_of_product(p, as == SCULL_AS_INT8 ? SCULL_CUDA_S8 : SCULL_CUDA_F16);
  size_t n = 0, count = add_guesses(&t, self == NULL ? 132 : self->sms, as, most, guesses,
                                    SCULL_MAX_CONFIGS / 2);
  for (size_t i = 0; i < count; i++) {
    guesses[i].src = guesses[i].dst = SCULL_LAYOUT_PLAIN;
    if (n < room && (as == SCULL_AS_F16 || scull_cuda_is_bytes(p->y)))
      out[n++] = guesses[i];
    if (n < room && p->residual == NULL && guesses[i].knob[0] >> 16 == SCULL_CUDA_CONV_FEW) {
      out[n] = guesses[i];
      out[n++].dst_as = SCULL_AS_MODEL;
    }
  }
  return n;
}

static size_t configs_matmul(const scull_site_t *site, const scull_device_t *device,
                             scull_config_t *out, size_t room) {
  product_t p;
  size_t n = 0;
  if (product_of(site, &p) != NULL)
    return 0;
  bool bytes = scull_backend_site_permits(site, SCULL_AS_INT8) && scull_cuda_is_bytes(p.x) &&
               (p.residual == NULL || scull_cuda_is_bytes(p.residual)) && p.k % 16 == 0 &&
               p.n % 16 == 0;
  if (scull_backend_site_permits(site, SCULL_AS_F16))
    n = add_products(&p, device, SCULL_AS_F16, bytes ? MOST / 3 : MOST, out, room);
  if (bytes)
    n += add_products(&p, device, SCULL_AS_INT8, MOST / 2, out + n, room - n);
  return n;
}

static scull_status_t pack_size_matmul(const scull_site_t *site, const scull_config_t *config,
                                       const scull_device_t *device, size_t *bytes) {
  product_t p;
  (void)device;
  if (product_of(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  *bytes = packed_weights(type_of(config), p.n, 1, p.k) + 2 * floats_bytes(p.n);
  return SCULL_OK;
}

static int64_t place_in(const product_t *p, int64_t n, int64_t k) {
  return p->transposed ? n * p->k + k : k * p->n + n;
}

/* One step of a weight in column n: the model's, or its largest over 127. */
static float column_scale(const product_t *p, int64_t n) {
  double most = 0;
  if (p->w->quant != NULL && (p->w->quant->count == 1 || (int64_t)p->w->quant->count == p->n))
    return p->w->quant->scales[p->w->quant->count == 1 ? 0 : n];
  for (int64_t k = 0; k < p->k; k++)
    most = fmax(most, fabs(scull_tensor_load(p->w->data, p->w->dtype, place_in(p, n, k))));
  return most == 0 ? 1.0f : (float)(most / 127);
}

static scull_status_t pack_matmul(const scull_site_t *site, const scull_config_t *config,
                                  const scull_device_t *device, void *dst) {
  scull_cuda_type_t type = type_of(config);
  product_t p;
  (void)device;
  if (product_of(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  void *rows = scull_base_alloc((size_t)(p.n * p.k) * sizeof(uint16_t));
  float *bias = (float *)(void *)((char *)dst + packed_weights(type, p.n, 1, p.k));
  float *scale = bias + floats_bytes(p.n) / sizeof *bias;
  float from = scull_backend_site_scale(p.x), to = scull_backend_site_scale(p.y);
  if (rows == NULL)
    return SCULL_OUT_OF_MEMORY;
  memset(bias, 0, 2 * floats_bytes(p.n));
  for (int64_t n = 0; n < p.n; n++) {
    float step = type == SCULL_CUDA_S8 ? column_scale(&p, n) : 1.0f;
    for (int64_t k = 0; k < p.k; k++) {
      int64_t place = place_in(&p, n, k);
      if (type == SCULL_CUDA_S8)
        ((int8_t *)rows)[n * p.k + k] = scull_cuda_byte(p.w, place, step);
      else
        ((uint16_t *)rows)[n * p.k + k] =
            scull_cuda_half((float)scull_tensor_load(p.w->data, p.w->dtype, place));
    }
    scale[n] = step * from / to;
  }
  scull_cuda_conv_pack(type, rows, NULL, (int)p.n, 1, (int)p.k, 0, dst);
  scull_base_free(rows);
  for (int64_t i = 0; p.bias != NULL && i < p.n; i++)
    bias[i] = (float)scull_tensor_load(p.bias->data, p.bias->dtype,
                                       scull_tensor_count(&p.bias->opt) == 1 ? 0 : i) /
              to;
  return SCULL_OK;
}

static scull_status_t prepare_matmul(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, scull_prepared_t *out,
                                     scull_diag_t *diag) {
  scull_cuda_type_t type = type_of(config);
  product_t p;
  (void)device;
  (void)diag;
  if (product_of(site, &p) != NULL || scull_cuda_tensor_type(p.x) != (int)type ||
      (p.residual != NULL && scull_cuda_tensor_type(p.residual) != (int)type))
    return SCULL_UNSUPPORTED;
  size_t weights = packed_weights(type, p.n, 1, p.k);
  float to = scull_backend_site_scale(p.y);
  state_t s = {.conv = problem_of_product(&p, type),
               .cfg = cfg_of(config, p.y, true),
               .bias_at = weights,
               .scale_at = weights + floats_bytes(p.n),
               .residual_at = p.residual_at};
  s.conv.dst_type = scull_cuda_tensor_type(p.y);
  s.conv.signs = scull_cuda_signs(p.x, p.y, p.residual);
  s.conv.lo /= to;
  s.conv.hi /= to;
  if (p.residual != NULL)
    s.conv.res_scale = scull_backend_site_scale(p.residual) / to;
  if (s.conv.dst_type < 0 || scull_cuda_conv_smem(&s.conv, &s.cfg) == 0)
    return SCULL_UNSUPPORTED;
  return scull_cuda_keep(&s, sizeof s, out);
}

static const char *const matmuls[] = {"matmul", NULL};
const scull_tactic_t scull_tactic_cuda_matmul_tensor = {.name = "cuda.matmul.tensor.sm90",
                                                        .version = 2,
                                                        .anchors = matmuls,
                                                        .growth = SCULL_GROW_EPILOGUE,
                                                        .precisions = 1u << SCULL_AS_F16 |
                                                                      1u << SCULL_AS_INT8,
                                                        .refuse = refuse_matmul,
                                                        .configs = configs_matmul,
                                                        .pack_size = pack_size_matmul,
                                                        .pack = pack_matmul,
                                                        .packs_alike = true,
                                                        .join = join_matmul,
                                                        .prepare = prepare_matmul,
                                                        .enqueue = enqueue,
                                                        .release = scull_cuda_release};
