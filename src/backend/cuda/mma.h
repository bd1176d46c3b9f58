/* mma.h: convolutions, channels last, and products with constant weights on the matrix units that
 * every GPU since 8.0 has (mma.sync), in FP16, BF16, TF32 and INT8. Valid C17, C++17. */
#ifndef SCULL_CUDA_MMA_H
#define SCULL_CUDA_MMA_H

#include "backend/cuda/elementwise.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is multiplied: pixels and weights, but for U8, whose weights are s8. */
enum {
  SCULL_CUDA_MMA_F16,
  SCULL_CUDA_MMA_BF16,
  SCULL_CUDA_MMA_TF32, /* stored as f32 */
  SCULL_CUDA_MMA_S8,
  SCULL_CUDA_MMA_U8
};

/* Tiles of pixels x channels. */
enum {
  SCULL_CUDA_MMA_128x128,
  SCULL_CUDA_MMA_128x64,
  SCULL_CUDA_MMA_64x64,
  SCULL_CUDA_MMA_64x32,
  SCULL_CUDA_MMA_TILES
};

enum { SCULL_CUDA_MMA_STEP = 64 }; /* bytes of K at a time */

/* dst = act(conv(src, weights) * scale[k] + bias[k] + residual * res_scale) * dst_factor, the
 * residual before or behind the activation; rounded and clamped where dst is INT8. A pixel's
 * channels are a multiple of 16 bytes, as are the pitches (elements between pixels) of src. */
typedef struct scull_cuda_mma {
  const void *src;
  const void *weights;  /* [k rounded up to 32][r][s][c], rows in the order of
                           scull_cuda_mma_channel */
  const float *scale;   /* INT8: [k rounded up to 32]; NULL for all others */
  const float *bias;    /* [k rounded up to 32] */
  const void *residual; /* NULL: none */
  void *dst;
  void *partial; /* with `split` > 1: split * rows * (k rounded up to 32) words */
  int32_t kind, dst_type, res_type;
  int32_t n, h, w, c, src_pitch;
  int32_t r, s, stride_h, stride_w, pad_h, pad_w, dil_h, dil_w;
  int32_t p, q, k, dst_pitch, res_pitch;
  int32_t split; /* blocks that share K; their sums are added by a second kernel */
  int32_t even;  /* k and the pitches of dst and residual are multiples of 8 */
  scull_cuda_do_t act;
  int32_t add_first;
  float res_scale, dst_factor;
} scull_cuda_mma_t;

/* The channel whose weights stand in packed row `row`: a thread of the matrix unit holds columns
 * 2t, 2t + 1 of every group of eight, so that in this order its results are eight neighbours. */
static inline int32_t scull_cuda_mma_channel(int32_t row) {
  int32_t tile = row % 32 >> 3, column = row & 7;
  return row / 32 * 32 + 8 * (column >> 1) + 2 * tile + (column & 1);
}

/* The products; with `split` > 1 they end in `partial`, which the second kernel adds up. */
int scull_cuda_mma_enqueue(const scull_cuda_mma_t *mma, int tile, int chained, void *stream);
int scull_cuda_mma_add_enqueue(const scull_cuda_mma_t *mma, int chained, void *stream);

#ifdef __cplusplus
}
#endif
#endif
