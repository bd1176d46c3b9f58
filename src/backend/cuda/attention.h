/* attention.h: softmax(q k^T * scale + mask) v by one kernel. Valid C17, C++17. */
#ifndef SCULL_CUDA_ATTENTION_H
#define SCULL_CUDA_ATTENTION_H

#include "backend/cuda/element.h"

#ifdef __cplusplus
extern "C" {
#endif

/* q [heads][queries][depth], k [heads][keys][depth], v [heads][keys][width], all dense. */
typedef struct scull_cuda_attention {
  const void *q, *k, *v, *mask; /* mask NULL: none */
  void *dst;
  int32_t q_type, k_type, v_type, mask_type, dst_type;
  int32_t heads, heads_a_batch, queries, keys, depth, width;
  int64_t mask_step[4]; /* of batch, head, query, key; 0 where it broadcasts */
  float scale;
} scull_cuda_attention_t;

/* False when a head is too wide for the kernel. */
int scull_cuda_attention_fits(int64_t depth, int64_t width);
int scull_cuda_attention_enqueue(const scull_cuda_attention_t *attention, int chained,
                                 void *stream);

/* The same where q, k and v are all FP16 or all BF16, depth and width multiples of 8 up to 128 and
 * there are keys (attention_mma.cu); `warps` of 16 queries a block: 2 or 4, or SPLIT: four that
 * share the keys of the same 16, depth and width up to 64. */
enum { SCULL_CUDA_ATTENTION_SPLIT = 1 };
int scull_cuda_attention_mma_enqueue(const scull_cuda_attention_t *attention, int warps,
                                     int chained, void *stream);

#ifdef __cplusplus
}
#endif
#endif
