/* cuda.conv.mma and cuda.matmul.mma: convolutions and products with constant weights on the matrix
 * units of any GPU since 8.0, FP16, BF16, TF32 and INT8 (mma.cu). On Hopper, whose own unit
 * conv_tensor.c uses, they take what that refuses. Knob 0 is the tile, knob 1 how many blocks share
 * K. The search times what a rough model likes best. */
#include "backend/cuda/mma.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cuda/common.h"
#include "backend/cuda/tactics.h"
#include "ops/conv.h"
#include "ops/matmul.h"

enum { MOST = 12 };

typedef struct {
  scull_cuda_mma_t mma;
  int tile;
  size_t bias_at; /* bytes in the packed weights; the scales of INT8 are behind it */
  int residual_at;
} state_t;

/* A convolution, or a product as one over a single pixel. */
typedef struct {
  scull_cuda_mma_t mma; /* sizes at `opt`; no addresses, types or scales */
  const scull_site_value_t *x, *w, *bias, *y, *residual;
  int residual_at;
  scull_layout_t layout;
  bool product, transposed; /* of products: w is [k][c] */
} problem_t;

/* --- reading ---------------------------------------------------------------------------------- */

static const char *read_conv(const scull_site_t *site, problem_t *p) {
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  scull_conv_geometry_t g;
  if (p->x->opt.rank != 4 || p->x->min.dim[1] != p->x->max.dim[1])
    return "needs two spatial axes and known channels";
  if (!scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call) ||
      scull_ops_conv_geometry(&call, &g) != SCULL_OK)
    return "is no valid convolution";
  if (g.groups != 1)
    return "needs one group";
  const scull_window_t *y = &g.window[0], *x = &g.window[1];
  p->layout = SCULL_LAYOUT_NHWC;
  p->mma = (scull_cuda_mma_t){.n = (int32_t)g.batch,
                              .h = (int32_t)y->in,
                              .w = (int32_t)x->in,
                              .c = (int32_t)g.in_channels,
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
                              .k = (int32_t)g.out_channels};
  return NULL;
}

static const char *read_product(const scull_site_t *site, problem_t *p) {
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  scull_matmul_geometry_t g;
  if (p->w->opt.rank != 2 || p->x->opt.rank < 2)
    return "needs a constant matrix";
  if (!scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call) ||
      scull_ops_matmul_geometry(&call, &g) != SCULL_OK)
    return "is no valid product";
  if (g.x_column != 1)
    return "needs rows of x";
  p->product = true;
  p->transposed = g.y_row == 1;
  p->layout = SCULL_LAYOUT_PLAIN;
  p->mma = (scull_cuda_mma_t){.n = (int32_t)(g.m * scull_tensor_count(&g.batch)),
                              .h = 1,
                              .w = 1,
                              .c = (int32_t)g.k,
                              .r = 1,
                              .s = 1,
                              .stride_h = 1,
                              .stride_w = 1,
                              .dil_h = 1,
                              .dil_w = 1,
                              .p = 1,
                              .q = 1,
                              .k = (int32_t)g.n};
  return NULL;
}

static int32_t pitch_of(const problem_t *p, const scull_site_value_t *v, int32_t channels) {
  return !p->product && v->channel_total > 0 ? (int32_t)v->channel_total : channels;
}

static const char *read_problem(const scull_site_t *site, problem_t *p) {
  scull_cuda_behind_t behind;
  *p = (problem_t){.x = scull_backend_site_input(site, 0, 0),
                   .w = scull_backend_site_input(site, 0, 1),
                   .bias = scull_backend_site_input(site, 0, 2)};
  if (site->output_count != 1)
    return "has one result";
  p->y = &site->values[site->outputs[0]];
  if (p->x->dtype != SCULL_DTYPE_F32 || p->y->dtype != SCULL_DTYPE_F32 || p->x->is_constant ||
      !p->w->is_constant || (p->bias != NULL && !p->bias->is_constant))
    return "needs a network of f32 with constant weights and bias";
  const char *why = scull_cuda_behind_of(site, &behind);
  if (why == NULL)
    why = scull_backend_site_is(site, 0, "conv") ? read_conv(site, p) : read_product(site, p);
  if (why != NULL)
    return why;
  if (p->product && p->y->channel_total > 0)
    return "writes whole tensors";
  if (p->mma.c % 4 != 0 || p->mma.c == 0)
    return "needs channels % 4 == 0";
  p->residual = behind.residual;
  p->residual_at = behind.residual_at;
  p->mma.act = behind.act;
  p->mma.add_first = behind.add_first;
  p->mma.src_pitch = pitch_of(p, p->x, p->mma.c);
  p->mma.dst_pitch = pitch_of(p, p->y, p->mma.k);
  if (p->residual != NULL)
    p->mma.res_pitch = pitch_of(p, p->residual, p->mma.k);
  p->mma.even = p->mma.k % 8 == 0 && p->mma.dst_pitch % 8 == 0 && p->mma.res_pitch % 8 == 0 &&
                p->y->channel_offset % 8 == 0 &&
                (p->residual == NULL || p->residual->channel_offset % 8 == 0);
  return scull_cuda_refuse_values(site);
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  problem_t p;
  const char *why = read_problem(site, &p);
  return why != NULL ? why : device->features < 80 ? "needs compute capability 8.0" : NULL;
}

/* --- configurations --------------------------------------------------------------------------- */

static int size_of(scull_precision_t as) {
  return as == SCULL_AS_MODEL ? 4 : as == SCULL_AS_INT8 ? 1 : 2;
}

typedef struct {
  int tile, split;
  double cost;
} guess_t;

static int by_cost(const void *a, const void *b) {
  double x = ((const guess_t *)a)->cost, y = ((const guess_t *)b)->cost;
  return (x > y) - (x < y);
}

/* Microseconds, roughly: waves of blocks and their steps, and the second kernel of a split. */
static size_t list_guesses(const scull_cuda_mma_t *t, int size, int sms, guess_t *out) {
  static const int heights[] = {128, 128, 64, 64}, widths[] = {128, 64, 64, 32};
  const double rows = (double)t->n * t->p * t->q;
  const int steps = (int)ceil((double)t->r * t->s * t->c * size / SCULL_CUDA_MMA_STEP);
  size_t n = 0;
  for (int tile = 0; tile < SCULL_CUDA_MMA_TILES; tile++) {
    double tiles = ceil(rows / heights[tile]) * ceil((double)t->k / widths[tile]);
    double step = fmax(0.1, heights[tile] * widths[tile] * 1.3e-5);
    for (int split = 1; split <= 16; split *= 2) {
      if (split > 1 && (tiles * split > 4.0 * sms || steps < 2 * split))
        break;
      double sums = split == 1 ? 0 : 2 + rows * t->k * (split + 1) * 4 / 2e6;
      out[n++] =
          (guess_t){tile, split, ceil(tiles * split / sms) * (1 + step * steps / split) + sums};
    }
  }
  qsort(out, n, sizeof *out, by_cost);
  return n;
}

/* Slices at whole units of 16 bytes. */
static bool fits_units(const scull_site_value_t *v, int size) {
  return v->channel_total * size % 16 == 0 && v->channel_offset * size % 16 == 0;
}

static bool fits(const problem_t *p, const scull_site_t *site, scull_precision_t as) {
  int size = size_of(as);
  if (as == SCULL_AS_MODEL ? (site->precisions & SCULL_PERMITS_TF32) == 0
                           : !scull_backend_site_permits(site, as))
    return false;
  if (as == SCULL_AS_INT8 && (!scull_cuda_is_bytes(p->x) || !scull_cuda_is_bytes(p->y) ||
                              (p->residual != NULL && !scull_cuda_is_bytes(p->residual))))
    return false;
  return p->mma.c * size % 16 == 0 && fits_units(p->x, size);
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const scull_precision_t kinds[] = {SCULL_AS_INT8, SCULL_AS_F16, SCULL_AS_BF16,
                                            SCULL_AS_MODEL};
  const scull_tactic_t *hopper;
  guess_t guesses[SCULL_CUDA_MMA_TILES * 5];
  problem_t p;
  size_t n = 0;
  if (read_problem(site, &p) != NULL)
    return 0;
  hopper = p.product ? &scull_tactic_cuda_matmul_tensor : &scull_tactic_cuda_conv_tensor;
  bool beside = hopper->refuse(site, device) == NULL;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    bool taken = beside && (kinds[k] == SCULL_AS_F16 || kinds[k] == SCULL_AS_INT8);
    if (taken || !fits(&p, site, kinds[k]))
      continue;
    size_t count =
        list_guesses(&p.mma, size_of(kinds[k]),
                     device->self == NULL ? 132 : scull_cuda_device_of(device)->sms, guesses);
    for (size_t i = 0; i < count && i < MOST && n < room; i++)
      out[n++] = (scull_config_t){.knob = {guesses[i].tile, guesses[i].split},
                                  .src = p.layout,
                                  .dst = p.layout,
                                  .src_as = kinds[k],
                                  .dst_as = kinds[k]};
  }
  return n;
}

/* --- weights ---------------------------------------------------------------------------------- */

static size_t padded(const problem_t *p) {
  return (size_t)((p->mma.k + 31) / 32 * 32);
}

static size_t weights_bytes(const problem_t *p, scull_precision_t as) {
  size_t row = (size_t)p->mma.r * (size_t)p->mma.s * (size_t)p->mma.c * (size_t)size_of(as);
  return (padded(p) * row + 255) / 256 * 256;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  problem_t p;
  (void)device;
  if (read_problem(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  *bytes = weights_bytes(&p, config->src_as) + 2 * padded(&p) * sizeof(float);
  return SCULL_OK;
}

/* Where the weight of output k, tap, channel c stands in the model. */
static int64_t place_in(const problem_t *p, int64_t k, int64_t tap, int64_t c) {
  if (!p->product)
    return (k * p->mma.c + c) * p->mma.r * p->mma.s + tap;
  return p->transposed ? k * p->mma.c + c : c * p->mma.k + k;
}

/* What one step of a weight of output k is worth: the model's, or its largest over 127. */
static float weight_scale(const problem_t *p, int64_t k) {
  const scull_quant_t *quant = p->w->quant;
  double most = 0;
  if (quant != NULL && (quant->count == 1 || (int64_t)quant->count == p->mma.k))
    return quant->scales[quant->count == 1 ? 0 : k];
  for (int64_t tap = 0; tap < (int64_t)p->mma.r * p->mma.s; tap++) {
    for (int64_t c = 0; c < p->mma.c; c++)
      most = fmax(most, fabs(scull_tensor_load(p->w->data, p->w->dtype, place_in(p, k, tap, c))));
  }
  return most == 0 ? 1.0f : (float)(most / 127);
}

/* Rounded as the kernel rounds pixels. */
static uint32_t tf32_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return isnan(value) ? bits | 0x400000 : (bits + 0x1000) & 0xffffe000;
}

static void store_weight(const problem_t *p, scull_precision_t as, int64_t from, float step,
                         void *to, int64_t at) {
  double value = as == SCULL_AS_INT8 ? 0 : scull_tensor_load(p->w->data, p->w->dtype, from);
  switch (as) {
  case SCULL_AS_INT8: ((int8_t *)to)[at] = scull_cuda_byte(p->w, from, step); break;
  case SCULL_AS_F16: scull_tensor_store(to, SCULL_DTYPE_F16, at, value); break;
  case SCULL_AS_BF16: scull_tensor_store(to, SCULL_DTYPE_BF16, at, value); break;
  default: ((uint32_t *)to)[at] = tf32_bits((float)value); break;
  }
}

/* Weights, then bias, then scale. */
static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  problem_t p;
  (void)device;
  if (read_problem(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  size_t weights = weights_bytes(&p, config->src_as);
  float *bias = (float *)(void *)((char *)dst + weights), *scale = bias + padded(&p);
  int64_t taps = (int64_t)p.mma.r * p.mma.s, c = p.mma.c;
  memset(dst, 0, weights + 2 * padded(&p) * sizeof(float));
  for (int32_t row = 0; row < (int32_t)padded(&p); row++) {
    int64_t k = scull_cuda_mma_channel(row);
    if (k >= p.mma.k)
      continue;
    float step = config->src_as == SCULL_AS_INT8 ? weight_scale(&p, k) : 1.0f;
    scale[k] = step * scull_backend_site_scale(p.x);
    if (p.bias != NULL)
      bias[k] = (float)scull_tensor_load(p.bias->data, p.bias->dtype,
                                         scull_tensor_count(&p.bias->opt) == 1 ? 0 : k);
    for (int64_t tap = 0; tap < taps; tap++) {
      for (int64_t channel = 0; channel < c; channel++)
        store_weight(&p, config->src_as, place_in(&p, k, tap, channel), step, dst,
                     (row * taps + tap) * c + channel);
    }
  }
  return SCULL_OK;
}

/* --- running ---------------------------------------------------------------------------------- */

/* What to multiply values that are stored so; -1: cannot. */
static int kind_of(const scull_site_value_t *v, scull_precision_t as) {
  switch (scull_backend_site_stored(v)) {
  case SCULL_DTYPE_F16: return as == SCULL_AS_F16 ? SCULL_CUDA_MMA_F16 : -1;
  case SCULL_DTYPE_BF16: return as == SCULL_AS_BF16 ? SCULL_CUDA_MMA_BF16 : -1;
  case SCULL_DTYPE_F32: return as == SCULL_AS_MODEL ? SCULL_CUDA_MMA_TF32 : -1;
  case SCULL_DTYPE_I8: return as == SCULL_AS_INT8 ? SCULL_CUDA_MMA_S8 : -1;
  case SCULL_DTYPE_U8: return as == SCULL_AS_INT8 ? SCULL_CUDA_MMA_U8 : -1;
  default: return -1;
  }
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  problem_t p;
  (void)device;
  (void)diag;
  if (read_problem(site, &p) != NULL || config->knob[0] < 0 ||
      config->knob[0] >= SCULL_CUDA_MMA_TILES || config->knob[1] < 1 || config->knob[1] > 64 ||
      p.x->layout != p.layout || p.y->layout != p.layout ||
      (p.residual != NULL && p.residual->layout != p.layout) ||
      !fits_units(p.x, size_of(config->src_as)) || p.mma.c * size_of(config->src_as) % 16 != 0)
    return SCULL_UNSUPPORTED;
  state_t s = {.mma = p.mma,
               .tile = config->knob[0],
               .bias_at = weights_bytes(&p, config->src_as),
               .residual_at = p.residual_at};
  s.mma.kind = kind_of(p.x, config->src_as);
  s.mma.dst_type = scull_cuda_element(scull_backend_site_stored(p.y));
  s.mma.split = config->knob[1];
  s.mma.dst_factor = 1 / scull_backend_site_scale(p.y);
  s.mma.res_scale = 1;
  if (p.residual != NULL) {
    s.mma.res_type = scull_cuda_element(scull_backend_site_stored(p.residual));
    s.mma.res_scale = scull_backend_site_scale(p.residual);
  }
  if (s.mma.kind < 0)
    return SCULL_UNSUPPORTED;
  if (s.mma.split > 1)
    out->scratch = (size_t)s.mma.split * (size_t)p.mma.n * (size_t)p.mma.p * (size_t)p.mma.q *
                   padded(&p) * sizeof(float);
  return scull_cuda_keep(&s, sizeof s, out);
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  const state_t *s = user;
  scull_cuda_mma_t t = s->mma;
  if (t.n == 0)
    return SCULL_OK;
  t.src = args->inputs[0];
  t.dst = args->outputs[0];
  t.residual = s->residual_at < 0 ? NULL : args->inputs[s->residual_at];
  t.weights = args->packed;
  t.bias = (const float *)(const void *)((const char *)args->packed + s->bias_at);
  t.scale = t.kind >= SCULL_CUDA_MMA_S8 ? t.bias + (t.k + 31) / 32 * 32 : NULL;
  t.partial = args->scratch;
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  SCULL_TRY(scull_cuda_status(scull_cuda_mma_enqueue(&t, s->tile, l.chained, l.stream)));
  if (t.split == 1)
    return SCULL_OK;
  l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_mma_add_enqueue(&t, l.chained, l.stream));
}

static const char *const convs[] = {"conv", NULL};
const scull_tactic_t scull_tactic_cuda_conv_mma = {.name = "cuda.conv.mma",
                                                   .version = 1,
                                                   .anchors = convs,
                                                   .growth = SCULL_GROW_EPILOGUE,
                                                   .precisions =
                                                       SCULL_CUDA_FLOATS | 1u << SCULL_AS_INT8,
                                                   .refuse = refuse,
                                                   .configs = configs,
                                                   .pack_size = pack_size,
                                                   .pack = pack,
                                                   .packs_alike = true,
                                                   .prepare = prepare,
                                                   .enqueue = enqueue,
                                                   .release = scull_cuda_release};

static const char *const matmuls[] = {"matmul", NULL};
const scull_tactic_t scull_tactic_cuda_matmul_mma = {.name = "cuda.matmul.mma",
                                                     .version = 1,
                                                     .anchors = matmuls,
                                                     .growth = SCULL_GROW_EPILOGUE,
                                                     .precisions =
                                                         SCULL_CUDA_FLOATS | 1u << SCULL_AS_INT8,
                                                     .refuse = refuse,
                                                     .configs = configs,
                                                     .pack_size = pack_size,
                                                     .pack = pack,
                                                     .packs_alike = true,
                                                     .prepare = prepare,
                                                     .enqueue = enqueue,
                                                     .release = scull_cuda_release};
