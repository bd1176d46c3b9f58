/* The table of one instruction set. */
#include "backend/cpu/simd/simd8.h"

const scull_cpu_kernels8_t SCULL_SIMD(scull_cpu_kernels8) = {
    .products = {.size = 1,
#ifdef __AVX512F__
                 .columns = 4,
                 .rows = {12, 12, 8, 6},
#else
                 .columns = 1,
                 .rows = {4},
#endif
                 .tile = SCULL_SIMD(scull_cpu_tile8),
                 .channel = SCULL_SIMD(scull_cpu_channel8),
                 .round = SCULL_SIMD(scull_cpu_round8)},
    .depthwise = SCULL_SIMD(scull_cpu_depthwise8),
    .pool = SCULL_SIMD(scull_cpu_pool8),
    .flip = SCULL_SIMD(scull_cpu_flip8),
};
