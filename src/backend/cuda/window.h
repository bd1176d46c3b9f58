/* window.h: pooling, resizing and convolutions with any groups, types and layouts, one result a
 * thread; and the tiled FP32 product behind convolutions and matmul. Valid C17, C++17. */
#ifndef SCULL_CUDA_WINDOW_H
#define SCULL_CUDA_WINDOW_H

#include "backend/cuda/element.h"
#include "backend/cuda/elementwise.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A picture of n x c x h x w elements by steps. */
typedef struct scull_cuda_picture {
  const void *data;
  int32_t type;
  int64_t n, c, h, w; /* steps in elements */
} scull_cuda_picture_t;

typedef struct scull_cuda_axis {
  int32_t in, out, kernel, stride, dilation, pad; /* pad: at the beginning */
  int32_t pad_end;
} scull_cuda_axis_t;

/* What stands behind a convolution or product: act(y + residual) or act(y) + residual. */
typedef struct scull_cuda_end {
  const float *bias; /* a channel; NULL: none */
  scull_cuda_do_t act;
  int32_t add_first; /* only with a residual */
} scull_cuda_end_t;

/* Also the adaptive pools (bins that divide the picture). */
typedef struct scull_cuda_pooling {
  scull_cuda_picture_t src, dst;
  scull_cuda_axis_t y, x;
  int32_t n, c;
  int32_t mean, include_pad, adaptive;
} scull_cuda_pooling_t;
int scull_cuda_pooling_enqueue(const scull_cuda_pooling_t *pooling, int chained, void *stream);

/* dst = conv(src, weights) with any groups; weights FP32 [k][c / groups][r][s]. With `transposed`
 * dst is the picture whose convolution src would be: weights [c][k / groups][r][s], the axes those
 * of the convolution (in: dst's extent, out: src's). */
typedef struct scull_cuda_direct {
  scull_cuda_picture_t src, dst, residual; /* residual.data NULL: none */
  const float *weights;
  scull_cuda_end_t end;
  scull_cuda_axis_t y, x;
  int32_t n, c, k, groups, transposed;
} scull_cuda_direct_t;
int scull_cuda_direct_enqueue(const scull_cuda_direct_t *direct, int chained, void *stream);

/* The same for one group, as a tiled product; weights FP32 [(c, r, s) or, channels_last, (r, s, c)]
 * [k rounded up to 4]. */
typedef struct scull_cuda_implicit {
  scull_cuda_picture_t src, dst, residual;
  const float *weights;
  scull_cuda_end_t end;
  scull_cuda_axis_t y, x;
  int32_t n, c, k, channels_last;
  int32_t split; /* blocks that share K, by scull_cuda_product_split; 0 and 1: one */
} scull_cuda_implicit_t;
int scull_cuda_implicit_enqueue(const scull_cuda_implicit_t *implicit, int chained, void *stream);

/* The same in FP32 throughout, channels last on all sides, c and k and all steps multiples of 4
 * (conv_wide.cu). A K is split with tiles 64 wide only, into a power of two up to 8. */
enum { SCULL_CUDA_WIDE_128x128, SCULL_CUDA_WIDE_128x64, SCULL_CUDA_WIDE_64x64, SCULL_CUDA_WIDES };
int scull_cuda_wide_enqueue(const scull_cuda_implicit_t *implicit, int tile, int chained,
                            void *stream);

/* Blocks of one cluster that should share K of an m x n product, so that few results fill the GPU.
 */
int scull_cuda_product_split(int64_t m, int64_t n, int64_t k, int64_t batches);

/* dst[b] (m x n, dense rows) = x[b] (m x k) y[b] (k x n); steps in elements. Batches are a box of
 * up to four dimensions. */
typedef struct scull_cuda_matmul {
  const void *x, *y;
  void *dst;
  const void *residual; /* like dst, of res_type; NULL: none */
  int32_t x_type, y_type, dst_type, res_type;
  int32_t m, n, k;
  int64_t x_row, x_column, y_row, y_column;
  int32_t batch_rank, batch_dim[4];
  int64_t x_batch[4], y_batch[4];
  int64_t batches;
  int32_t split;        /* as above */
  scull_cuda_end_t end; /* bias: a column */
} scull_cuda_matmul_t;
int scull_cuda_matmul_enqueue(const scull_cuda_matmul_t *matmul, int chained, void *stream);

/* Separable sampling: result (y, x) is the sum over taps of weight * src, as many taps an axis;
 * tables [out][taps] of indices and of weights in device memory. */
typedef struct scull_cuda_resize {
  scull_cuda_picture_t src, dst;
  const int32_t *index_y, *index_x;
  const float *weight_y, *weight_x;
  int32_t n, c, out_h, out_w, taps;
} scull_cuda_resize_t;
int scull_cuda_resize_enqueue(const scull_cuda_resize_t *resize, int chained, void *stream);

#ifdef __cplusplus
}
#endif
#endif
