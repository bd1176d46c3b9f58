/* cpu.conv.int8: dense convolutions of u8 or s8 times s8 (narrow.h): sums in s32, scaled in the
 * registers of the product. */
#include <string.h>

#include "backend/cpu/int8.h"
#include "backend/cpu/narrow.h"

enum { HEADS = 3 }; /* start, scale, bias */

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_cpu_conv_t c;
  const char *reason = scull_cpu_conv_of(site, &c);
  if (reason == NULL && !scull_cpu_permits8(site))
    reason = "int8 is not permitted";
  if (reason == NULL)
    reason = scull_cpu_conv8_refuse(&c);
  if (reason == NULL)
    reason = scull_cpu_narrow_refuse(&c);
  return reason == NULL && scull_cpu_kernels8_of(device) == NULL ? "needs AVX2" : reason;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  scull_config_t pairs[4] = {0};
  scull_cpu_conv_t c;
  size_t kinds = 0;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return 0;
  if (c.g.in_channels <= SCULL_CPU_NARROW_FEW && c.src->channel_total == 0)
    kinds = scull_cpu_conv8_pairs(site, &c, (scull_storage_t){SCULL_LAYOUT_PLAIN, SCULL_AS_MODEL},
                                  pairs, kinds, 4);
  kinds = scull_cpu_conv8_pairs(site, &c, (scull_storage_t){SCULL_LAYOUT_NHWC, SCULL_AS_INT8},
                                pairs, kinds, 4);
  return scull_cpu_narrow_configs(site, &c, &scull_cpu_kernels8_of(device)->products, pairs, kinds,
                                  out, room);
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  scull_cpu_conv_t c;
  (void)config;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  const scull_cpu_products_t *products = &scull_cpu_kernels8_of(device)->products;
  return scull_cpu_narrow_packed(&c, products, HEADS, bytes) ? SCULL_OK : SCULL_OUT_OF_MEMORY;
}

static void put_weight(const scull_cpu_conv_t *c, int64_t o, int64_t index, void *to) {
  *(int8_t *)to = scull_cpu_weight8(c, o, index);
}

static void put_heads(const scull_cpu_conv_t *c, int64_t o, void *heads, int64_t all, int64_t at,
                      const int8_t *weights, int64_t steps, int64_t stride) {
  int32_t *start = heads, sum = 0;
  float *scale = (float *)(start + all), *bias = scale + all;
  for (int64_t k = 0; k < steps; k++, weights += stride)
    sum += weights[0] + weights[1] + weights[2] + weights[3];
  start[at] = scull_cpu_shifts8(c) ? -128 * sum : 0;
  scale[at] = scull_cpu_scale8(c, o);
  bias[at] = scull_cpu_bias8(c, o);
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL || scull_cpu_conv8_refuse(&c) != NULL)
    return SCULL_UNSUPPORTED;
  scull_cpu_narrow_pack(&c, &scull_cpu_kernels8_of(device)->products, config, HEADS, put_weight,
                        put_heads, dst);
  return SCULL_OK;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_cpu_kernels8_t *kernels = scull_cpu_kernels8_of(device);
  scull_cpu_narrow_spec_t spec = {.products = &kernels->products, .heads = HEADS};
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL || scull_cpu_conv8_refuse(&c) != NULL)
    return SCULL_UNSUPPORTED;
  scull_cpu_post8_of(&c, &spec.post);
  spec.flip = scull_cpu_shifts8(&c) ? kernels->flip : NULL;
  spec.factor = 1.0f / c.src->quant->scales[0];
  return scull_cpu_narrow_prepare(site, &c, config, device, &spec, out, diag);
}

static const char *const anchors[] = {"conv", NULL};

const scull_tactic_t scull_tactic_cpu_conv_int8 = {.name = "cpu.conv.int8",
                                                   .version = 3,
                                                   .anchors = anchors,
                                                   .growth = SCULL_GROW_EPILOGUE,
                                                   .precisions = 1u << SCULL_AS_INT8,
                                                   .computes = SCULL_AS_INT8,
                                                   .refuse = refuse,
                                                   .configs = configs,
                                                   .pack_size = pack_size,
                                                   .pack = pack,
                                                   .prepare = prepare,
                                                   .enqueue = scull_cpu_narrow_enqueue,
                                                   .release = scull_base_free,
                                                   .alias = scull_cpu_narrow_alias};
