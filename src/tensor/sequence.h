/* A sequence: a list of tensors of one element type and rank, whose extents may differ. Its storage
 * only grows: what is erased leaves its block for the next element, so a sequence that is filled
 * and cleared again and again stops asking for memory. Not thread safe. */
#ifndef SCULL_TENSOR_SEQUENCE_H
#define SCULL_TENSOR_SEQUENCE_H

#include "base/diag.h"
#include "tensor/tensor.h"

typedef struct scull_sequence {
  scull_tensor_t *items; /* [0, count) are elements with bytes of their own; behind them, spare
                            blocks */
  size_t *room;          /* bytes behind items[i].data */
  size_t count, capacity;
  size_t
      *left; /* bytes that may still be taken, shared by whoever shares a limit; NULL: no limit */
} scull_sequence_t;

/* An empty one on the heap; NULL when memory is short. */
scull_sequence_t *scull_tensor_sequence_create(size_t *left);
void scull_tensor_sequence_destroy(scull_sequence_t *sequence); /* NULL is allowed */

/* `at` counts from the end when it is negative. False when it lies outside [0, limit). */
bool scull_tensor_sequence_index(const scull_sequence_t *sequence, int64_t at, size_t limit,
                                 size_t *out);

/* Copies the tensor's bytes into a new element before element `at` (<= count). OUT_OF_MEMORY. */
scull_status_t scull_tensor_sequence_insert(scull_sequence_t *sequence, size_t at,
                                            const scull_tensor_t *tensor) SCULL_MUST_USE;

/* Copies the tensor over element `at` (< count). */
scull_status_t scull_tensor_sequence_set(scull_sequence_t *sequence, size_t at,
                                         const scull_tensor_t *tensor) SCULL_MUST_USE;

void scull_tensor_sequence_erase(scull_sequence_t *sequence, size_t at); /* at < count */
void scull_tensor_sequence_clear(scull_sequence_t *sequence);

/* Makes `dst` hold the elements of `src`; nothing to do when they are one. */
scull_status_t scull_tensor_sequence_copy(scull_sequence_t *dst,
                                          const scull_sequence_t *src) SCULL_MUST_USE;

#endif
