/* The table of one instruction set. */
#include "backend/cpu/simd/simd.h"

const scull_cpu_kernels_t SCULL_SIMD(scull_cpu_kernels) = {
    .columns = V16_COLUMNS,
    .gemm_plain = SCULL_SIMD(scull_cpu_gemm_plain),
    .gemm_finish = SCULL_SIMD(scull_cpu_gemm_finish),
    .winograd_input = SCULL_SIMD(scull_cpu_winograd_input),
    .winograd_output = SCULL_SIMD(scull_cpu_winograd_output),
    .depthwise = SCULL_SIMD(scull_cpu_depthwise),
    .pool = SCULL_SIMD(scull_cpu_pool),
    .unary = SCULL_SIMD(scull_cpu_unary),
    .binary = SCULL_SIMD(scull_cpu_binary),
    .sum = SCULL_SIMD(scull_cpu_sum),
    .spread = SCULL_SIMD(scull_cpu_spread),
    .combine = SCULL_SIMD(scull_cpu_combine),
    .window = SCULL_SIMD(scull_cpu_window),
    .widen = SCULL_SIMD(scull_cpu_widen),
    .narrow = SCULL_SIMD(scull_cpu_narrow),
    .exponentials = SCULL_SIMD(scull_cpu_exponentials),
    .transpose = SCULL_SIMD(scull_cpu_transpose),
    .transpose_part = SCULL_SIMD(scull_cpu_transpose_part),
};
