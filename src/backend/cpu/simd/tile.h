/* The register tile under products of narrow numbers: rows of a, four bytes at a time broadcast,
 * times a panel of up to 4 x 16 channels. 24 accumulators, 4 columns of b and one broadcast fill 29
 * of the 32 zmm registers. Floor: one product instruction a clock (Zen 4); a step needs 4 + 6 loads
 * for 24. Private to simd/: a file that includes this has defined
 *   TILE_SUM        the type of sixteen sums,
 *   TILE_LOAD(p)    sixteen of them from memory,
 *   TILE_DOT(s,a,b) s + the products of a's and b's four bytes,
 *   TILE_HALVES     whether a run may end in half a step,
 * and defines finish() before TILES. */
#ifndef SCULL_BACKEND_CPU_SIMD_TILE_H
#define SCULL_BACKEND_CPU_SIMD_TILE_H

#include "backend/cpu/simd/bytes.h"

#ifdef TILE_SUM

typedef TILE_SUM sum_t;

#ifdef __AVX512F__
enum { COLUMNS = 4, MOST_ROWS = 12 };
#else
enum { COLUMNS = 1, MOST_ROWS = 4 };
#endif

V16_INLINE b64_t broadcast(const uint8_t *p, size_t bytes) {
  int32_t four = 0;
  memcpy(&four, p, bytes);
  return b64_set32(four);
}

/* `bytes` of a's four exist. */
V16_INLINE void step(const uint8_t *a, int64_t row, const int8_t *b, int rows, int columns,
                     size_t bytes, sum_t acc[MOST_ROWS][COLUMNS]) {
  b64_t right[COLUMNS];
#pragma GCC unroll 4
  for (int c = 0; c < columns; c++)
    right[c] = b64_load(b + 64 * c);
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++) {
    const b64_t left = broadcast(a + r * row, bytes);
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      acc[r][c] = TILE_DOT(acc[r][c], left, right[c]);
  }
}

V16_INLINE void multiply(const scull_cpu_tile_t *t, int rows, int columns,
                         sum_t acc[MOST_ROWS][COLUMNS]) {
  const uint8_t *a = t->a;
  const int8_t *b = t->b;
  const int64_t row = t->a_row, depth = t->depth;
  const char *ahead = t->ahead;
  for (int64_t s = 0; s < t->segments; s++, a += t->a_block, b += t->b_skip) {
    if (ahead == NULL) {
#pragma GCC unroll 2
      for (int64_t k = 0; k < depth; k++, b += 64 * columns)
        step(a + 4 * k, row, b, rows, columns, 4, acc);
    } else {
#pragma GCC unroll 2
      for (int64_t k = 0; k < depth; k++, b += 64 * columns, ahead += 64) {
        __builtin_prefetch(ahead, 0, 2);
        step(a + 4 * k, row, b, rows, columns, 4, acc);
      }
    }
    if (TILE_HALVES && t->half) {
      step(a + 4 * depth, row, b, rows, columns, 2, acc);
      b += 64 * columns;
    }
  }
}

/* What the next tile will write and add comes into the cache meanwhile. */
V16_INLINE void prefetch_results(const scull_cpu_tile_t *t, int rows) {
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++)
    __builtin_prefetch(t->c + (rows + r) * t->c_row, 1);
  if (t->residual == NULL)
    return;
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++)
    __builtin_prefetch(t->residual + (rows + r) * t->residual_row);
}

V16_INLINE void sum_up(const scull_cpu_tile_t *t, int rows, int columns,
                       sum_t acc[MOST_ROWS][COLUMNS]) {
  prefetch_results(t, rows);
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      acc[r][c] = TILE_LOAD((const char *)t->start + 64 * c);
  }
  multiply(t, rows, columns, acc);
}

#define TILE(r, c)                                                                                 \
  static void tile_##r##x##c(const scull_cpu_tile_t *t) {                                          \
    sum_t acc[MOST_ROWS][COLUMNS];                                                                 \
    sum_up(t, r, c, acc);                                                                          \
    finish(t, r, c, acc);                                                                          \
  }
#define TILES_1_TO_4(c) TILE(1, c) TILE(2, c) TILE(3, c) TILE(4, c)
#define TILES_5_TO_6(c) TILE(5, c) TILE(6, c)
#define TILES_7_TO_8(c) TILE(7, c) TILE(8, c)
#define TILES_9_TO_12(c) TILE(9, c) TILE(10, c) TILE(11, c) TILE(12, c)

#ifdef __AVX512F__
/* Defines `tiles`. */
#define TILES                                                                                      \
  TILES_1_TO_4(1)                                                                                  \
  TILES_5_TO_6(1)                                                                                  \
  TILES_7_TO_8(1)                                                                                  \
  TILES_9_TO_12(1)                                                                                 \
  TILES_1_TO_4(2)                                                                                  \
  TILES_5_TO_6(2)                                                                                  \
  TILES_7_TO_8(2)                                                                                  \
  TILES_9_TO_12(2)                                                                                 \
  TILES_1_TO_4(3)                                                                                  \
  TILES_5_TO_6(3)                                                                                  \
  TILES_7_TO_8(3)                                                                                  \
  TILES_1_TO_4(4)                                                                                  \
  TILES_5_TO_6(4)                                                                                  \
  static const scull_cpu_tile_fn_t tiles[COLUMNS][MOST_ROWS] = {                                   \
      {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1, tile_7x1, tile_8x1, tile_9x1,   \
       tile_10x1, tile_11x1, tile_12x1},                                                           \
      {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2, tile_7x2, tile_8x2, tile_9x2,   \
       tile_10x2, tile_11x2, tile_12x2},                                                           \
      {tile_1x3, tile_2x3, tile_3x3, tile_4x3, tile_5x3, tile_6x3, tile_7x3, tile_8x3},            \
      {tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4}};
#else
#define TILES                                                                                      \
  TILES_1_TO_4(1)                                                                                  \
  static const scull_cpu_tile_fn_t tiles[COLUMNS][MOST_ROWS] = {                                   \
      {tile_1x1, tile_2x1, tile_3x1, tile_4x1}};
#endif

/* Defines a function of scull_cpu_products_t. */
#define TILE_CHOICE(name)                                                                          \
  scull_cpu_tile_fn_t name(int rows, int columns) {                                                \
    return columns > COLUMNS || rows > MOST_ROWS ? NULL : tiles[columns - 1][rows - 1];            \
  }

#endif

#endif
