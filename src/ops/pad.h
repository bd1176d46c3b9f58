/* Attributes of pad. */
#ifndef SCULL_OPS_PAD_H
#define SCULL_OPS_PAD_H

#include "ops/opdef.h"

enum { SCULL_PAD_CONSTANT = 0, SCULL_PAD_REFLECT = 1, SCULL_PAD_EDGE = 2, SCULL_PAD_WRAP = 3 };

typedef struct scull_pad_attrs {
  scull_ints_t pads; /* all begins, then all ends, for all dimensions; constant: negative crops */
  int32_t mode;      /* SCULL_PAD_* */
  double value;      /* constant */
} scull_pad_attrs_t;

/* The pads of every axis, which must be known, and the padded shape; fails as the shape rule does.
 */
scull_status_t scull_ops_pad_sizes(const scull_op_call_t *call, int64_t begin[SCULL_MAX_RANK],
                                   int64_t end[SCULL_MAX_RANK],
                                   scull_shape_t *shape) SCULL_MUST_USE;

#endif
