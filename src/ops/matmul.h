/* Attributes and geometry of matmul: NumPy's matmul, 1-D operands included, plus a bias. */
#ifndef SCULL_OPS_MATMUL_H
#define SCULL_OPS_MATMUL_H

#include "ops/opdef.h"

typedef struct scull_matmul_attrs {
  bool trans_x, trans_y; /* swap the last two dimensions first; 1-D operands stay */
} scull_matmul_attrs_t;

/* y[b] = x[b] (m x k) times y[b] (k x n), for each b of the batch. Strides in elements. */
typedef struct scull_matmul_geometry {
  int64_t m, n, k;
  int64_t x_row, x_column; /* from one row, one column of x (after trans_x) to the next */
  int64_t y_row, y_column;
  scull_shape_t batch;            /* broadcast of both operands' leading dimensions */
  scull_shape_t x_batch, y_batch; /* their own */
  bool x_is_vector, y_is_vector;  /* the result then lacks that dimension */
} scull_matmul_geometry_t;

/* From the types of x, y and bias; fails as the shape rule does. */
scull_status_t scull_ops_matmul_geometry(const scull_op_call_t *call,
                                         scull_matmul_geometry_t *out) SCULL_MUST_USE;

#endif
