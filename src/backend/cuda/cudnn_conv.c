/* cuda.conv.cudnn: convolutions with residual, bias and clamp by cuDNN's own engines, f32 (where it
 * is permitted with products in TF32) and FP16, any groups. Knob 0 is the place among the plans
 * that cuDNN offers for the problem, knob 1 tells that TF32 will do. */
#include <math.h>
#include <string.h>

#include "backend/cuda/cudnn_graph.h"
#include "backend/cuda/tactics.h"

enum { OFFERS = 2, OFFERS_F32 = 5 }; /* f32 engines are many and their order means less */

typedef struct {
  scull_cuda_cudnn_plan_t *plan;
  size_t bias_at;
  int residual_at;
} state_t;

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_cuda_clamped_t c;
  const char *why = scull_cuda_clamped_of(site, &c);
  if (why != NULL)
    return why;
  bool none = isinf(c.lo) && isinf(c.hi);
  if (!none && c.lo != 0)
    return "clamps from 0 up";
  if (device->self == NULL)
    return "needs a GPU that is here";
  return scull_cuda_cudnn_absent();
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const scull_layout_t layouts[] = {SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_NHWC};
  size_t n = 0;
  (void)device;
  int narrow = (site->precisions & SCULL_PERMITS_TF32) != 0;
  for (int l = 0; l < 2; l++) {
    for (int i = 0; i < OFFERS_F32 && n < room; i++)
      out[n++] = (scull_config_t){.knob = {i, narrow}, .src = layouts[l], .dst = layouts[l]};
  }
  for (int i = 0; i < OFFERS && n < room && scull_backend_site_permits(site, SCULL_AS_F16); i++)
    out[n++] = (scull_config_t){.knob = {i},
                                .src = SCULL_LAYOUT_NHWC,
                                .dst = SCULL_LAYOUT_NHWC,
                                .src_as = SCULL_AS_F16,
                                .dst_as = SCULL_AS_F16};
  return n;
}

static size_t item_of(const scull_config_t *config) {
  return config->src_as == SCULL_AS_F16 ? 2 : 4;
}

static size_t weights_bytes(const scull_site_t *site, const scull_config_t *config) {
  size_t count = (size_t)scull_tensor_count(&scull_backend_site_input(site, 0, 1)->opt);
  return (count * item_of(config) + 255) / 256 * 256;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  (void)device;
  *bytes = weights_bytes(site, config) +
           (size_t)scull_backend_site_input(site, 0, 1)->opt.dim[0] * item_of(config);
  return SCULL_OK;
}

static void put(void *dst, const scull_config_t *config, int64_t at, double v) {
  scull_tensor_store(dst, item_of(config) == 2 ? SCULL_DTYPE_F16 : SCULL_DTYPE_F32, at, v);
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  const scull_site_value_t *w = scull_backend_site_input(site, 0, 1);
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  int64_t c = w->opt.dim[1], taps = w->opt.dim[2] * w->opt.dim[3];
  (void)device;
  for (int64_t i = 0, n = scull_tensor_count(&w->opt); i < n; i++) {
    int64_t tap = i % taps, channel = i / taps % c, k = i / taps / c;
    int64_t at = config->src == SCULL_LAYOUT_NHWC ? (k * taps + tap) * c + channel : i;
    put(dst, config, at, scull_tensor_load(w->data, w->dtype, i));
  }
  void *bias = (char *)dst + weights_bytes(site, config);
  for (int64_t i = 0; i < w->opt.dim[0]; i++)
    put(bias, config, i, b == NULL ? 0 : scull_tensor_load(b->data, b->dtype, i));
  return SCULL_OK;
}

static void release(void *user) {
  state_t *s = user;
  scull_cuda_cudnn_plan_destroy(s->plan);
  scull_base_free(s);
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  scull_cuda_clamped_t c;
  (void)diag;
  if (scull_cuda_clamped_of(site, &c) != NULL || c.g.batch == 0)
    return SCULL_UNSUPPORTED;
  const scull_cuda_cudnn_conv_t conv = {.g = c.g,
                                        .src = c.src,
                                        .dst = c.dst,
                                        .residual = c.residual,
                                        .lo = c.lo,
                                        .hi = c.hi,
                                        .tf32 = config->knob[1] == 1};
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return SCULL_OUT_OF_MEMORY;
  s->bias_at = weights_bytes(site, config);
  s->residual_at = c.residual_at;
  scull_status_t status =
      scull_cuda_cudnn_plan_create(&conv, config->knob[0], site->workspace, device->self, &s->plan);
  if (status != SCULL_OK) {
    release(s);
    return status;
  }
  out->state = s;
  out->scratch = scull_cuda_cudnn_plan_workspace(s->plan);
  return SCULL_OK;
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  state_t *s = user;
  return scull_cuda_cudnn_plan_run(s->plan, args->inputs[0], args->packed,
                                   (const char *)args->packed + s->bias_at,
                                   s->residual_at < 0 ? NULL : args->inputs[s->residual_at],
                                   args->outputs[0], args->scratch, args->stream);
}

static const char *const convs[] = {"conv", NULL};
const scull_tactic_t scull_tactic_cuda_cudnn_conv = {.name = "cuda.conv.cudnn",
                                                     .version = 1,
                                                     .anchors = convs,
                                                     .growth = SCULL_GROW_EPILOGUE,
                                                     .precisions = 1u << SCULL_AS_F16,
                                                     .refuse = refuse,
                                                     .configs = configs,
                                                     .pack_size = pack_size,
                                                     .pack = pack,
                                                     .packs_alike = true,
                                                     .prepare = prepare,
                                                     .enqueue = enqueue,
                                                     .release = release};
