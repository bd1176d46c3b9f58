/* move.h: boxes of elements from one place to another, converted on the way. Valid C17, C++17. */
#ifndef SCULL_CUDA_MOVE_H
#define SCULL_CUDA_MOVE_H

#include "backend/cuda/element.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Dimensions outermost first, the destination's fastest last; steps in elements, may be 0 or
 * negative in src. At most 2^31 elements. Types equal to SCULL_CUDA_E_NONE: `size` (1, 2, 4, 8, 16)
 * bytes an element are moved as they are. */
typedef struct scull_cuda_move {
  const void *src;
  void *dst;
  int32_t src_type, dst_type, size;
  float factor; /* of converted elements; integers are rounded (ties to even) and clamped */
  int32_t rank, dim[SCULL_CUDA_RANK];
  int64_t src_step[SCULL_CUDA_RANK], dst_step[SCULL_CUDA_RANK];
} scull_cuda_move_t;

int scull_cuda_move_enqueue(const scull_cuda_move_t *move, int chained, void *stream);

/* Several small boxes in one kernel. */
enum { SCULL_CUDA_MOVES = 8 };
typedef struct scull_cuda_moves {
  scull_cuda_move_t move[SCULL_CUDA_MOVES];
  int32_t count;
} scull_cuda_moves_t;
int scull_cuda_moves_enqueue(const scull_cuda_moves_t *moves, int chained, void *stream);

/* Rows of `size` bytes by index: dst[o][i][...] = src[o][index[i]][...]; index is I64 when wide,
 * else I32; negative ones count from `rows`. `unit`: bytes a thread moves, divides size. */
typedef struct scull_cuda_gather {
  const void *src, *index;
  void *dst;
  int64_t outer, rows, count, size;
  int32_t wide, unit;
} scull_cuda_gather_t;

int scull_cuda_gather_enqueue(const scull_cuda_gather_t *gather, int chained, void *stream);

/* Sets `count` elements of `size` (1, 2, 4, 8) bytes to one value. */
int scull_cuda_fill_enqueue(void *dst, uint64_t value, int size, int64_t count, int chained,
                            void *stream);

#ifdef __cplusplus
}
#endif
#endif
