/* One row of max or average pooling, blocks of 16 channels innermost. Four neighbouring 3x3 windows
 * inside the picture share the pixels that they load; all others go tap by tap.
 * A window without a pixel gives the least finite number, or the average 0, as the operator says.
 * Floor: the source read and the destination written once; 4.5 loads a result at stride 1. */
#include <float.h>
#include <math.h>

#include "backend/cpu/simd/numbers.h"
#include "backend/cpu/simd/simd.h"

typedef scull_cpu_pool_t args_t;

V16_INLINE v16_t join(bool is_max, v16_t a, v16_t b) {
  return is_max ? v16_max(a, b) : v16_add(a, b);
}

V16_INLINE void put(const args_t *p, int64_t block, int64_t x, v16_t value, scull_cpu_number_t as) {
  const int64_t at = block * p->dst_step.block + x * p->dst_step.pixel;
  if (block == p->blocks - 1 && p->tail < 16)
    v16_put_n(p->dst, at, p->tail, value, as);
  else
    v16_put(p->dst, at, value, as);
}

V16_INLINE v16_t get(const args_t *p, int64_t block, int64_t at, scull_cpu_number_t as) {
  return block == p->blocks - 1 && p->tail < 16 ? v16_get_n(p->src, at, p->tail, as)
                                                : v16_get(p->src, at, as);
}

/* One window, clipped to the picture. */
V16_INLINE void any_window(const args_t *p, int64_t x, bool is_max, scull_cpu_number_t as) {
  const int64_t left = x * p->stride - p->pad_begin, right = left + p->kernel;
  const int64_t x0 = left < 0 ? 0 : left, x1 = right < p->width ? right : p->width;
  const int64_t wide = right < p->width + p->pad_end ? right : p->width + p->pad_end;
  const int64_t taps = p->include_pad ? wide - left : x1 - x0;
  const bool empty = p->rows <= 0 || x1 <= x0;
  const float least = as == SCULL_CPU_BF16 ? -0x1.fep127f : -FLT_MAX;
  const v16_t share = v16_set1(empty ? 0.0f : 1.0f / ((float)taps * p->rows_counted));
  for (int64_t b = 0; b < p->blocks; b++) {
    if (empty) {
      put(p, b, x, is_max ? v16_set1(least) : v16_zero(), as);
      continue;
    }
    v16_t acc = is_max ? v16_set1(-INFINITY) : v16_zero();
    for (int64_t y = 0; y < p->rows; y++) {
      const int64_t row = b * p->src_step.block + y * p->src_step.row;
      for (int64_t i = x0; i < x1; i++)
        acc = join(is_max, acc, get(p, b, row + i * p->src_step.pixel, as));
    }
    put(p, b, x, is_max ? acc : v16_mul(acc, share), as);
  }
}

enum { GROUP = 4 };

/* Four whole windows of three columns. */
V16_INLINE void group(const args_t *p, int64_t x, bool is_max, int stride, scull_cpu_number_t as) {
  const v16_t share = v16_set1(1.0f / (3.0f * p->rows_counted));
  const int64_t first = (x * stride - p->pad_begin) * p->src_step.pixel;
  for (int64_t b = 0; b < p->blocks; b++) {
    v16_t acc[GROUP];
#pragma GCC unroll 4
    for (int j = 0; j < GROUP; j++)
      acc[j] = is_max ? v16_set1(-INFINITY) : v16_zero();
    for (int64_t y = 0; y < p->rows; y++) {
      const int64_t row = first + b * p->src_step.block + y * p->src_step.row;
      v16_t in[2 * (GROUP - 1) + 3];
#pragma GCC unroll 9
      for (int i = 0; i < (GROUP - 1) * stride + 3; i++)
        in[i] = get(p, b, row + i * p->src_step.pixel, as);
#pragma GCC unroll 4
      for (int j = 0; j < GROUP; j++)
        acc[j] = join(
            is_max, acc[j],
            join(is_max, in[j * stride], join(is_max, in[j * stride + 1], in[j * stride + 2])));
    }
#pragma GCC unroll 4
    for (int j = 0; j < GROUP; j++)
      put(p, b, x + j, is_max ? acc[j] : v16_mul(acc[j], share), as);
  }
}

V16_INLINE void row(const args_t *p, bool is_max, int stride, scull_cpu_number_t as) {
  for (int64_t x = 0; x < p->columns;) {
    const int64_t left = x * stride - p->pad_begin;
    if (p->kernel == 3 && x + GROUP <= p->columns && left >= 0 &&
        left + (GROUP - 1) * stride + 3 <= p->width) {
      group(p, x, is_max, stride, as);
      x += GROUP;
    } else {
      any_window(p, x++, is_max, as);
    }
  }
}

V16_INLINE void any_row(const args_t *p, scull_cpu_number_t as) {
  if (p->kernel == 3 && p->stride == 1 && p->is_max)
    row(p, true, 1, as);
  else if (p->kernel == 3 && p->stride == 1)
    row(p, false, 1, as);
  else if (p->kernel == 3 && p->stride == 2 && p->is_max)
    row(p, true, 2, as);
  else if (p->kernel == 3 && p->stride == 2)
    row(p, false, 2, as);
  else
    for (int64_t x = 0; x < p->columns; x++)
      any_window(p, x, p->is_max, as);
}

void SCULL_SIMD(scull_cpu_pool)(const scull_cpu_pool_t *p) {
  if (p->as == SCULL_CPU_BF16)
    any_row(p, SCULL_CPU_BF16);
  else
    any_row(p, SCULL_CPU_F32);
}
