/* The kernels of small integers of one instruction set, by family; int8_table.c joins them. Private
 * to simd/. */
#ifndef SCULL_BACKEND_CPU_SIMD_SIMD8_H
#define SCULL_BACKEND_CPU_SIMD_SIMD8_H

#include "backend/cpu/simd/kernels8.h"
#include "backend/cpu/simd/v16.h"

/* NULL where a tile is larger than the registers allow. */
scull_cpu_tile_fn_t SCULL_SIMD(scull_cpu_tile8)(int rows, int columns);
int SCULL_SIMD(scull_cpu_channel8)(scull_cpu_number_t to, int columns, int i);
void SCULL_SIMD(scull_cpu_depthwise8)(const scull_cpu_narrow_depthwise_t *p);
void SCULL_SIMD(scull_cpu_pool8)(const scull_cpu_pool8_t *p);
void SCULL_SIMD(scull_cpu_round8)(const float *src, int64_t plane, int channels, float factor,
                                  bool is_signed, uint8_t *dst, int64_t count);
void SCULL_SIMD(scull_cpu_flip8)(const uint8_t *src, uint8_t flip, uint8_t *dst, int64_t count);

#endif
