/* Rows of a tensor's elements as doubles. Reference kernels add up in double whatever the dtype;
 * these loops pick the element type once a row, so that f32 runs at memory speed and every other
 * dtype still works. Elements first, first + step, ... of the flat tensor. Private to ops/. */
#ifndef SCULL_OPS_ROW_H
#define SCULL_OPS_ROW_H

#include "tensor/tensor.h"

/* Kernels cut longer rows into pieces of this many elements, kept on the stack. */
enum { SCULL_ROW = 256 };

void scull_ops_row_load(const scull_tensor_t *src, int64_t first, int64_t step, int64_t count,
                        double *dst);

void scull_ops_row_store(const double *src, int64_t count, const scull_tensor_t *dst,
                         int64_t first);

/* sum[i * sum_step] += factor * src[i] */
void scull_ops_row_axpy(double factor, const scull_tensor_t *src, int64_t first, int64_t step,
                        int64_t count, double *sum, int64_t sum_step);

/* max[i] = the larger of max[i] and src[i]; NaN wins */
void scull_ops_row_max(const scull_tensor_t *src, int64_t first, int64_t step, int64_t count,
                       double *max);

/* Sum over i of src[i] * by[i]. */
double scull_ops_row_dot(const scull_tensor_t *src, int64_t first, int64_t step, int64_t count,
                         const double *by);

/* The larger of two numbers; NaN wins, so that the order of operands does not matter. */
static inline double scull_ops_larger(double a, double b) {
  return a > b || a != a ? a : b;
}

#endif
