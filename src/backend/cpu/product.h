/* A product of pixels (rows) and packed weights on our kernels, bias, residual and activation in
 * its registers: what 1x1 convolutions and matrices with a constant right side share. A block of
 * pixels is finished over all its channels before the next, so that destination and residual pass
 * through the caches once, in whole rows. Work is shared by pixels or, for few pixels and many
 * weights, by panels of output channels. Floor: 2 P C K operations at the peak of the multiply-add
 * units; P (C + 2 K) floats of memory. */
#ifndef SCULL_BACKEND_CPU_PRODUCT_H
#define SCULL_BACKEND_CPU_PRODUCT_H

#include "backend/cpu/kernel.h"

enum { SCULL_CPU_BY_PIXELS = 0, SCULL_CPU_BY_CHANNELS = 1 };

typedef struct scull_cpu_product {
  const scull_cpu_kernels_t *kernels;
  scull_cpu_post_t post;
  scull_cpu_view_t src, dst, residual;
  bool has_residual;
  bool gathers; /* the source is no dense run of pixels: copied into the scratch first */
  int64_t in_channels, out_channels, panels;
  int64_t images, pixels, width; /* pixels of an image; width of its rows, for gathering */
  int64_t stride_y, stride_x;
  int64_t unit, units; /* pixels finished together; units of an image */
  int64_t a_size;      /* floats gathered by a thread */
  int threads, split;
} scull_cpu_product_t;

/* The right side before packing: in x out, with the steps from one to the next. */
typedef struct scull_cpu_matrix {
  const float *data, *bias; /* bias: or NULL */
  int64_t in_channels, out_channels;
  int64_t in_step, out_step; /* in floats */
} scull_cpu_matrix_t;

/* Bytes of the packed right side; false on overflow. */
bool scull_cpu_product_packed(int64_t in_channels, int64_t out_channels, size_t *bytes);
void scull_cpu_product_pack(const scull_cpu_kernels_t *kernels, const scull_cpu_matrix_t *matrix,
                            void *dst);

/* Adds the configurations worth timing in the layouts of `like`: knob 0 is the split, knob 1 the
 * pixels that are finished together (0: as many as a third of L2 holds). Returns the new count. */
size_t scull_cpu_product_configs(const scull_site_t *site, const scull_device_t *device,
                                 int64_t out_channels, const scull_config_t *like,
                                 scull_config_t *out, size_t count, size_t room);

/* Completes a product whose operands, pixels, threads and split are set. */
void scull_cpu_product_set_sizes(scull_cpu_product_t *product, const scull_device_t *device,
                                 int32_t pixels_together);
size_t scull_cpu_product_scratch(const scull_cpu_product_t *product);

typedef struct scull_cpu_product_args {
  const float *src, *residual; /* residual: NULL without */
  float *dst;
  const void *packed;
  void *scratch;
} scull_cpu_product_args_t;

void scull_cpu_product_run(const scull_cpu_product_t *product,
                           const scull_cpu_product_args_t *args);

#endif
