/* cuda.pool.f16 and cuda.pool.global: pooling on FP16 and INT8, channels last, 16 bytes a thread
 * (pool.cu). The global mean gives floats. */
#include "backend/cuda/pool.h"

#include <string.h>

#include "backend/cuda/conv_tensor.h"
#include "backend/cuda/tactics.h"
#include "ops/pool.h"
#include "ops/reduce.h"

static const char *refuse_values(const scull_site_t *site) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  if (site->output_count != 1 || x->is_constant || x->dtype != SCULL_DTYPE_F32 || x->opt.rank != 4)
    return "takes pictures of f32";
  if (x->opt.dim[1] % 8 != 0 || x->min.dim[1] != x->max.dim[1])
    return "needs channels % 8 == 0";
  return scull_cuda_refuse_values(site);
}

/* --- windows ---------------------------------------------------------------------------------- */

static bool geometry_of(const scull_site_t *site, scull_pool_geometry_t *g) {
  scull_tensor_t inputs[2], outputs[2];
  scull_op_call_t call;
  return scull_backend_site_call(site, 0, inputs, 2, outputs, 2, &call) &&
         scull_ops_pool_geometry(&call, g) == SCULL_OK;
}

static const char *refuse_window(const scull_site_t *site, const scull_device_t *device) {
  const scull_pool_attrs_t *attrs = site->ops[0].attrs;
  scull_pool_geometry_t g;
  const char *why = refuse_values(site);
  if (why != NULL)
    return why;
  if (!geometry_of(site, &g) || g.window[0].dilation != 1 || g.window[1].dilation != 1)
    return "needs a window without holes";
  if (scull_backend_site_is(site, 0, "avg_pool") && attrs->ceil_mode && attrs->include_pad)
    return "does not count a cut window's padding";
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  if (y->channel_total % 8 != 0 || y->channel_offset % 8 != 0)
    return "needs slices at channels % 8 == 0";
  return device->features < 80 ? "needs compute capability 8.0" : NULL;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  (void)device;
  if (!scull_backend_site_permits(site, SCULL_AS_F16) || room == 0)
    return 0;
  out[0] = (scull_config_t){.src = SCULL_LAYOUT_NHWC,
                            .dst = SCULL_LAYOUT_NHWC,
                            .src_as = SCULL_AS_F16,
                            .dst_as = SCULL_AS_F16};
  return 1;
}

static size_t configs_window(const scull_site_t *site, const scull_device_t *device,
                             scull_config_t *out, size_t room) {
  static const scull_config_t nhwc = {.src = SCULL_LAYOUT_NHWC, .dst = SCULL_LAYOUT_NHWC};
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  scull_config_t bytes[2] = {nhwc};
  size_t n = configs(site, device, out, room);
  bool whole = x->opt.dim[1] % 16 == 0 && y->channel_total % 16 == 0 && y->channel_offset % 16 == 0;
  if (whole && n < room && scull_cuda_add_bytes(site, bytes, 1, 1, 2) == 2)
    out[n++] = bytes[1];
  return n;
}

static bool is_of(const scull_site_value_t *v, scull_cuda_type_t type) {
  return scull_cuda_tensor_type(v) == (int)type && v->layout == SCULL_LAYOUT_NHWC;
}

static scull_status_t prepare_window(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, scull_prepared_t *out,
                                     scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  const scull_pool_attrs_t *attrs = site->ops[0].attrs;
  const bool bytes = config->src_as == SCULL_AS_INT8;
  const scull_cuda_type_t type = bytes ? SCULL_CUDA_S8 : SCULL_CUDA_F16;
  scull_pool_geometry_t g;
  (void)device;
  (void)diag;
  if (!geometry_of(site, &g) || !is_of(x, type) || !is_of(y, type) ||
      (bytes && (y->channel_total % 16 != 0 || y->channel_offset % 16 != 0)))
    return SCULL_UNSUPPORTED;
  scull_cuda_pool_t t = {.n = (int32_t)x->opt.dim[0],
                         .h = (int32_t)x->opt.dim[2],
                         .w = (int32_t)x->opt.dim[3],
                         .c = (int32_t)x->opt.dim[1],
                         .src_pitch = scull_cuda_pitch(x),
                         .r = (int32_t)g.window[0].kernel,
                         .s = (int32_t)g.window[1].kernel,
                         .stride_h = (int32_t)g.window[0].stride,
                         .stride_w = (int32_t)g.window[1].stride,
                         .pad_h = (int32_t)g.window[0].pad_begin,
                         .pad_w = (int32_t)g.window[1].pad_begin,
                         .p = (int32_t)y->opt.dim[2],
                         .q = (int32_t)y->opt.dim[3],
                         .dst_pitch = scull_cuda_pitch(y),
                         .mean = scull_backend_site_is(site, 0, "avg_pool"),
                         .count_inside = !attrs->include_pad};
  if (bytes) {
    t.factor = scull_backend_site_scale(x) / scull_backend_site_scale(y);
    t.signs = scull_cuda_signs(x, y, NULL);
  }
  return scull_cuda_keep(&t, sizeof t, out);
}

static scull_status_t enqueue_window(void *user, const scull_args_t *args) {
  scull_cuda_pool_t t = *(const scull_cuda_pool_t *)user;
  if (t.n == 0)
    return SCULL_OK;
  t.src = args->inputs[0];
  t.dst = args->outputs[0];
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_pool_enqueue(&t, l.chained, l.stream));
}

static const char *const windows[] = {"max_pool", "avg_pool", NULL};
const scull_tactic_t scull_tactic_cuda_pool_f16 = {.name = "cuda.pool.f16",
                                                   .version = 2,
                                                   .anchors = windows,
                                                   .precisions =
                                                       1u << SCULL_AS_F16 | 1u << SCULL_AS_INT8,
                                                   .refuse = refuse_window,
                                                   .configs = configs_window,
                                                   .prepare = prepare_window,
                                                   .enqueue = enqueue_window,
                                                   .release = scull_cuda_release};

/* --- the mean of all pixels ------------------------------------------------------------------- */

typedef struct {
  int n, c, pixels;
  float scale;      /* of INT8; 0: FP16 */
  bool is_unsigned; /* of INT8: u8 */
  bool wide;        /* gives FP32 */
} global_t;

static bool reduces_pixels(const scull_site_op_t *op) {
  const scull_reduce_attrs_t *attrs = op->attrs;
  bool marked[4] = {false};
  for (size_t i = 0; i < attrs->axes.size; i++) {
    int32_t axis = 0;
    if (!scull_tensor_axis(attrs->axes.data[i], 4, &axis))
      return false;
    marked[axis] = true;
  }
  return op->input_count == 1 && !marked[0] && !marked[1] && marked[2] && marked[3];
}

static const char *refuse_global(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_op_t *op = &site->ops[0];
  const char *why = refuse_values(site);
  if (why != NULL)
    return why;
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  bool all = strcmp(op->def->name, "reduce_mean") == 0
                 ? reduces_pixels(op)
                 : y->max.dim[2] == 1 && y->max.dim[3] == 1 &&
                       (strcmp(op->def->name, "avg_pool") != 0 ||
                        ((const scull_pool_attrs_t *)op->attrs)->global);
  if (!all)
    return "needs the mean of all pixels";
  if (y->channel_total > 0)
    return "writes whole tensors";
  return device->features < 80 ? "needs compute capability 8.0" : NULL;
}

static size_t configs_global(const scull_site_t *site, const scull_device_t *device,
                             scull_config_t *out, size_t room) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  size_t n = configs(site, device, out, room);
  if (n < room && scull_backend_site_permits(site, SCULL_AS_INT8) && scull_cuda_is_bytes(x))
    out[n++] = (scull_config_t){
        .src = SCULL_LAYOUT_NHWC,
        .dst = SCULL_LAYOUT_NHWC,
        .src_as = SCULL_AS_INT8,
        .dst_as = scull_backend_site_permits(site, SCULL_AS_F16) ? SCULL_AS_F16 : SCULL_AS_MODEL};
  return n;
}

static scull_status_t prepare_global(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, scull_prepared_t *out,
                                     scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  (void)config;
  (void)device;
  (void)diag;
  int type = scull_cuda_tensor_type(y);
  if (x->layout != SCULL_LAYOUT_NHWC || (type != SCULL_CUDA_F16 && type != SCULL_CUDA_F32))
    return SCULL_UNSUPPORTED;
  global_t s = {.n = (int)x->opt.dim[0],
                .c = (int)x->opt.dim[1],
                .pixels = (int)(x->opt.dim[2] * x->opt.dim[3]),
                .scale = x->as == SCULL_AS_INT8 ? scull_backend_site_scale(x) : 0,
                .is_unsigned = scull_cuda_signs(x, NULL, NULL) != 0,
                .wide = type == SCULL_CUDA_F32};
  return scull_cuda_keep(&s, sizeof s, out);
}

static scull_status_t enqueue_global(void *user, const scull_args_t *args) {
  const global_t *s = user;
  if (s->n == 0)
    return SCULL_OK;
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_pool_global_enqueue(args->inputs[0], args->outputs[0], s->n,
                                                          s->pixels, s->c, s->scale, s->is_unsigned,
                                                          s->wide, l.chained, l.stream));
}

static const char *const globals[] = {"avg_pool", "adaptive_avg_pool", "reduce_mean", NULL};
const scull_tactic_t scull_tactic_cuda_pool_global = {.name = "cuda.pool.global",
                                                      .version = 1,
                                                      .anchors = globals,
                                                      .precisions =
                                                          1u << SCULL_AS_F16 | 1u << SCULL_AS_INT8,
                                                      .refuse = refuse_global,
                                                      .configs = configs_global,
                                                      .prepare = prepare_global,
                                                      .enqueue = enqueue_global,
                                                      .release = scull_cuda_release};
