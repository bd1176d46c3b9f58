/* Convolutions of narrow numbers (bytes, bf16) in NHWC as products of windows and packed panels of
 * channels, with bias, residual and clip in the registers of the product; the destination may be a
 * slice. A first layer (up to 4 channels) also reads f32 planes and rounds them as it copies them.
 * 1x1 kernels take runs of pixels where they lie, or gathered (stride, s8). For others the window
 * of a pixel is `kernel height` runs of bytes in the source. What hangs over the border of the
 * picture is left out: above and below by fewer runs, left and right by columns of results that
 * have shorter ones. For s8, slices and odd channels the rows that some result rows need are first
 * copied with their padding.
 * Work is shared by pixels or by panels of output channels.
 * Floor: 2 P C K taps operations at the peak of the product instruction; the bytes moved once. */
#ifndef SCULL_BACKEND_CPU_NARROW_H
#define SCULL_BACKEND_CPU_NARROW_H

#include "backend/cpu/kernel.h"
#include "backend/cpu/simd/products.h"

enum { SCULL_CPU_NARROW_FEW = 4 }; /* channels up to which planes are read */

/* NULL when bf16 is permitted (or, in a plan, the site is stored so), the device has it and a clip
 * is all that follows; else a literal reason. */
const char *scull_cpu_bf16_refuse(const scull_site_t *site, const scull_cpu_conv_t *c,
                                  const scull_device_t *device);
/* What follows sums of bf16. */
void scull_cpu_bf16_post(const scull_cpu_conv_t *c, scull_cpu_narrow_post_t *out);

/* NULL when one group without dilation and a clip at most; else a literal reason. */
const char *scull_cpu_narrow_refuse(const scull_cpu_conv_t *c);

/* Adds splits and panels to try for each pair of formats. Knob 0: by channels; knob 1: blocks of a
 * panel at most. Returns the new count. */
size_t scull_cpu_narrow_configs(const scull_site_t *site, const scull_cpu_conv_t *c,
                                const scull_cpu_products_t *products, const scull_config_t *pairs,
                                size_t pair_count, scull_config_t *out, size_t room);

/* True in prepare when source, result and residual are stored as kernels have it. */
bool scull_cpu_narrow_stored(const scull_cpu_conv_t *c, const scull_config_t *config);

/* scull_cpu_conv_alias where the residual's elements are stored as the result's are, else nothing:
 * it is read where the result is then written. */
uint32_t scull_cpu_narrow_alias(const scull_site_t *site, const scull_config_t *config);

/* --- weights: [heads][panel][ky][step][panel's channels][4 bytes]; a head is a number for each
 * channel, in the order of the panels' vectors; the first is `start` -----------------------------
 */

/* False on overflow. */
bool scull_cpu_narrow_packed(const scull_cpu_conv_t *c, const scull_cpu_products_t *products,
                             int heads, size_t *bytes);

/* Writes weight `index` (row-major) of channel `o`. */
typedef void (*scull_cpu_narrow_weight_fn_t)(const scull_cpu_conv_t *c, int64_t o, int64_t index,
                                             void *to);
/* Writes the heads of position `at` of `all`, of channel `o`; `weights`: its steps, 4 bytes each,
 * `stride` bytes apart. */
typedef void (*scull_cpu_narrow_head_fn_t)(const scull_cpu_conv_t *c, int64_t o, void *heads,
                                           int64_t all, int64_t at, const int8_t *weights,
                                           int64_t steps, int64_t stride);

void scull_cpu_narrow_pack(const scull_cpu_conv_t *c, const scull_cpu_products_t *products,
                           const scull_config_t *config, int heads,
                           scull_cpu_narrow_weight_fn_t weight, scull_cpu_narrow_head_fn_t head,
                           void *dst);

/* --- work ------------------------------------------------------------------------------------- */

/* What the tactic says; the rest is found out. */
typedef struct scull_cpu_narrow_spec {
  const scull_cpu_products_t *products;
  scull_cpu_narrow_post_t post;
  /* NULL: bytes are read as they are; else copied first, dst = src ^ 0x80. */
  void (*flip)(const uint8_t *src, uint8_t flip, uint8_t *dst, int64_t count);
  float factor; /* of products->round */
  int heads;
} scull_cpu_narrow_spec_t;

scull_status_t scull_cpu_narrow_prepare(const scull_site_t *site, const scull_cpu_conv_t *c,
                                        const scull_config_t *config, const scull_device_t *device,
                                        const scull_cpu_narrow_spec_t *spec, scull_prepared_t *out,
                                        scull_diag_t *diag);

/* `enqueue` of what prepare made; release is scull_base_free. */
scull_status_t scull_cpu_narrow_enqueue(void *state, const scull_args_t *args);

#endif
