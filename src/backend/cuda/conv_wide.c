/* cuda.conv.wide: FP32 convolutions of one group, channels last, by large tiles without tensor
 * cores (conv_wide.cu). Knob 0 is the tile, knob 1 how many blocks share K. */
#include <string.h>

#include "backend/cuda/common.h"
#include "backend/cuda/tactics.h"
#include "ops/conv.h"

typedef struct {
  scull_cuda_implicit_t conv;
  int tile;
  size_t bias_at;
  int residual_at;
} state_t;

static bool geometry_of(const scull_site_t *site, scull_conv_geometry_t *g) {
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  return scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call) &&
         scull_ops_conv_geometry(&call, g) == SCULL_OK;
}

static bool is_even(const scull_site_value_t *v) {
  return v == NULL || (v->channel_total % 4 == 0 && v->channel_offset % 4 == 0);
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *w = scull_backend_site_input(site, 0, 1);
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  scull_cuda_behind_t behind;
  scull_conv_geometry_t g;
  if (site->output_count != 1 || site->values[site->outputs[0]].dtype != SCULL_DTYPE_F32 ||
      x->dtype != SCULL_DTYPE_F32 || x->opt.rank != 4)
    return "takes pictures of f32";
  if (x->is_constant || !w->is_constant || (b != NULL && !b->is_constant))
    return "needs a constant filter and bias";
  const char *why = scull_cuda_behind_of(site, &behind);
  if (why != NULL)
    return why;
  if (!geometry_of(site, &g) || g.groups != 1)
    return "needs one group";
  if (g.in_channels % 4 != 0 || g.out_channels % 4 != 0 || x->min.dim[1] != x->max.dim[1] ||
      !is_even(x) || !is_even(behind.residual) || !is_even(&site->values[site->outputs[0]]))
    return "needs channels % 4 == 0";
  return device->features < 80 ? "needs compute capability 8.0" : scull_cuda_refuse_values(site);
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const int64_t heights[] = {128, 128, 64}, widths[] = {128, 64, 64};
  const int64_t sms = device->self == NULL ? 132 : scull_cuda_device_of(device)->sms;
  scull_conv_geometry_t g;
  size_t n = 0;
  if (!geometry_of(site, &g))
    return 0;
  int64_t rows = g.batch * g.window[0].out * g.window[1].out;
  int64_t steps = g.in_channels * g.window[0].kernel * g.window[1].kernel / 16;
  for (int t = 0; t < SCULL_CUDA_WIDES; t++) {
    int64_t tiles =
        (rows + heights[t] - 1) / heights[t] * ((g.out_channels + widths[t] - 1) / widths[t]);
    for (int split = 1; split <= (device->features >= 90 && widths[t] == 64 ? 8 : 1); split *= 2) {
      if (n < room && (split == 1 || (tiles * split <= 4 * sms && steps >= 2 * split)))
        out[n++] = (scull_config_t){
            .knob = {t, split}, .src = SCULL_LAYOUT_NHWC, .dst = SCULL_LAYOUT_NHWC};
    }
  }
  return n;
}

static size_t weights_bytes(const scull_shape_t *w) {
  return ((size_t)scull_tensor_count(w) * sizeof(float) + 255) / 256 * 256;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  const scull_shape_t *w = &scull_backend_site_input(site, 0, 1)->opt;
  (void)config;
  (void)device;
  *bytes = weights_bytes(w) + (size_t)w->dim[0] * sizeof(float);
  return SCULL_OK;
}

/* [r][s][c][k], then the bias. */
static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  const scull_site_value_t *w = scull_backend_site_input(site, 0, 1);
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  int64_t k = w->opt.dim[0], c = w->opt.dim[1], taps = w->opt.dim[2] * w->opt.dim[3];
  float *to = dst, *bias = (float *)(void *)((char *)dst + weights_bytes(&w->opt));
  (void)config;
  (void)device;
  for (int64_t i = 0, n = k * c * taps; i < n; i++) {
    int64_t tap = i % taps, channel = i / taps % c, row = i / taps / c;
    to[(tap * c + channel) * k + row] = (float)scull_tensor_load(w->data, w->dtype, i);
  }
  for (int64_t i = 0; i < k; i++)
    bias[i] = b == NULL ? 0 : (float)scull_tensor_load(b->data, b->dtype, i);
  return SCULL_OK;
}

static scull_cuda_axis_t axis_of(const scull_window_t *w) {
  return (scull_cuda_axis_t){.in = (int32_t)w->in,
                             .out = (int32_t)w->out,
                             .kernel = (int32_t)w->kernel,
                             .stride = (int32_t)w->stride,
                             .dilation = (int32_t)w->dilation,
                             .pad = (int32_t)w->pad_begin};
}

static bool is_ours(const scull_site_value_t *v) {
  return scull_backend_site_stored(v) == SCULL_DTYPE_F32 && v->layout == SCULL_LAYOUT_NHWC;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  scull_cuda_behind_t behind;
  scull_conv_geometry_t g;
  (void)device;
  (void)diag;
  if (!geometry_of(site, &g) || scull_cuda_behind_of(site, &behind) != NULL || !is_ours(x) ||
      !is_ours(y) || (behind.residual != NULL && !is_ours(behind.residual)))
    return SCULL_UNSUPPORTED;
  state_t s = {.tile = config->knob[0],
               .bias_at = weights_bytes(&scull_backend_site_input(site, 0, 1)->opt),
               .residual_at = behind.residual_at};
  s.conv = (scull_cuda_implicit_t){.src = scull_cuda_picture(x),
                                   .dst = scull_cuda_picture(y),
                                   .end = {.act = behind.act, .add_first = behind.add_first},
                                   .y = axis_of(&g.window[0]),
                                   .x = axis_of(&g.window[1]),
                                   .n = (int32_t)g.batch,
                                   .c = (int32_t)g.in_channels,
                                   .k = (int32_t)g.out_channels,
                                   .channels_last = 1,
                                   .split = config->knob[1]};
  if (behind.residual != NULL)
    s.conv.residual = scull_cuda_picture(behind.residual);
  return scull_cuda_keep(&s, sizeof s, out);
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  const state_t *s = user;
  scull_cuda_implicit_t t = s->conv;
  t.src.data = args->inputs[0];
  t.dst.data = args->outputs[0];
  t.residual.data = s->residual_at < 0 ? NULL : args->inputs[s->residual_at];
  t.weights = args->packed;
  t.end.bias = (const float *)(const void *)((const char *)args->packed + s->bias_at);
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_wide_enqueue(&t, s->tile, l.chained, l.stream));
}

static const char *const convs[] = {"conv", NULL};
const scull_tactic_t scull_tactic_cuda_conv_wide = {.name = "cuda.conv.wide",
                                                    .version = 1,
                                                    .anchors = convs,
                                                    .growth = SCULL_GROW_EPILOGUE,
                                                    .refuse = refuse,
                                                    .configs = configs,
                                                    .pack_size = pack_size,
                                                    .pack = pack,
                                                    .packs_alike = true,
                                                    .prepare = prepare,
                                                    .enqueue = enqueue,
                                                    .release = scull_cuda_release};
