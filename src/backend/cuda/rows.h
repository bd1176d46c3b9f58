/* rows.h: reductions, softmax and normalization over rows. Valid C17, C++17. */
#ifndef SCULL_CUDA_ROWS_H
#define SCULL_CUDA_ROWS_H

#include "backend/cuda/element.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  SCULL_CUDA_FOLD_SUM,
  SCULL_CUDA_FOLD_MEAN,
  SCULL_CUDA_FOLD_MAX,
  SCULL_CUDA_FOLD_MIN,
  SCULL_CUDA_FOLD_PROD,
  SCULL_CUDA_FOLD_L1,
  SCULL_CUDA_FOLD_L2,
  SCULL_CUDA_FOLD_SQUARES
};

/* dst[o] = the fold over all r of src[sum of o's and r's steps]: a box of kept dimensions (dense
 * in dst) and one of folded dimensions. */
typedef struct scull_cuda_reduce {
  const void *src;
  void *dst;
  int32_t src_type, dst_type, fold;
  int32_t kept_rank, kept_dim[SCULL_CUDA_RANK];
  int32_t fold_rank, fold_dim[SCULL_CUDA_RANK];
  int64_t kept_step[SCULL_CUDA_RANK], fold_step[SCULL_CUDA_RANK], dst_step[SCULL_CUDA_RANK];
  int64_t kept, folded; /* elements */
} scull_cuda_reduce_t;
int scull_cuda_reduce_enqueue(const scull_cuda_reduce_t *reduce, int chained, void *stream);

/* Softmax along an axis of n elements that lie `step` apart: rows = outer * step; row r begins at
 * r / step * n * step + r % step. */
typedef struct scull_cuda_softmax {
  const void *src;
  void *dst;
  int32_t src_type, dst_type;
  int64_t rows, n, step;
  int32_t logarithm;
} scull_cuda_softmax_t;
int scull_cuda_softmax_enqueue(const scull_cuda_softmax_t *softmax, int chained, void *stream);

/* Groups of `count` neighbouring elements to mean 0 and variance 1, then scaled and shifted:
 * element i has scale and bias number i / run % period (FP32 in `packed`: first all scales, then
 * all biases). */
typedef struct scull_cuda_normalize {
  const void *src;
  void *dst;
  const float *packed;
  int32_t src_type, dst_type;
  int64_t groups, count, run, period;
  float epsilon;
} scull_cuda_normalize_t;
int scull_cuda_normalize_enqueue(const scull_cuda_normalize_t *normalize, int chained,
                                 void *stream);

#ifdef __cplusplus
}
#endif
#endif
