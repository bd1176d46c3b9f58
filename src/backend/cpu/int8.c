/* Shared parts of the tactics of small integers: quantizations read from sites. */
#include "backend/cpu/int8.h"

#include <math.h>

#if defined(__x86_64__)
const scull_cpu_kernels8_t *scull_cpu_kernels8_of(const scull_device_t *device) {
  const uint32_t vnni = SCULL_CPU_AVX512 | SCULL_CPU_AVX512_VNNI;
  if ((device->features & vnni) == vnni)
    return &scull_cpu_kernels8_avx512;
  return (device->features & SCULL_CPU_AVX2) != 0 ? &scull_cpu_kernels8_avx2 : NULL;
}
#endif

bool scull_cpu_permits8(const scull_site_t *site) {
  bool any = scull_backend_site_permits(site, SCULL_AS_INT8);
  for (size_t i = 0; i < site->value_count; i++)
    any = any || site->values[i].as == SCULL_AS_INT8;
  return any;
}

static bool is_scalar(const scull_quant_t *quant) {
  return quant != NULL && quant->count == 1;
}

const char *scull_cpu_conv8_refuse(const scull_cpu_conv_t *c) {
  const scull_quant_t *w = c->filter->quant;
  if (!is_scalar(c->src->quant) || w == NULL || w->dtype != SCULL_DTYPE_I8)
    return "has no scales for 8 bits";
  if (w->count != 1 && (w->axis != 0 || (int64_t)w->count != c->g.out_channels))
    return "needs a scale for each output channel";
  if (c->post.act > SCULL_CPU_ACT_CLIP)
    return "knows a clip behind products of 8 bits";
  return NULL;
}

size_t scull_cpu_conv8_pairs(const scull_site_t *site, const scull_cpu_conv_t *c,
                             scull_storage_t from, scull_config_t *out, size_t count, size_t room) {
  const bool bytes =
      is_scalar(c->dst->quant) && (c->residual == NULL || is_scalar(c->residual->quant));
  if (!scull_cpu_permits8(site))
    return count;
  for (int to_float = bytes ? 0 : 1; to_float < 2; to_float++) {
    if (to_float && from.as == SCULL_AS_MODEL)
      break; /* nothing would tell a plan's reader that this is done in bytes */
    if (count < room)
      out[count++] = (scull_config_t){.src = from.layout,
                                      .src_as = from.as,
                                      .dst = SCULL_LAYOUT_NHWC,
                                      .dst_as = to_float ? SCULL_AS_MODEL : SCULL_AS_INT8};
  }
  return count;
}

/* No sum of products and residual is beyond LIMIT in units of the destination, so that with a bias
 * of twice that (see bias8) it can be rounded to an s32 and keeps its sign. */
#define LIMIT 0x1p27f

static bool is_bounded(const scull_cpu_conv_t *c) {
  const scull_window_t *y = &c->g.window[0], *x = &c->g.window[1];
  const double taps = (double)(c->g.in_channels / c->g.groups * y->kernel * x->kernel);
  float scale = 0;
  for (int64_t o = 0; o < c->g.out_channels; o++)
    scale = fmaxf(scale, scull_cpu_scale8(c, o));
  double most = 255 * 128 * taps * (double)scale;
  if (c->residual != NULL)
    most +=
        255 * (double)(scull_backend_site_scale(c->residual) / scull_backend_site_scale(c->dst));
  return most < (double)LIMIT;
}

void scull_cpu_post8_of(const scull_cpu_conv_t *c, scull_cpu_narrow_post_t *out) {
  const float unit = scull_backend_site_scale(c->dst);
  *out = (scull_cpu_narrow_post_t){.to = SCULL_CPU_F32, .low = -INFINITY, .high = INFINITY};
  scull_cpu_number_of(c->dst, &out->to);
  /* Beyond these bounds nothing can be told from the bounds; integers must not overflow before. */
  if (out->to != SCULL_CPU_F32) {
    out->low = -65536.0f;
    out->high = 65536.0f;
  }
  out->low = fmaxf(out->low, c->post.param[0] / unit);
  out->high = fminf(out->high, c->post.param[1] / unit);
  /* What rounds to an end of the type is no bound of its own, unless a residual comes after it. */
  const bool clips = !is_bounded(c) || (c->residual != NULL && !c->post.add_first);
  out->clips_low = clips || out->low > (out->to == SCULL_CPU_U8 ? 0.5f : -127.5f);
  out->clips_high = clips || out->high <= (out->to == SCULL_CPU_U8 ? 254.5f : 126.5f);
  out->add_first = c->post.add_first;
  if (c->residual != NULL) {
    scull_cpu_number_of(c->residual, &out->residual);
    out->residual_scale = scull_backend_site_scale(c->residual) / unit;
  }
}

bool scull_cpu_shifts8(const scull_cpu_conv_t *c) {
  return c->src->quant->dtype == SCULL_DTYPE_I8;
}

static float weight_scale(const scull_cpu_conv_t *c, int64_t o) {
  const scull_quant_t *w = c->filter->quant;
  return w->scales[w->count == 1 ? 0 : o];
}

int8_t scull_cpu_weight8(const scull_cpu_conv_t *c, int64_t o, int64_t i) {
  if (c->filter->quant->integers != NULL)
    return c->filter->quant->integers[i];
  return (int8_t)scull_tensor_quantize(SCULL_DTYPE_I8, weight_scale(c, o),
                                       ((const float *)c->filter->data)[i]);
}

float scull_cpu_scale8(const scull_cpu_conv_t *c, int64_t o) {
  return c->src->quant->scales[0] * weight_scale(c, o) / scull_backend_site_scale(c->dst);
}

float scull_cpu_bias8(const scull_cpu_conv_t *c, int64_t o) {
  const float bias = c->bias == NULL ? 0.0f : ((const float *)c->bias->data)[o];
  const float steps = bias / scull_backend_site_scale(c->dst);
  return c->dst->as == SCULL_AS_INT8 ? fmaxf(fminf(steps, 2 * LIMIT), -2 * LIMIT) : steps;
}
