/* cuda.conv.depthwise: 3x3 and 5x5 depthwise convolutions, FP16, INT8 and FP32, channels last
 * (depthwise.cu). */
#include "backend/cuda/depthwise.h"

#include "backend/cuda/conv_tensor.h"
#include "backend/cuda/tactics.h"

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_cuda_clamped_t c;
  const char *why = scull_cuda_ended_of(site, &c);
  if (why != NULL)
    return why;
  const scull_window_t *y = &c.g.window[0], *x = &c.g.window[1];
  if (c.g.groups != c.g.in_channels || c.g.out_channels != c.g.in_channels)
    return "needs as many groups as channels";
  if (c.residual != NULL)
    return "adds nothing";
  if ((y->kernel != 3 && y->kernel != 5) || x->kernel != y->kernel || y->dilation != 1 ||
      x->dilation != 1 || x->stride != y->stride || y->stride > 2 || x->pad_begin != y->pad_begin)
    return "needs a filter of 3x3 or 5x5, stride 1 or 2";
  if (c.g.in_channels % 8 != 0 || c.dst->channel_total % 8 != 0 || c.dst->channel_offset % 8 != 0)
    return "needs channels % 8 == 0";
  return device->features < 80 ? "needs compute capability 8.0" : NULL;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  const scull_config_t nhwc = {.src = SCULL_LAYOUT_NHWC, .dst = SCULL_LAYOUT_NHWC};
  scull_cuda_clamped_t c;
  size_t n = 0;
  (void)device;
  if (scull_cuda_ended_of(site, &c) != NULL)
    return 0;
  if (scull_backend_site_permits(site, SCULL_AS_F16) && n < room) {
    out[n] = nhwc;
    out[n].src_as = out[n].dst_as = SCULL_AS_F16;
    n++;
  }
  if (c.clamps && scull_backend_site_permits(site, SCULL_AS_INT8) && scull_cuda_is_bytes(c.src) &&
      scull_cuda_is_bytes(c.dst) && n < room) {
    out[n] = nhwc;
    out[n].src_as = out[n].dst_as = SCULL_AS_INT8;
    n++;
  }
  if (n < room)
    out[n++] = nhwc;
  return n;
}

static scull_cuda_type_t type_of(const scull_config_t *config) {
  return config->src_as == SCULL_AS_INT8  ? SCULL_CUDA_S8
         : config->src_as == SCULL_AS_F16 ? SCULL_CUDA_F16
                                          : SCULL_CUDA_F32;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  const scull_shape_t *w = &scull_backend_site_input(site, 0, 1)->opt;
  (void)device;
  *bytes = scull_cuda_depthwise_pack_size(type_of(config), (int)w->dim[0], (int)w->dim[2]);
  return SCULL_OK;
}

/* The largest weight of a channel over 127, or the scale that the model gives. */
static float weight_scale(const scull_site_value_t *w, int64_t k, int64_t taps) {
  double most = 0;
  if (w->quant != NULL)
    return w->quant->scales[w->quant->count == 1 ? 0 : k];
  for (int64_t i = 0; i < taps; i++) {
    double v = scull_tensor_load(w->data, w->dtype, k * taps + i);
    most = v > most ? v : -v > most ? -v : most;
  }
  return most == 0 ? 1.0f : (float)(most / 127);
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  scull_cuda_clamped_t c;
  scull_cuda_type_t type = type_of(config);
  (void)device;
  if (scull_cuda_ended_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  int64_t k = c.g.out_channels, taps = c.g.window[0].kernel * c.g.window[1].kernel;
  float *floats = scull_base_alloc((size_t)k * 2 * sizeof *floats);
  void *rows = scull_base_alloc((size_t)(k * taps) * sizeof(float));
  float from = scull_backend_site_scale(c.src), to = scull_backend_site_scale(c.dst);
  scull_status_t status = floats == NULL || rows == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
  for (int64_t i = 0; status == SCULL_OK && i < k; i++) {
    float scale = type == SCULL_CUDA_S8 ? weight_scale(c.filter, i, taps) : 1.0f;
    for (int64_t t = 0; t < taps; t++) {
      float v = (float)scull_tensor_load(c.filter->data, c.filter->dtype, i * taps + t);
      if (type == SCULL_CUDA_S8)
        ((int8_t *)rows)[i * taps + t] = scull_cuda_byte(c.filter, i * taps + t, scale);
      else if (type == SCULL_CUDA_F32)
        ((float *)rows)[i * taps + t] = v;
      else
        ((uint16_t *)rows)[i * taps + t] = scull_cuda_half(v);
    }
    floats[i] = c.bias == NULL ? 0 : (float)scull_tensor_load(c.bias->data, c.bias->dtype, i) / to;
    floats[k + i] = scale * from / to;
  }
  if (status == SCULL_OK)
    scull_cuda_depthwise_pack(type, rows, floats, floats + k, (int)k, (int)c.g.window[0].kernel,
                              dst);
  scull_base_free(rows);
  scull_base_free(floats);
  return status;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  scull_cuda_clamped_t c;
  (void)device;
  (void)diag;
  if (scull_cuda_ended_of(site, &c) != NULL || c.src->layout != SCULL_LAYOUT_NHWC ||
      c.dst->layout != SCULL_LAYOUT_NHWC || scull_cuda_tensor_type(c.src) != (int)type_of(config) ||
      scull_cuda_tensor_type(c.dst) != (int)type_of(config) ||
      (!c.clamps && type_of(config) == SCULL_CUDA_S8))
    return SCULL_UNSUPPORTED;
  const scull_window_t *y = &c.g.window[0], *x = &c.g.window[1];
  float to = scull_backend_site_scale(c.dst);
  scull_cuda_depthwise_t t = {.type = (int32_t)type_of(config),
                              .n = (int32_t)c.g.batch,
                              .h = (int32_t)y->in,
                              .w = (int32_t)x->in,
                              .c = (int32_t)c.g.in_channels,
                              .src_pitch = scull_cuda_pitch(c.src),
                              .r = (int32_t)y->kernel,
                              .stride = (int32_t)y->stride,
                              .pad = (int32_t)y->pad_begin,
                              .p = (int32_t)y->out,
                              .q = (int32_t)x->out,
                              .dst_pitch = scull_cuda_pitch(c.dst),
                              .signs = scull_cuda_signs(c.src, c.dst, NULL),
                              .lo = c.lo / to,
                              .hi = c.hi / to,
                              .any = !c.clamps,
                              .act = c.act};
  return scull_cuda_keep(&t, sizeof t, out);
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  scull_cuda_depthwise_t t = *(const scull_cuda_depthwise_t *)user;
  if (t.n == 0)
    return SCULL_OK;
  t.src = args->inputs[0];
  t.dst = args->outputs[0];
  t.weights = args->packed;
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_depthwise_enqueue(&t, l.chained, l.stream));
}

static const char *const convs[] = {"conv", NULL};
const scull_tactic_t scull_tactic_cuda_conv_depthwise = {.name = "cuda.conv.depthwise",
                                                         .version = 3,
                                                         .anchors = convs,
                                                         .growth = SCULL_GROW_EPILOGUE,
                                                         .precisions = 1u << SCULL_AS_F16 |
                                                                       1u << SCULL_AS_INT8,
                                                         .refuse = refuse,
                                                         .configs = configs,
                                                         .pack_size = pack_size,
                                                         .pack = pack,
                                                         .prepare = prepare,
                                                         .enqueue = enqueue,
                                                         .release = scull_cuda_release};
