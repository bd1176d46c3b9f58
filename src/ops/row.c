/* Loops over rows of elements. Each has a path for f32, unit step apart so that the compiler
 * vectorizes it, and one for the rest. */
#include "ops/row.h"

static const float *f32_row(const scull_tensor_t *src, int64_t first) {
  return src->type.dtype == SCULL_DTYPE_F32 ? (const float *)src->data + first : NULL;
}

void scull_ops_row_load(const scull_tensor_t *src, int64_t first, int64_t step, int64_t count,
                        double *dst) {
  if (count <= 0)
    return;
  const float *row = f32_row(src, first);
  for (int64_t i = 0; row != NULL && i < count; i++)
    dst[i] = (double)row[i * step];
  for (int64_t i = 0; row == NULL && i < count; i++)
    dst[i] = scull_tensor_load(src->data, src->type.dtype, first + i * step);
}

void scull_ops_row_store(const double *src, int64_t count, const scull_tensor_t *dst,
                         int64_t first) {
  if (dst->type.dtype == SCULL_DTYPE_F32 && count > 0) {
    float *row = (float *)dst->data + first;
    for (int64_t i = 0; i < count; i++)
      row[i] = (float)src[i];
    return;
  }
  for (int64_t i = 0; i < count; i++)
    scull_tensor_store(dst->data, dst->type.dtype, first + i, src[i]);
}

void scull_ops_row_axpy(double factor, const scull_tensor_t *src, int64_t first, int64_t step,
                        int64_t count, double *sum, int64_t sum_step) {
  if (count <= 0)
    return;
  const float *row = f32_row(src, first);
  if (row == NULL) {
    for (int64_t i = 0; i < count; i++)
      sum[i * sum_step] += factor * scull_tensor_load(src->data, src->type.dtype, first + i * step);
  } else if (step == 1 && sum_step == 1) {
    for (int64_t i = 0; i < count; i++)
      sum[i] += factor * (double)row[i];
  } else {
    for (int64_t i = 0; i < count; i++)
      sum[i * sum_step] += factor * (double)row[i * step];
  }
}

void scull_ops_row_max(const scull_tensor_t *src, int64_t first, int64_t step, int64_t count,
                       double *max) {
  if (count <= 0)
    return;
  const float *row = f32_row(src, first);
  for (int64_t i = 0; row != NULL && i < count; i++)
    max[i] = scull_ops_larger(max[i], (double)row[i * step]);
  for (int64_t i = 0; row == NULL && i < count; i++)
    max[i] =
        scull_ops_larger(max[i], scull_tensor_load(src->data, src->type.dtype, first + i * step));
}

double scull_ops_row_dot(const scull_tensor_t *src, int64_t first, int64_t step, int64_t count,
                         const double *by) {
  double sum = 0;
  if (count <= 0)
    return sum;
  const float *row = f32_row(src, first);
  for (int64_t i = 0; row != NULL && i < count; i++)
    sum += (double)row[i * step] * by[i];
  for (int64_t i = 0; row == NULL && i < count; i++)
    sum += scull_tensor_load(src->data, src->type.dtype, first + i * step) * by[i];
  return sum;
}
