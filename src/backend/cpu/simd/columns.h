/* A row of a depthwise 3x3 convolution of narrow numbers, a block of 64 bytes of channels after the
 * other. The three rows of a column are interleaved, so that product instructions add a whole
 * column of the window, and what is interleaved serves the three (at stride 2: one or two) windows
 * that it lies in. Floor: the bytes read and written once; 12 products and 4 to 8 shuffles a column
 * of 64 bytes at stride 1. Private to simd/: a file that includes this has defined
 * COLUMN_SUMS, the type of the sums, and defines the four functions that are declared here. */
#ifndef SCULL_BACKEND_CPU_SIMD_COLUMNS_H
#define SCULL_BACKEND_CPU_SIMD_COLUMNS_H

#include "backend/cpu/simd/bytes.h"

typedef scull_cpu_narrow_depthwise_t args_t;

/* How the 64 bytes of a vector lie in memory. */
typedef enum { FULL, TAIL, PAIRS } kind_t;

typedef struct {
  b64_t v[4];
} four_t;

V16_INLINE b64_t load_row(const args_t *p, int k, int64_t at, int64_t n, kind_t kind) {
  if (kind == PAIRS)
    return b64_load_pair(p->src[k] == NULL ? NULL : p->src[k] + at,
                         p->src2[k] == NULL ? NULL : p->src2[k] + at, n);
  if (p->src[k] == NULL)
    return b64_zero();
  return kind == FULL ? b64_load(p->src[k] + at) : b64_load_n(p->src[k] + at, n);
}

#ifdef COLUMN_SUMS

typedef COLUMN_SUMS sums_t;

/* Column x of the source, interleaved; n: bytes of the block that exist. */
V16_INLINE four_t column(const args_t *p, int64_t x, int64_t block, int64_t n, kind_t kind,
                         bool is_signed);
V16_INLINE sums_t begin_sums(const args_t *p, int64_t block, bool is_signed);
V16_INLINE sums_t add_column(sums_t sums, four_t in, const four_t *filter);
/* The sums of result x, to memory. */
V16_INLINE void put(const args_t *p, sums_t sums, int64_t x, int64_t block, int64_t n, kind_t kind);

V16_INLINE void block_of_row(const args_t *p, int64_t block, int64_t n, int stride, kind_t kind,
                             bool is_signed) {
  four_t w[3]; /* held in registers: stores of bytes might change what is in memory */
#pragma GCC unroll 12
  for (int i = 0; i < 12; i++)
    w[i / 4].v[i % 4] = b64_load(p->filter + 768 * block + 64 * i);
  int64_t x = -p->pad_x; /* the source column at hand */
  four_t in = column(p, x++, block, n, kind, is_signed);
  /* The window whose last columns are missing. */
  sums_t first = add_column(begin_sums(p, block, is_signed), in, &w[0]);
  if (stride == 2) {
    for (int64_t o = 0; o < p->columns; o++, x += 2) {
      in = column(p, x, block, n, kind, is_signed);
      first = add_column(first, in, &w[1]);
      in = column(p, x + 1, block, n, kind, is_signed);
      put(p, add_column(first, in, &w[2]), o, block, n, kind);
      first = add_column(begin_sums(p, block, is_signed), in, &w[0]);
    }
    return;
  }
  in = column(p, x++, block, n, kind, is_signed);
  first = add_column(first, in, &w[1]);
  sums_t second = add_column(begin_sums(p, block, is_signed), in, &w[0]);
  for (int64_t o = 0; o < p->columns; o++, x++) {
    in = column(p, x, block, n, kind, is_signed);
    put(p, add_column(first, in, &w[2]), o, block, n, kind);
    first = add_column(second, in, &w[1]);
    second = add_column(begin_sums(p, block, is_signed), in, &w[0]);
  }
}

#define BLOCK(stride, kind, is_signed)                                                             \
  static __attribute__((noinline)) void block_##stride##_##kind##_##is_signed(                     \
      const args_t *p, int64_t block, int64_t n) {                                                 \
    block_of_row(p, block, n, stride, kind, is_signed);                                            \
  }

typedef void (*block_fn_t)(const args_t *p, int64_t block, int64_t n);

#endif

#endif
