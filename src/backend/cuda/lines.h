/* lines.h: operators along one axis: the best elements, the place of the best, running sums. Valid
 * C17, C++17. */
#ifndef SCULL_CUDA_LINES_H
#define SCULL_CUDA_LINES_H

#include "backend/cuda/element.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SCULL_CUDA_TOP_MOST = 16384 }; /* elements of a line that top_k can sort */

/* src is [outer][extent][inner]: line i of outer * inner begins at i / inner * extent * inner + i %
 * inner, its elements are `inner` apart. */
typedef struct scull_cuda_lines {
  const void *src;
  void *dst;   /* top_k: [outer][k][inner] as src; arg: [outer][inner] of indices; cumsum: as src */
  void *index; /* top_k: [outer][k][inner], 64 bits */
  int32_t type; /* SCULL_CUDA_E_*, of src and dst */
  int32_t outer, extent, inner, k;
  int32_t smallest;                    /* top_k, arg: the best is the smallest */
  int32_t last, wide;                  /* arg: of equal elements the last; indices of 64 bits */
  int32_t exclusive, reverse, product; /* cumsum */
} scull_cuda_lines_t;

/* Best first, of equal elements the earlier; NaN is the largest of all. */
int scull_cuda_top_enqueue(const scull_cuda_lines_t *lines, int chained, void *stream);
/* NaN is passed over unless there is nothing else. */
int scull_cuda_arg_enqueue(const scull_cuda_lines_t *lines, int chained, void *stream);
int scull_cuda_cumsum_enqueue(const scull_cuda_lines_t *lines, int chained, void *stream);

#ifdef __cplusplus
}
#endif
#endif
