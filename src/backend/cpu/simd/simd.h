/* The kernels of one instruction set, by family; table.c joins them. Private to simd/. */
#ifndef SCULL_BACKEND_CPU_SIMD_SIMD_H
#define SCULL_BACKEND_CPU_SIMD_SIMD_H

#include "backend/cpu/simd/kernels.h"
#include "backend/cpu/simd/v16.h"

/* NULL where a tile is wider than the registers allow. */
scull_cpu_gemm_fn_t SCULL_SIMD(scull_cpu_gemm_plain)(int rows, int columns);
scull_cpu_gemm_fn_t SCULL_SIMD(scull_cpu_gemm_finish)(int rows, int columns);

void SCULL_SIMD(scull_cpu_winograd_input)(const scull_cpu_winograd_input_t *p);
void SCULL_SIMD(scull_cpu_winograd_output)(const scull_cpu_winograd_output_t *p);
void SCULL_SIMD(scull_cpu_depthwise)(const scull_cpu_depthwise_t *p);
void SCULL_SIMD(scull_cpu_pool)(const scull_cpu_pool_t *p);
void SCULL_SIMD(scull_cpu_unary)(const scull_cpu_post_t *post, const float *src, float *dst,
                                 int64_t count);
void SCULL_SIMD(scull_cpu_binary)(scull_cpu_binary_t op, const float *a, int a_period,
                                  const float *b, int b_period, float *dst, int64_t count);
float SCULL_SIMD(scull_cpu_sum)(const float *x, int64_t count);
float SCULL_SIMD(scull_cpu_spread)(const float *x, float mean, int64_t count);
void SCULL_SIMD(scull_cpu_combine)(const float *const *src, const float *weight, int runs,
                                   float *dst, int64_t count);
void SCULL_SIMD(scull_cpu_window)(const scull_cpu_window_t *p);
void SCULL_SIMD(scull_cpu_widen)(const void *src, scull_cpu_number_t from, float scale, float *dst,
                                 int64_t count);
void SCULL_SIMD(scull_cpu_narrow)(const float *src, scull_cpu_number_t to, float scale, void *dst,
                                  int64_t count);
float SCULL_SIMD(scull_cpu_exponentials)(float *row, int64_t count, float scale);
void SCULL_SIMD(scull_cpu_transpose)(const float *src, int64_t src_step, float *dst,
                                     int64_t dst_step);
void SCULL_SIMD(scull_cpu_transpose_part)(const float *src, int64_t src_step, float *dst,
                                          int64_t dst_step, int64_t rows, int64_t columns);

#endif
