/* The register tile under every product: up to 6 rows of a, each element broadcast, times panels of
 * up to 4 x 16 columns of b. 24 accumulators, 4 columns of b and one broadcast fill 29 of the 32
 * zmm registers; with ymm one column of 16 (12 accumulators) fits.
 * Floor: one multiply-add instruction a clock and port; a step of k needs 4 + 6 loads for 24. */
#include "backend/cpu/simd/post.h"
#include "backend/cpu/simd/simd.h"

enum { ROWS = SCULL_CPU_GEMM_ROWS, COLUMNS = V16_COLUMNS };

/* acc += a * b, with rows and columns known to the compiler. */
V16_INLINE void multiply(const scull_cpu_gemm_t *g, int rows, int columns,
                         v16_t acc[ROWS][COLUMNS]) {
  const float *b = g->b;
  const int64_t step = g->a_row, depth = g->depth;
  for (int64_t s = 0; s < g->segments; s++) {
    const float *a = g->a + s * g->a_block;
#pragma GCC unroll 2
    for (int64_t k = 0; k < depth; k++) {
      v16_t right[COLUMNS];
#pragma GCC unroll 4
      for (int c = 0; c < columns; c++)
        right[c] = v16_load(b + 16 * c);
#pragma GCC unroll 6
      for (int r = 0; r < rows; r++) {
        const v16_t left = v16_set1(a[r * step + k]);
#pragma GCC unroll 4
        for (int c = 0; c < columns; c++)
          acc[r][c] = v16_fma(left, right[c], acc[r][c]);
      }
      b += 16 * columns;
    }
  }
}

V16_INLINE void plain(const scull_cpu_gemm_t *g, int rows, int columns) {
  v16_t acc[ROWS][COLUMNS];
#pragma GCC unroll 6
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      acc[r][c] = v16_zero();
  }
  multiply(g, rows, columns, acc);
#pragma GCC unroll 6
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      v16_store(g->c + r * g->c_row + c * g->c_block, acc[r][c]);
  }
}

#define TILE(kind, r, c)                                                                           \
  static void kind##_##r##x##c(const scull_cpu_gemm_t *g) {                                        \
    kind(g, r, c);                                                                                 \
  }
#define TILES(kind, c)                                                                             \
  TILE(kind, 1, c)                                                                                 \
  TILE(kind, 2, c)                                                                                 \
  TILE(kind, 3, c)                                                                                 \
  TILE(kind, 4, c)                                                                                 \
  TILE(kind, 5, c)                                                                                 \
  TILE(kind, 6, c)
#define NAMES(kind, c)                                                                             \
  { kind##_1x##c, kind##_2x##c, kind##_3x##c, kind##_4x##c, kind##_5x##c, kind##_6x##c }

TILES(plain, 1)
#ifdef __AVX512F__
TILES(plain, 2)
TILES(plain, 3)
TILES(plain, 4)
static const scull_cpu_gemm_fn_t plains[COLUMNS][ROWS] = {NAMES(plain, 1), NAMES(plain, 2),
                                                          NAMES(plain, 3), NAMES(plain, 4)};
#else
static const scull_cpu_gemm_fn_t plains[COLUMNS][ROWS] = {NAMES(plain, 1)};
#endif

scull_cpu_gemm_fn_t SCULL_SIMD(scull_cpu_gemm_plain)(int rows, int columns) {
  return columns > COLUMNS ? NULL : plains[columns - 1][rows - 1];
}
