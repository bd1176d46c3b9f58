/* The register tile under every product: up to 6 rows of a, each element broadcast, times panels of
 * up to 4 x 16 columns of b. 24 accumulators, 4 columns of b and one broadcast fill 29 of the 32
 * zmm registers; with ymm one column of 16 (12 accumulators) fits.
 * Floor: one multiply-add instruction a clock and port; a step of k needs 4 + 6 loads for 24. */
#include "backend/cpu/simd/post.h"
#include "backend/cpu/simd/simd.h"

enum { ROWS = SCULL_CPU_GEMM_ROWS, COLUMNS = V16_COLUMNS, PARTIAL = 128 };

/* acc += column k of a times a row of b, with rows and columns known to the compiler. */
V16_INLINE void multiply_step(const float *a, int64_t step, const float *b, int rows, int columns,
                              v16_t acc[ROWS][COLUMNS]) {
  v16_t right[COLUMNS];
#pragma GCC unroll 4
  for (int c = 0; c < columns; c++)
    right[c] = v16_load(b + 16 * c);
#pragma GCC unroll 6
  for (int r = 0; r < rows; r++) {
    const v16_t left = v16_set1(a[r * step]);
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      acc[r][c] = v16_fma(left, right[c], acc[r][c]);
  }
}

V16_INLINE const float *multiply_run(const float *a, int64_t step, const float *b, int64_t depth,
                                     int rows, int columns, v16_t acc[ROWS][COLUMNS]) {
#pragma GCC unroll 2
  for (int64_t k = 0; k < depth; k++, b += 16 * columns)
    multiply_step(a + k, step, b, rows, columns, acc);
  return b;
}

/* Runs of 3, the windows of a first layer, without a loop inside. */
V16_INLINE void multiply(const scull_cpu_gemm_t *g, int rows, int columns,
                         v16_t acc[ROWS][COLUMNS]) {
  const float *a = g->a, *b = g->b;
  const int64_t step = g->a_row;
  if (g->depth == 3) {
    for (int64_t s = 0; s < g->segments; s++, a += g->a_block, b += 48 * columns) {
      multiply_step(a, step, b, rows, columns, acc);
      multiply_step(a + 1, step, b + 16 * columns, rows, columns, acc);
      multiply_step(a + 2, step, b + 32 * columns, rows, columns, acc);
    }
    return;
  }
  for (int64_t s = 0; s < g->segments; s++, a += g->a_block)
    b = multiply_run(a, step, b, g->depth, rows, columns, acc);
}

/* As above; the rows of the next tile come into the cache meanwhile, a line of each every 16 steps.
 */
V16_INLINE void multiply_ahead(const scull_cpu_gemm_t *g, int rows, int columns,
                               v16_t acc[ROWS][COLUMNS]) {
  const int64_t step = g->a_row, depth = g->depth;
  const float *a = g->a, *b = g->b;
  for (int64_t k = 0; k < depth; k += 16) {
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
      __builtin_prefetch(a + (rows + r) * step + k);
    b = multiply_run(a + k, step, b, depth - k < 16 ? depth - k : 16, rows, columns, acc);
  }
}

/* Sums of PARTIAL products, added up in memory: the error of a long sum grows with its length, and
 * Winograd's output transform makes it several times larger. */
V16_INLINE void plain(const scull_cpu_gemm_t *g, int rows, int columns) {
  const float *a = g->a, *b = g->b;
  int64_t left = g->depth;
  do {
    const int64_t depth = left < PARTIAL ? left : PARTIAL;
    v16_t acc[ROWS][COLUMNS];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
      for (int c = 0; c < columns; c++)
        acc[r][c] = v16_zero();
    }
    b = multiply_run(a, g->a_row, b, depth, rows, columns, acc);
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
      for (int c = 0; c < columns; c++) {
        float *to = g->c + r * g->c_row + c * g->c_block;
        v16_store(to, left == g->depth ? acc[r][c] : v16_add(acc[r][c], v16_load(to)));
      }
    }
    a += depth;
    left -= depth;
  } while (left > 0);
}

/* Activations that need a call, and tiles with a tail, on sums that were put into memory. */
static __attribute__((noinline)) void finish_rare(const scull_cpu_gemm_t *g, int rows, int columns,
                                                  float *sums) {
  const bool first = g->residual != NULL && g->post->add_first;
  const bool last = g->residual != NULL && !g->post->add_first;
  for (int r = 0; r < rows && first; r++) {
    for (int c = 0; c < columns; c++) {
      float *x = sums + 16 * (r * columns + c);
      const float *other = g->residual + r * g->residual_row + c * g->residual_block;
      v16_store(x, v16_add(v16_load(x), v16_load_n(other, c == columns - 1 ? g->tail : 16)));
    }
  }
  v16_activate_run(g->post, sums, sums, (int64_t)16 * rows * columns);
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) {
      const int64_t n = c == columns - 1 ? g->tail : 16;
      v16_t x = v16_load(sums + 16 * (r * columns + c));
      if (last)
        x = v16_add(x, v16_load_n(g->residual + r * g->residual_row + c * g->residual_block, n));
      v16_store_n(g->c + r * g->c_row + c * g->c_block, x, n);
    }
  }
}

/* The destination's lines and the residual's come while the sums are made. */
V16_INLINE void prefetch_results(const scull_cpu_gemm_t *g, int rows, int columns) {
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) {
      __builtin_prefetch(g->c + r * g->c_row + c * g->c_block, 1);
      if (g->residual != NULL)
        __builtin_prefetch(g->residual + r * g->residual_row + c * g->residual_block);
    }
  }
}

V16_INLINE void finish_common(const scull_cpu_gemm_t *g, int rows, int columns,
                              v16_t acc[ROWS][COLUMNS]) {
  const float low = g->post->param[0], high = g->post->param[1];
#pragma GCC unroll 6
  for (int r = 0; r < rows; r++) {
    float *to = g->c + r * g->c_row;
    const float *other = g->residual == NULL ? NULL : g->residual + r * g->residual_row;
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++) {
      v16_t x = acc[r][c];
      if (other != NULL && g->post->add_first)
        x = v16_add(x, v16_load(other + c * g->residual_block));
      x = v16_clip(x, low, high);
      if (other != NULL && !g->post->add_first)
        x = v16_add(x, v16_load(other + c * g->residual_block));
      v16_store(to + c * g->c_block, x);
    }
  }
}

V16_INLINE void finish(const scull_cpu_gemm_t *g, int rows, int columns) {
  v16_t acc[ROWS][COLUMNS];
  prefetch_results(g, rows, columns);
#pragma GCC unroll 6
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      acc[r][c] = v16_load(g->bias + 16 * c);
  }
  if (g->ahead)
    multiply_ahead(g, rows, columns, acc);
  else
    multiply(g, rows, columns, acc);
  if (g->post->act <= SCULL_CPU_ACT_CLIP && g->tail == 16) {
    finish_common(g, rows, columns, acc);
    return;
  }
  _Alignas(64) float sums[ROWS * COLUMNS * 16];
#pragma GCC unroll 6
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      v16_store(sums + 16 * (r * columns + c), acc[r][c]);
  }
  finish_rare(g, rows, columns, sums);
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
TILES(finish, 1)
#ifdef __AVX512F__
TILES(plain, 2)
TILES(plain, 3)
TILES(plain, 4)
TILES(finish, 2)
TILES(finish, 3)
TILES(finish, 4)
static const scull_cpu_gemm_fn_t plains[COLUMNS][ROWS] = {NAMES(plain, 1), NAMES(plain, 2),
                                                          NAMES(plain, 3), NAMES(plain, 4)};
static const scull_cpu_gemm_fn_t finishes[COLUMNS][ROWS] = {NAMES(finish, 1), NAMES(finish, 2),
                                                            NAMES(finish, 3), NAMES(finish, 4)};
#else
static const scull_cpu_gemm_fn_t plains[COLUMNS][ROWS] = {NAMES(plain, 1)};
static const scull_cpu_gemm_fn_t finishes[COLUMNS][ROWS] = {NAMES(finish, 1)};
#endif

scull_cpu_gemm_fn_t SCULL_SIMD(scull_cpu_gemm_plain)(int rows, int columns) {
  return columns > COLUMNS ? NULL : plains[columns - 1][rows - 1];
}

scull_cpu_gemm_fn_t SCULL_SIMD(scull_cpu_gemm_finish)(int rows, int columns) {
  return columns > COLUMNS ? NULL : finishes[columns - 1][rows - 1];
}
