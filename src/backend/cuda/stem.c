/* cuda.conv.first and cuda.conv.stem: first layers, straight from the planar picture of three
 * channels to FP16 or INT8, channels last (stem.cu, stem_many.cu). The stem takes the maximum
 * pooling behind the convolution along. */
#include "backend/cuda/stem.h"

#include <string.h>

#include "backend/cuda/conv_tensor.h"
#include "backend/cuda/tactics.h"
#include "ops/pool.h"

/* --- what both share -------------------------------------------------------------------------- */

/* FP16, and INT8 where the result's scale is known. */
static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  const scull_config_t first = {.src = SCULL_LAYOUT_PLAIN, .dst = SCULL_LAYOUT_NHWC};
  size_t n = 0;
  (void)device;
  if (scull_backend_site_permits(site, SCULL_AS_F16) && n < room) {
    out[n] = first;
    out[n++].dst_as = SCULL_AS_F16;
  }
  if (scull_backend_site_permits(site, SCULL_AS_INT8) && n < room && scull_cuda_is_bytes(y)) {
    out[n] = first;
    out[n++].dst_as = SCULL_AS_INT8;
  }
  return n;
}

static size_t weights_bytes(int64_t k, int64_t r) {
  return (scull_cuda_stem_pack_size((int)k, (int)r) + 255) / 256 * 256;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  const scull_shape_t *w = &scull_backend_site_input(site, 0, 1)->opt;
  (void)config;
  (void)device;
  *bytes = weights_bytes(w->dim[0], w->dim[2]) + (size_t)w->dim[0] * sizeof(float);
  return SCULL_OK;
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  const scull_site_value_t *w = scull_backend_site_input(site, 0, 1);
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  int64_t k = w->opt.dim[0], r = w->opt.dim[2], taps = r * r;
  uint16_t *rows = scull_base_alloc((size_t)(k * taps * 3) * sizeof *rows);
  float *bias = (float *)(void *)((char *)dst + weights_bytes(k, r));
  (void)config;
  (void)device;
  if (rows == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (int64_t i = 0; i < k * taps * 3; i++) {
    int64_t c = i % 3, tap = i / 3 % taps, row = i / 3 / taps;
    rows[i] =
        scull_cuda_half((float)scull_tensor_load(w->data, w->dtype, (row * 3 + c) * taps + tap));
  }
  memset(dst, 0, weights_bytes(k, r));
  scull_cuda_stem_pack(rows, (int)k, (int)r, dst);
  scull_base_free(rows);
  for (int64_t i = 0; i < k; i++)
    bias[i] = b == NULL ? 0 : (float)scull_tensor_load(b->data, b->dtype, i);
  return SCULL_OK;
}

/* 0 for FP16, else what a result is multiplied with. */
static float dst_scale(const scull_site_value_t *y) {
  return y->as == SCULL_AS_INT8 ? 1 / scull_backend_site_scale(y) : 0;
}

static bool is_written(const scull_site_value_t *y) {
  int type = scull_cuda_tensor_type(y);
  return y->layout == SCULL_LAYOUT_NHWC && (type == SCULL_CUDA_F16 || type == SCULL_CUDA_S8);
}

/* A square filter of `r` taps at stride 2 over three channels. */
static const char *refuse_window(const scull_cuda_clamped_t *c, int64_t r, int64_t pad) {
  const scull_window_t *y = &c->g.window[0], *x = &c->g.window[1];
  if (c->g.in_channels != 3 || c->g.groups != 1)
    return "needs three channels";
  if (c->residual != NULL || c->dst->channel_total > 0)
    return "adds nothing and writes whole tensors";
  if (y->kernel != r || x->kernel != r || y->stride != 2 || x->stride != 2 || y->dilation != 1 ||
      x->dilation != 1 || y->pad_begin != x->pad_begin || (pad >= 0 && y->pad_begin != pad))
    return r == 3 ? "needs a filter of 3x3 at stride 2"
                  : "needs a filter of 7x7 at stride 2, padded by 3";
  return NULL;
}

/* --- 3x3 -------------------------------------------------------------------------------------- */

static const char *refuse_first(const scull_site_t *site, const scull_device_t *device) {
  scull_cuda_clamped_t c;
  const char *why = scull_cuda_clamped_of(site, &c);
  if (why == NULL)
    why = refuse_window(&c, 3, -1);
  if (why == NULL && (c.g.window[0].pad_begin > 1 || c.g.window[0].pad_begin < 0))
    why = "needs a padding of 0 or 1";
  if (why == NULL && c.g.out_channels % 32 != 0)
    why = "needs channels % 32 == 0";
  if (why == NULL && device->features != 90)
    why = "needs a Hopper GPU (9.0)";
  return why;
}

static scull_status_t prepare_first(const scull_site_t *site, const scull_config_t *config,
                                    const scull_device_t *device, scull_prepared_t *out,
                                    scull_diag_t *diag) {
  scull_cuda_clamped_t c;
  (void)config;
  (void)device;
  (void)diag;
  if (scull_cuda_clamped_of(site, &c) != NULL || !is_written(c.dst) ||
      scull_cuda_tensor_type(c.src) != SCULL_CUDA_F32)
    return SCULL_UNSUPPORTED;
  scull_cuda_first_t t = {.dst_scale = dst_scale(c.dst),
                          .signs = scull_cuda_signs(NULL, c.dst, NULL),
                          .n = (int32_t)c.g.batch,
                          .h = (int32_t)c.g.window[0].in,
                          .w = (int32_t)c.g.window[1].in,
                          .k = (int32_t)c.g.out_channels,
                          .pad = (int32_t)c.g.window[0].pad_begin,
                          .p = (int32_t)c.g.window[0].out,
                          .q = (int32_t)c.g.window[1].out,
                          .lo = c.lo,
                          .hi = c.hi};
  return scull_cuda_keep(&t, sizeof t, out);
}

static scull_status_t enqueue_first(void *user, const scull_args_t *args) {
  scull_cuda_first_t t = *(const scull_cuda_first_t *)user;
  if (t.n == 0)
    return SCULL_OK;
  t.src = args->inputs[0];
  t.dst = args->outputs[0];
  t.weights = args->packed;
  t.bias = (const float *)(const void *)((const char *)args->packed + weights_bytes(t.k, 3));
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_first_enqueue(&t, l.chained, l.stream));
}

static const char *const convs[] = {"conv", NULL};
const scull_tactic_t scull_tactic_cuda_conv_first = {.name = "cuda.conv.first.sm90",
                                                     .version = 1,
                                                     .anchors = convs,
                                                     .growth = SCULL_GROW_EPILOGUE,
                                                     .precisions =
                                                         1u << SCULL_AS_F16 | 1u << SCULL_AS_INT8,
                                                     .refuse = refuse_first,
                                                     .configs = configs,
                                                     .pack_size = pack_size,
                                                     .pack = pack,
                                                     .prepare = prepare_first,
                                                     .enqueue = enqueue_first,
                                                     .release = scull_cuda_release};

/* --- 7x7 with its pooling --------------------------------------------------------------------- */

/* The convolution as if the pooling were not there. */
static scull_site_t before_pool(const scull_site_t *site, uint16_t *output) {
  scull_site_t front = *site;
  front.op_count = site->op_count - 1;
  *output = site->ops[front.op_count - 1].outputs[0];
  front.outputs = output;
  front.output_count = 1;
  return front;
}

static const char *refuse_stem(const scull_site_t *site, const scull_device_t *device) {
  scull_cuda_clamped_t c;
  scull_tensor_t inputs[2], outputs[2];
  scull_op_call_t call;
  scull_pool_geometry_t g;
  uint16_t output = 0;
  size_t last = site->op_count - 1;
  if (site->op_count < 2 || !scull_backend_site_is(site, last, "max_pool") ||
      site->output_count != 1)
    return "ends in a maximum pooling";
  scull_site_t front = before_pool(site, &output);
  const char *why = scull_cuda_clamped_of(&front, &c);
  if (why == NULL)
    why = refuse_window(&c, 7, 3);
  if (why != NULL)
    return why;
  if (!scull_backend_site_call(site, last, inputs, 2, outputs, 2, &call) ||
      scull_ops_pool_geometry(&call, &g) != SCULL_OK || g.spatial != 2)
    return "is no valid pooling";
  for (int i = 0; i < 2; i++) {
    const scull_window_t *w = &g.window[i];
    if (w->kernel != 3 || w->stride != 2 || w->pad_begin != 1 || w->dilation != 1)
      return "pools windows of 3x3 at stride 2, padded by 1";
  }
  if (site->values[site->outputs[0]].channel_total > 0)
    return "writes whole tensors";
  if (c.g.out_channels % 64 != 0)
    return "needs channels % 64 == 0";
  return device->features != 90 ? "needs a Hopper GPU (9.0)" : NULL;
}

static scull_status_t prepare_stem(const scull_site_t *site, const scull_config_t *config,
                                   const scull_device_t *device, scull_prepared_t *out,
                                   scull_diag_t *diag) {
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  scull_cuda_clamped_t c;
  uint16_t output = 0;
  (void)config;
  (void)device;
  (void)diag;
  scull_site_t front = before_pool(site, &output);
  if (scull_cuda_clamped_of(&front, &c) != NULL || !is_written(y) ||
      scull_cuda_tensor_type(c.src) != SCULL_CUDA_F32)
    return SCULL_UNSUPPORTED;
  scull_cuda_stem_t t = {.dst_scale = dst_scale(y),
                         .signs = scull_cuda_signs(NULL, y, NULL),
                         .n = (int32_t)c.g.batch,
                         .h = (int32_t)c.g.window[0].in,
                         .w = (int32_t)c.g.window[1].in,
                         .k = (int32_t)c.g.out_channels,
                         .p = (int32_t)c.g.window[0].out,
                         .q = (int32_t)c.g.window[1].out,
                         .pool_p = (int32_t)y->opt.dim[2],
                         .pool_q = (int32_t)y->opt.dim[3],
                         .lo = c.lo,
                         .hi = c.hi};
  return scull_cuda_keep(&t, sizeof t, out);
}

static scull_status_t enqueue_stem(void *user, const scull_args_t *args) {
  scull_cuda_stem_t t = *(const scull_cuda_stem_t *)user;
  if (t.n == 0)
    return SCULL_OK;
  t.src = args->inputs[0];
  t.dst = args->outputs[0];
  t.weights = args->packed;
  t.bias = (const float *)(const void *)((const char *)args->packed + weights_bytes(t.k, 7));
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_stem_enqueue(&t, l.chained, l.stream));
}

const scull_tactic_t scull_tactic_cuda_conv_stem = {.name = "cuda.conv.stem.sm90",
                                                    .version = 1,
                                                    .anchors = convs,
                                                    .growth = SCULL_GROW_POOLING,
                                                    .precisions =
                                                        1u << SCULL_AS_F16 | 1u << SCULL_AS_INT8,
                                                    .refuse = refuse_stem,
                                                    .configs = configs,
                                                    .pack_size = pack_size,
                                                    .pack = pack,
                                                    .prepare = prepare_stem,
                                                    .enqueue = enqueue_stem,
                                                    .release = scull_cuda_release};
