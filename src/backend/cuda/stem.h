/* stem.h: first layers, straight from the planar FP32 image. The 3x3 stride-2 convolution of
 * MobileNet and Inception; and the whole first stage of a ResNet in one kernel: 7x7 stride-2
 * convolution from three channels, bias, clamp and 3x3 stride-2 max pooling, straight from the
 * planar FP32 image. Valid C17, C++17.
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
  void *dst;           /* FP16, or INT8 of the result times dst_scale: [n][pool_p][pool_q][k] */
  float dst_scale;     /* 0: FP16 */
  int32_t signs;       /* SCULL_CUDA_UNSIGNED_DST: of INT8, u8 */
  int32_t n, h, w, k;  /* k a multiple of 64 */
  int32_t p, q;        /* of the convolution */
  int32_t pool_p, pool_q;
  float lo, hi;
} scull_cuda_stem_t;

/* dst = clamp(conv3x3/2(src) + bias, lo, hi). */
typedef struct scull_cuda_first {
  const float *src;        /* [n][3][h][w] */
  const void *weights;     /* from scull_cuda_stem_pack, r 3 */
  const float *bias;       /* [k] */
  void *dst;               /* FP16, or INT8 of the result times dst_scale: [n][p][q][k] */
  float dst_scale;         /* 0: FP16 */
  int32_t signs;           /* SCULL_CUDA_UNSIGNED_DST: of INT8, u8 */
  int32_t n, h, w, k, pad; /* k a multiple of 32 */
  int32_t p, q;
  float lo, hi;
} scull_cuda_first_t;

/* Bytes of packed weights; r is 7 or 3, k a multiple of 16. */
size_t scull_cuda_stem_pack_size(int k, int r);

/* FP16 weights [k][r][r][3] in host memory to the order of the kernels' registers. */
void scull_cuda_stem_pack(const uint16_t *krsc, int k, int r, uint16_t *dst);

/* The stem for batches (stem_many.cu); scull_cuda_stem_enqueue picks. */
int scull_cuda_stem_many_enqueue(const scull_cuda_stem_t *stem, int chained, void *stream);

/* As scull_cuda_conv_enqueue. */
int scull_cuda_stem_enqueue(const scull_cuda_stem_t *stem, int chained, void *stream);
int scull_cuda_first_enqueue(const scull_cuda_first_t *first, int chained, void *stream);

#ifdef __cplusplus
}
#endif
#endif
