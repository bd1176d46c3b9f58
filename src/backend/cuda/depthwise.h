/* depthwise.h: depthwise convolution on NHWC FP16, alone. (In front of a 1x1 convolution it can
 * also run inside conv_igemm.cu.) Valid C17, C++17. */
#ifndef SCULL_CUDA_DEPTHWISE_H
#define SCULL_CUDA_DEPTHWISE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* dst = clamp(depthwise(src) + bias, lo, hi). Device pointers, 16-byte aligned; pitches in elements
 * between pixels; c and pitches multiples of 8. */
typedef struct scull_cuda_depthwise {
  const void *src;     /* FP16 [n][h][w][src_pitch] */
  const void *weights; /* from scull_cuda_depthwise_pack: taps and bias */
  void *dst;           /* FP16 [n][p][q][dst_pitch] */
  int32_t n, h, w, c, src_pitch;
  int32_t r, stride, pad; /* square: 3 or 5; stride 1 or 2 */
  int32_t p, q, dst_pitch;
  float lo, hi;
} scull_cuda_depthwise_t;

/* Channels stand in blocks of 64: r * r taps of 64 FP16, then 64 FP32 of bias. */
size_t scull_cuda_depthwise_pack_size(int c, int r);

/* FP16 weights [c][r][r] and bias [c] in host memory to that order. */
void scull_cuda_depthwise_pack(const uint16_t *crs, const float *bias, int c, int r, void *dst);

/* As scull_cuda_conv_enqueue. */
int scull_cuda_depthwise_enqueue(const scull_cuda_depthwise_t *depthwise, int chained,
                                 void *stream);

#ifdef __cplusplus
}
#endif
#endif
