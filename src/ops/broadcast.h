/* Walks a result and up to three operands that NumPy's broadcast repeats over it, row by row.
 * Dimensions that all operands cross alike are joined, so rows are as long as can be. Private to
 * ops/. */
#ifndef SCULL_OPS_BROADCAST_H
#define SCULL_OPS_BROADCAST_H

#include "tensor/tensor.h"

enum { SCULL_BROADCAST_MAX = 3 };

typedef struct scull_broadcast {
  int64_t out;                       /* flat index of the row's first element in the result */
  int64_t count;                     /* elements of a row */
  int64_t at[SCULL_BROADCAST_MAX];   /* flat index of the row's first element in each operand */
  int64_t step[SCULL_BROADCAST_MAX]; /* 1, or 0 where the operand is repeated along the row */
  /* private */
  scull_shape_t shape; /* joined; the last dimension is the row */
  int64_t total, index[SCULL_MAX_RANK];
  int64_t stride[SCULL_BROADCAST_MAX][SCULL_MAX_RANK]; /* zeros for operands that are not given */
} scull_broadcast_t;

/* Before the first row. The shapes of `operands` broadcast to `out`. */
scull_broadcast_t scull_ops_broadcast(const scull_tensor_t *operands, size_t count,
                                      const scull_shape_t *out);

/* The next row; false after the last. */
bool scull_ops_broadcast_next(scull_broadcast_t *b);

#endif
