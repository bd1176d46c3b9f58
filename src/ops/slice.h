/* Attributes of slice: NumPy's start:end:step on some axes. */
#ifndef SCULL_OPS_SLICE_H
#define SCULL_OPS_SLICE_H

#include "ops/opdef.h"

typedef struct scull_slice_attrs {
  scull_ints_t axes;         /* empty: 0, 1, ... */
  scull_ints_t starts, ends; /* one an axis; negative: from the end; clamped */
  scull_ints_t steps;        /* not 0; empty: 1 */
} scull_slice_attrs_t;

/* What a slice takes, resolved: element i of an axis is element first + i * step of x. */
typedef struct scull_slice_cut {
  scull_shape_t shape;                                 /* of the result */
  int64_t first[SCULL_MAX_RANK], step[SCULL_MAX_RANK]; /* in elements of each axis */
} scull_slice_cut_t;

/* From x's type and the lists, which must be known; fails as the shape rule does. */
scull_status_t scull_ops_slice_cut(const scull_op_call_t *call,
                                   scull_slice_cut_t *out) SCULL_MUST_USE;

#endif
