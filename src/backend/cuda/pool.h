/* pool.h: pooling on NHWC FP16 and INT8. Valid C17, C++17. */
#ifndef SCULL_CUDA_POOL_H
#define SCULL_CUDA_POOL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Mean over all pixels: src [n][pixels][c] to dst [n][c] of FP16 or, with `wide`, FP32; c a
 * multiple of 8. src is FP16 when src_scale is 0, else INT8 (u8 where `is_unsigned`) in units of
 * src_scale. */
int scull_cuda_pool_global_enqueue(const void *src, void *dst, int n, int pixels, int c,
                                   float src_scale, int is_unsigned, int wide, int chained,
                                   void *stream);

/* Windowed pooling; device pointers, 16-byte aligned; pitches in elements between pixels. */
typedef struct scull_cuda_pool {
  const void *src; /* [n][h][w][src_pitch], FP16 with c % 8 == 0 or INT8 with c % 16 == 0 */
  void *dst;       /* [n][p][q][dst_pitch], the same type */
  int32_t n, h, w, c, src_pitch;
  int32_t r, s, stride_h, stride_w, pad_h, pad_w;
  int32_t p, q, dst_pitch;
  int32_t mean;         /* 0: maximum */
  int32_t count_inside; /* the mean divides by the pixels inside the image, not by r * s */
  float factor;         /* INT8: units of src in one of dst; 0: FP16 */
  int32_t signs;        /* SCULL_CUDA_UNSIGNED_* (conv.h) */
} scull_cuda_pool_t;

int scull_cuda_pool_enqueue(const scull_cuda_pool_t *pool, int chained, void *stream);

#ifdef __cplusplus
}
#endif
#endif
