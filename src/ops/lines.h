/* Operators that work along one axis (cumsum, top_k, arg_max, arg_min) see a tensor as lines:
 * [outer, extent, inner], one line for each outer and inner. A scalar is one line of one element.
 * Private to ops/. */
#ifndef SCULL_OPS_LINES_H
#define SCULL_OPS_LINES_H

#include "ops/opdef.h"

typedef struct scull_lines {
  int64_t outer, extent, inner;
  int32_t axis; /* 0 for a scalar, which has no axis */
} scull_lines_t;

/* The lines of `shape` along `axis` in [-rank, rank); 0 and -1 are allowed for a scalar. */
scull_status_t scull_ops_lines(const scull_op_call_t *call, const scull_shape_t *shape,
                               int64_t axis, scull_lines_t *out) SCULL_MUST_USE;

/* The shape with `axis` removed, or of extent 1 with `keep`. */
scull_shape_t scull_ops_lines_reduced(const scull_shape_t *shape, int32_t axis, bool keep);

#endif
