/* conv_tensor.h: what the tactics of conv_tensor.c, depthwise.c and stem.c read of a convolution.
 */
#ifndef SCULL_CUDA_CONV_TENSOR_H
#define SCULL_CUDA_CONV_TENSOR_H

#include "backend/cuda/common.h"
#include "backend/cuda/conv.h"
#include "ops/conv.h"

/* A convolution over two axes and its end, which is a clamp or any activation. */
typedef struct scull_cuda_clamped {
  scull_conv_geometry_t g; /* at `opt` */
  const scull_site_value_t *src, *filter, *bias, *dst, *residual;
  int residual_at; /* in the site's inputs; -1: none */
  bool adds_last;  /* the residual is added behind the activation */
  bool clamps;
  float lo, hi;        /* infinite where it is no clamp */
  scull_cuda_do_t act; /* that is behind it */
} scull_cuda_clamped_t;

/* NULL, or why not: constant filter, f32 in the model, and clamp(y [+ residual]) behind it. */
const char *scull_cuda_clamped_of(const scull_site_t *site, scull_cuda_clamped_t *out);

/* The same with any activation. */
const char *scull_cuda_ended_of(const scull_site_t *site, scull_cuda_clamped_t *out);

/* The clamp that an activation is; false when it is another. */
bool scull_cuda_clamp_of(const scull_cuda_do_t *act, float *lo, float *hi);

/* Elements between the pixels of a value in NHWC. */
int32_t scull_cuda_pitch(const scull_site_value_t *value);

/* SCULL_CUDA_F16, _F32, _S8 (of s8 and u8) of a stored type; -1: another. */
int scull_cuda_tensor_type(const scull_site_value_t *value);

/* SCULL_CUDA_UNSIGNED_* of the values as they are stored; each may be NULL. */
int32_t scull_cuda_signs(const scull_site_value_t *src, const scull_site_value_t *dst,
                         const scull_site_value_t *residual);

/* An f32 as FP16 bits, rounded to nearest even. */
uint16_t scull_cuda_half(float value);

#endif
