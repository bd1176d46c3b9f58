/* What the tactics of our own kernels of small integers share. */
#ifndef SCULL_BACKEND_CPU_INT8_H
#define SCULL_BACKEND_CPU_INT8_H

#include "backend/cpu/kernel.h"
#include "backend/cpu/simd/kernels8.h"

/* The table that the device runs; NULL without AVX2. */
const scull_cpu_kernels8_t *scull_cpu_kernels8_of(const scull_device_t *device);

/* True when the site may be, or (in a plan) is stored as small integers. */
bool scull_cpu_permits8(const scull_site_t *site);

/* NULL when a convolution can be computed with weights of 8 bits: quantizations are there, the
 * activation is a clip; else a literal reason. */
const char *scull_cpu_conv8_refuse(const scull_cpu_conv_t *c);

/* Configurations for sources and results as the site permits: INT8 to INT8 and INT8 to f32, in
 * NHWC. `from` is the source's storage. Returns the new count. */
size_t scull_cpu_conv8_pairs(const scull_site_t *site, const scull_cpu_conv_t *c,
                             scull_storage_t from, scull_config_t *out, size_t count, size_t room);

/* What follows the sums, for the storages that are set. */
void scull_cpu_post8_of(const scull_cpu_conv_t *c, scull_cpu_narrow_post_t *out);

/* The s8 weight `i` (row-major) of output channel `o`. */
int8_t scull_cpu_weight8(const scull_cpu_conv_t *c, int64_t o, int64_t i);

/* What the sum of channel `o` is multiplied with, and what is added: units of the destination. */
float scull_cpu_scale8(const scull_cpu_conv_t *c, int64_t o);
float scull_cpu_bias8(const scull_cpu_conv_t *c, int64_t o);

/* True when the source is s8: products then see it shifted by 128. */
bool scull_cpu_shifts8(const scull_cpu_conv_t *c);

#endif
