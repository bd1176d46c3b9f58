/* Our own kernels of small integers: u8 or s8 activations, s8 weights, sums in s32. One table for
 * AVX512-VNNI and one for AVX2, where products are widened to 16 bits first, so that no sum
 * saturates. Channels are innermost in memory (NHWC). Products take u8: an s8 source is shifted by
 * 128 on its way in, and `start` takes 128 times the weights off again. */
#ifndef SCULL_BACKEND_CPU_SIMD_KERNELS8_H
#define SCULL_BACKEND_CPU_SIMD_KERNELS8_H

#include "backend/cpu/simd/products.h"

/* One result row of a pooling. */
typedef struct scull_cpu_pool8 {
  const uint8_t *src; /* the first source row of the window that lies in the picture */
  uint8_t *dst;
  int64_t src_row, src_pixel, dst_pixel, rows, channels;
  int64_t width, columns, kernel, stride, pad_begin, pad_end;
  float rows_counted, factor; /* an average: sum * factor / (rows_counted * columns counted) */
  bool is_max, include_pad, is_signed, to_signed;
} scull_cpu_pool8_t;

enum { SCULL_CPU_POOL8_TAPS = 256 }; /* of an average, at most: sums of 16 bits */

typedef struct scull_cpu_kernels8 {
  scull_cpu_products_t products;
  void (*depthwise)(const scull_cpu_narrow_depthwise_t *p);
  void (*pool)(const scull_cpu_pool8_t *p);
  /* dst = src ^ flip */
  void (*flip)(const uint8_t *src, uint8_t flip, uint8_t *dst, int64_t count);
} scull_cpu_kernels8_t;

extern const scull_cpu_kernels8_t scull_cpu_kernels8_avx512, scull_cpu_kernels8_avx2;

#endif
