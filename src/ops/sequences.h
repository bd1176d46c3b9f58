/* What operators on sequences share. Private to ops/. */
#ifndef SCULL_OPS_SEQUENCES_H
#define SCULL_OPS_SEQUENCES_H

#include "ops/opdef.h"
#include "tensor/sequence.h"

typedef struct scull_sequence_make_attrs {
  scull_dtype_t to; /* element type of a sequence of nothing */
} scull_sequence_make_attrs_t;

typedef struct scull_sequence_split_attrs {
  int64_t axis;
  bool keep; /* false, and no sizes: elements lose the axis */
} scull_sequence_split_attrs_t;

typedef struct scull_sequence_concat_attrs {
  int64_t axis;
  bool stack; /* along a new axis */
} scull_sequence_concat_attrs_t;

/* Input `index` as a sequence: NULL in rules that do not know it yet. */
const scull_sequence_t *scull_ops_sequence(const scull_op_call_t *call, size_t index);

/* Fails unless input `index` is a sequence. */
scull_status_t scull_ops_sequence_check(const scull_op_call_t *call, size_t index) SCULL_MUST_USE;

/* outputs[0]: a sequence that holds what input 0 holds and, if `add` < SIZE_MAX, tensors like input
 * `add`. */
scull_status_t scull_ops_sequence_infer(const scull_op_call_t *call, size_t add) SCULL_MUST_USE;

/* For kernels: output 0 with the elements of input 0; it may be input 0 itself. */
scull_status_t scull_ops_sequence_begin(const scull_op_call_t *call,
                                        scull_sequence_t **out) SCULL_MUST_USE;

/* The position that input `index` says, `absent` without one; must lie in [0, limit), counted from
 * the end when negative. */
scull_status_t scull_ops_sequence_position(const scull_op_call_t *call, size_t index,
                                           const scull_sequence_t *sequence, int64_t absent,
                                           size_t limit, size_t *out) SCULL_MUST_USE;

/* Fails unless input `index` is absent or one integer. */
scull_status_t scull_ops_sequence_position_check(const scull_op_call_t *call,
                                                 size_t index) SCULL_MUST_USE;

/* Passes on what sequences say: memory is short. */
scull_status_t scull_ops_sequence_end(const scull_op_call_t *call, scull_status_t status);

#endif
