/* What the tactics of our own f32 kernels share: the kernel table of a device, views of operands,
 * the work behind an anchor, convolutions taken apart. */
#ifndef SCULL_BACKEND_CPU_KERNEL_H
#define SCULL_BACKEND_CPU_KERNEL_H

#include "backend/cpu/simd/kernels.h"
#include "backend/cpu/tactics.h"
#include "ops/conv.h"

/* The best table that the device runs; NULL without AVX2 (and then the tactics refuse). */
const scull_cpu_kernels_t *scull_cpu_kernels_of(const scull_device_t *device);

/* The kernels' word for how a value is stored; false when they have none. */
bool scull_cpu_number_of(const scull_site_value_t *value, scull_cpu_number_t *out);

/* Steps of a value of rank >= 3 in its layout at its `opt` shape, NHWC or C16, slice or not. Depth,
 * where there is one, counts as rows. */
scull_cpu_view_t scull_cpu_view_of(const scull_site_value_t *value);

/* True when a kernel on blocks of 16 channels can address the value in that layout: NHWC always,
 * C16 when the channels and the slice are whole blocks. */
bool scull_cpu_view_fits(const scull_site_value_t *value, scull_layout_t layout);

/* Fills act and its parameters from an element-wise operator; false when there is no such kernel.
 * NULL: none. */
bool scull_cpu_post_act(const scull_site_op_t *op, scull_cpu_post_t *out);

/* The position of value `index` in the site's inputs, or -1. */
int scull_cpu_input_position(const scull_site_t *site, uint16_t index);

/* A convolution with what stands behind it. */
typedef struct scull_cpu_conv {
  scull_conv_geometry_t g;                                        /* at `opt` */
  const scull_site_value_t *src, *filter, *bias, *dst, *residual; /* bias, residual: or NULL */
  int src_at, residual_at; /* positions in args->inputs; -1: none */
  scull_cpu_post_t post;
} scull_cpu_conv_t;

/* NULL and *out filled when the site is an f32 convolution over two axes with constant filter (and
 * bias), and a group that we know; else a
 * literal reason. */
const char *scull_cpu_conv_of(const scull_site_t *site, scull_cpu_conv_t *out);

/* Layout pairs for `configs` that the operands allow, equal ones first; at most 4. */
size_t scull_cpu_layout_pairs(const scull_cpu_conv_t *c, scull_config_t *out);

/* True in prepare when the operands' layouts are such a pair. */
bool scull_cpu_conv_laid_out(const scull_cpu_conv_t *c);

/* `alias` of kernels that read the residual where they then write: it may be overwritten. */
uint32_t scull_cpu_conv_alias(const scull_site_t *site, const scull_config_t *config);

#endif
