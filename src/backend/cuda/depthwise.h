/* depthwise.h: depthwise convolution on NHWC FP16 or INT8. Valid C17, C++17. */
#ifndef SCULL_CUDA_DEPTHWISE_H
#define SCULL_CUDA_DEPTHWISE_H

#include <stddef.h>
#include <stdint.h>

#include "backend/cuda/conv.h"
#include "backend/cuda/elementwise.h"

#ifdef __cplusplus
extern "C" {
#endif

/* FP16: dst = clamp(depthwise(src) + bias, lo, hi). INT8: dst = clamp(depthwise(src) * scale +
 * bias, lo, hi), rounded half to even. Device pointers, 16-byte aligned; pitches in elements
 * between pixels; c and pitches multiples of 8. */
typedef struct scull_cuda_depthwise {
  const void *src;     /* `type` [n][h][w][src_pitch] */
  const void *weights; /* from scull_cuda_depthwise_pack: taps, bias and scale */
  void *dst;           /* `type` [n][p][q][dst_pitch] */
  int32_t type;        /* SCULL_CUDA_F16, _F32 or _S8 */
  int32_t n, h, w, c, src_pitch;
  int32_t r, stride, pad; /* square: 3 or 5; stride 1 or 2 */
  int32_t p, q, dst_pitch;
  int32_t signs; /* SCULL_CUDA_UNSIGNED_* */
  float lo, hi;
  int32_t any; /* FP16 and FP32: `act` instead of the clamp */
  scull_cuda_do_t act;
} scull_cuda_depthwise_t;

/* Channels stand in blocks of 8: r * r taps of 8 elements, then 8 FP32 of bias and 8 of scale. */
size_t scull_cuda_depthwise_pack_size(scull_cuda_type_t type, int c, int r);

/* Weights [c][r][r], bias [c] and scale [c] (read for INT8 alone) in host memory to that order. */
void scull_cuda_depthwise_pack(scull_cuda_type_t type, const void *crs, const float *bias,
                               const float *scale, int c, int r, void *dst);

/* As scull_cuda_conv_enqueue. */
int scull_cuda_depthwise_enqueue(const scull_cuda_depthwise_t *depthwise, int chained,
                                 void *stream);

#ifdef __cplusplus
}
#endif
#endif
