/* cpu.conv.bf16: dense convolutions of bf16 (narrow.h), summed in f32 onto the bias. */
#include <string.h>

#include "backend/cpu/narrow.h"

enum { HEADS = 1 }; /* the bias */

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_cpu_conv_t c;
  const char *reason = scull_cpu_conv_of(site, &c);
  if (reason == NULL)
    reason = scull_cpu_bf16_refuse(site, &c, device);
  return reason == NULL ? scull_cpu_narrow_refuse(&c) : reason;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  scull_config_t pairs[3] = {{.dst = SCULL_LAYOUT_NHWC, .dst_as = SCULL_AS_BF16}};
  scull_cpu_conv_t c;
  size_t kinds = 0;
  (void)device;
  if (scull_cpu_conv_of(site, &c) != NULL || !scull_backend_site_permits(site, SCULL_AS_BF16))
    return 0;
  if (c.g.in_channels <= SCULL_CPU_NARROW_FEW && c.src->channel_total == 0)
    kinds++; /* planes; to f32 nothing would tell a plan's reader that this is done in bf16 */
  for (int to_float = 0; to_float < 2; to_float++)
    pairs[kinds++] = (scull_config_t){.src = SCULL_LAYOUT_NHWC,
                                      .src_as = SCULL_AS_BF16,
                                      .dst = SCULL_LAYOUT_NHWC,
                                      .dst_as = to_float ? SCULL_AS_MODEL : SCULL_AS_BF16};
  return scull_cpu_narrow_configs(site, &c, &scull_cpu_products_bf16, pairs, kinds, out, room);
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  scull_cpu_conv_t c;
  (void)config;
  (void)device;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  return scull_cpu_narrow_packed(&c, &scull_cpu_products_bf16, HEADS, bytes) ? SCULL_OK
                                                                             : SCULL_OUT_OF_MEMORY;
}

static void put_weight(const scull_cpu_conv_t *c, int64_t o, int64_t index, void *to) {
  (void)o;
  const uint16_t word = scull_tensor_f32_to_bf16(((const float *)c->filter->data)[index]);
  memcpy(to, &word, sizeof word);
}

static void put_head(const scull_cpu_conv_t *c, int64_t o, void *heads, int64_t all, int64_t at,
                     const int8_t *weights, int64_t steps, int64_t stride) {
  (void)all;
  (void)weights;
  (void)steps;
  (void)stride;
  ((float *)heads)[at] = c->bias == NULL ? 0.0f : ((const float *)c->bias->data)[o];
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  scull_cpu_conv_t c;
  (void)device;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  scull_cpu_narrow_pack(&c, &scull_cpu_products_bf16, config, HEADS, put_weight, put_head, dst);
  return SCULL_OK;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  scull_cpu_narrow_spec_t spec = {.products = &scull_cpu_products_bf16, .heads = HEADS};
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL || scull_cpu_narrow_refuse(&c) != NULL)
    return SCULL_UNSUPPORTED;
  scull_cpu_bf16_post(&c, &spec.post);
  return scull_cpu_narrow_prepare(site, &c, config, device, &spec, out, diag);
}

static const char *const anchors[] = {"conv", NULL};

const scull_tactic_t scull_tactic_cpu_conv_bf16 = {.name = "cpu.conv.bf16",
                                                   .version = 1,
                                                   .anchors = anchors,
                                                   .growth = SCULL_GROW_EPILOGUE,
                                                   .precisions = 1u << SCULL_AS_BF16,
                                                   .computes = SCULL_AS_BF16,
                                                   .refuse = refuse,
                                                   .configs = configs,
                                                   .pack_size = pack_size,
                                                   .pack = pack,
                                                   .prepare = prepare,
                                                   .enqueue = scull_cpu_narrow_enqueue,
                                                   .release = scull_base_free,
                                                   .alias = scull_cpu_narrow_alias};
