/* stem.h: the first layer of a ResNet in one kernel: 7x7 stride-2 convolution from three channels,
 * bias, clamp and 3x3 stride-2 max pooling, straight from the planar FP32 image. Valid C17, C++17.
 */
#ifndef SCULL_CUDA_STEM_H
#define SCULL_CUDA_STEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Device pointers, 16-byte aligned. Convolution: 7x7, stride 2, padding 3; pooling: 3x3, stride 2,
 * padding 1 on the left and top. */
typedef struct scull_cuda_stem {
  const float *src;    /* [n][3][h][w] */
  const void *weights; /* from scull_cuda_stem_pack */
  const float *bias;   /* [k] */
  void *dst;           /* FP16 [n][pool_p][pool_q][k] */
  int32_t n, h, w, k;  /* k a multiple of 64 */
  int32_t p, q;        /* of the convolution */
  int32_t pool_p, pool_q;
  float lo, hi;
} scull_cuda_stem_t;

enum { SCULL_CUDA_STEM_PACK_BYTES_PER_64 = 4 * 14 * 32 * 16 };

/* FP16 weights [k][7][7][3] in host memory to the order of the kernel's registers. */
void scull_cuda_stem_pack(const uint16_t *krsc, int k, uint16_t *dst);

/* As scull_cuda_conv_igemm_enqueue. */
int scull_cuda_stem_enqueue(const scull_cuda_stem_t *stem, int chained, void *stream);

#ifdef __cplusplus
}
#endif
#endif
