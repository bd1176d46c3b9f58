/* The register tile under products of small integers: rows of a, four bytes at a time broadcast,
 * times a panel of up to 4 x 16 channels. 24 accumulators, 4 columns of b and one broadcast fill 29
 * of the 32 zmm registers. Channels stand in such an order in a panel that packing the sums to
 * bytes leaves them as memory has them. Floor: one product instruction a clock (Zen 4); a step
 * needs 4 + 6 loads for 24. */
#include "backend/cpu/simd/bytes.h"
#include "backend/cpu/simd/simd8.h"

#ifdef __AVX512F__
enum { COLUMNS = 4, MOST_ROWS = 12 };
#else
enum { COLUMNS = 1, MOST_ROWS = 4 };
#endif

V16_INLINE b64_t broadcast(const uint8_t *p) {
  int32_t four;
  memcpy(&four, p, sizeof four);
  return b64_set32(four);
}

V16_INLINE void step(const uint8_t *a, int64_t row, const int8_t *b, int rows, int columns,
                     b64_t acc[MOST_ROWS][COLUMNS]) {
  b64_t right[COLUMNS];
#pragma GCC unroll 4
  for (int c = 0; c < columns; c++)
    right[c] = b64_load(b + 64 * c);
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++) {
    const b64_t left = broadcast(a + r * row);
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      acc[r][c] = b64_dot(acc[r][c], left, right[c]);
  }
}

V16_INLINE void multiply(const scull_cpu_tile8_t *t, int rows, int columns,
                         b64_t acc[MOST_ROWS][COLUMNS]) {
  const uint8_t *a = t->a;
  const int8_t *b = t->b;
  const int64_t row = t->a_row, depth = t->depth;
  const char *ahead = t->ahead;
  if (ahead == NULL) {
    for (int64_t s = 0; s < t->segments; s++, a += t->a_block, b += t->b_skip) {
#pragma GCC unroll 2
      for (int64_t k = 0; k < depth; k++, b += 64 * columns)
        step(a + 4 * k, row, b, rows, columns, acc);
    }
    return;
  }
  for (int64_t s = 0; s < t->segments; s++, a += t->a_block, b += t->b_skip) {
#pragma GCC unroll 2
    for (int64_t k = 0; k < depth; k++, b += 64 * columns, ahead += 64) {
      __builtin_prefetch(ahead, 0, 2);
      step(a + 4 * k, row, b, rows, columns, acc);
    }
  }
}

/* Sums to numbers in units of the destination; column by column, so that scale and bias are loaded
 * once. */
V16_INLINE void scale_sums(const scull_cpu_tile8_t *t, int rows, int columns,
                           b64_t acc[MOST_ROWS][COLUMNS]) {
  const v16_t low = v16_set1(t->post->low), high = v16_set1(t->post->high);
  const bool clips_low = t->post->clips_low;
#pragma GCC unroll 4
  for (int c = 0; c < columns; c++) {
    const v16_t scale = v16_load(t->scale + 16 * c), bias = v16_load(t->bias + 16 * c);
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
      v16_t x = v16_min(v16_fma(b64_to_float(acc[r][c]), scale, bias), high);
      if (clips_low)
        x = v16_max(x, low);
      acc[r][c] = b64_round(x);
    }
  }
}

V16_INLINE void store_row(const scull_cpu_tile8_t *t, int r, int columns, bool full, b64_t out[4]) {
#pragma GCC unroll 4
  for (int c = columns; c < 4; c++)
    out[c] = out[columns == 2 && c == 3 ? 1 : columns == 3 ? 2 : 0];
  const b64_t bytes = b64_in_order(b64_narrow(out, t->post->to == SCULL_CPU_I8), columns);
  if (full)
    b64_store(t->c + r * t->c_row, bytes);
  else
    b64_store_n(t->c + r * t->c_row, bytes, t->channels);
}

V16_INLINE void finish_bytes(const scull_cpu_tile8_t *t, int rows, int columns, bool full,
                             b64_t acc[MOST_ROWS][COLUMNS]) {
  b64_t out[4];
  scale_sums(t, rows, columns, acc);
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      out[c] = acc[r][c];
    store_row(t, r, columns, full, out);
  }
}

V16_INLINE void finish_sum(const scull_cpu_tile8_t *t, int rows, int columns, bool full,
                           b64_t acc[MOST_ROWS][COLUMNS]) {
  const scull_cpu_post8_t *post = t->post;
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++) {
    b64_t other[4], out[4];
    const char *from = t->residual + r * t->residual_row;
    const b64_t bytes = full ? b64_load(from) : b64_load_n(from, t->channels);
    b64_widen(b64_in_lanes(bytes, columns), post->residual == SCULL_CPU_I8, other);
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      out[c] = b64_round(b64_finish(post, acc[r][c], v16_load(t->scale + 16 * c),
                                    v16_load(t->bias + 16 * c), &other[c]));
    store_row(t, r, columns, full, out);
  }
}

/* Results in f32, whose panels are in the order of memory; so is a residual in f32. */
static __attribute__((noinline)) void finish_floats(const scull_cpu_tile8_t *t, int rows,
                                                    int columns, const int32_t *sums) {
  const scull_cpu_post8_t *post = t->post;
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) {
      const int64_t n = t->channels - 16 * c < 16 ? t->channels - 16 * c : 16;
      v16_t x = v16_fma(b64_to_float(b64_load(sums + 16 * (r * COLUMNS + c))),
                        v16_load(t->scale + 16 * c), v16_load(t->bias + 16 * c));
      v16_t other = v16_zero();
      const float *from = (const float *)(const void *)(t->residual + r * t->residual_row) + 16 * c;
      float *to = (float *)(void *)(t->c + r * t->c_row) + 16 * c;
      if (t->residual != NULL)
        other = n == 16 ? v16_load(from) : v16_load_n(from, n);
      x = post->add_first ? b64_clip(v16_add(x, other), post) : v16_add(b64_clip(x, post), other);
      if (n == 16)
        v16_store(to, x);
      else
        v16_store_n(to, x, n);
    }
  }
}

/* What the next tile will write and add comes into the cache meanwhile. */
V16_INLINE void prefetch_results(const scull_cpu_tile8_t *t, int rows) {
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++)
    __builtin_prefetch(t->c + (rows + r) * t->c_row, 1);
  if (t->residual == NULL)
    return;
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++)
    __builtin_prefetch(t->residual + (rows + r) * t->residual_row);
}

V16_INLINE void tile(const scull_cpu_tile8_t *t, int rows, int columns) {
  b64_t acc[MOST_ROWS][COLUMNS];
  prefetch_results(t, rows);
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      acc[r][c] = b64_load(t->start + 16 * c);
  }
  multiply(t, rows, columns, acc);
  if (t->post->to != SCULL_CPU_F32) {
    const bool full = columns == 4 && t->channels == 64;
    if (full && t->residual == NULL)
      finish_bytes(t, rows, columns, true, acc);
    else if (full)
      finish_sum(t, rows, columns, true, acc);
    else if (t->residual == NULL)
      finish_bytes(t, rows, columns, false, acc);
    else
      finish_sum(t, rows, columns, false, acc);
    return;
  }
  _Alignas(64) int32_t sums[MOST_ROWS * COLUMNS * 16];
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      b64_store(sums + 16 * (r * COLUMNS + c), acc[r][c]);
  }
  finish_floats(t, rows, columns, sums);
}

#define TILE(r, c)                                                                                 \
  static void tile_##r##x##c(const scull_cpu_tile8_t *t) {                                         \
    tile(t, r, c);                                                                                 \
  }
#define TILES_1_TO_4(c) TILE(1, c) TILE(2, c) TILE(3, c) TILE(4, c)
#define TILES_5_TO_6(c) TILE(5, c) TILE(6, c)
#define TILES_7_TO_8(c) TILE(7, c) TILE(8, c)
#define TILES_9_TO_12(c) TILE(9, c) TILE(10, c) TILE(11, c) TILE(12, c)

TILES_1_TO_4(1)
#ifdef __AVX512F__
TILES_5_TO_6(1)
TILES_7_TO_8(1)
TILES_9_TO_12(1)
TILES_1_TO_4(2)
TILES_5_TO_6(2)
TILES_7_TO_8(2)
TILES_9_TO_12(2)
TILES_1_TO_4(3)
TILES_5_TO_6(3)
TILES_7_TO_8(3)
TILES_1_TO_4(4)
TILES_5_TO_6(4)
static const scull_cpu_tile8_fn_t tiles[COLUMNS][MOST_ROWS] = {
    {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1, tile_7x1, tile_8x1, tile_9x1,
     tile_10x1, tile_11x1, tile_12x1},
    {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2, tile_7x2, tile_8x2, tile_9x2,
     tile_10x2, tile_11x2, tile_12x2},
    {tile_1x3, tile_2x3, tile_3x3, tile_4x3, tile_5x3, tile_6x3, tile_7x3, tile_8x3},
    {tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4}};
#else
static const scull_cpu_tile8_fn_t tiles[COLUMNS][MOST_ROWS] = {
    {tile_1x1, tile_2x1, tile_3x1, tile_4x1}};
#endif

scull_cpu_tile8_fn_t SCULL_SIMD(scull_cpu_tile8)(int rows, int columns) {
  return columns > COLUMNS || rows > MOST_ROWS ? NULL : tiles[columns - 1][rows - 1];
}

int SCULL_SIMD(scull_cpu_channel8)(scull_cpu_number_t to, int columns, int i) {
  return to == SCULL_CPU_F32 ? i : b64_channel(columns, i);
}

/* The first `channels` bytes of each of n pixels of four. */
V16_INLINE void store_pixels(uint8_t *to, b64_t pixel, int channels, int64_t n) {
#ifdef __AVX512F__
  if (channels == 3) {
    const __m512i dense = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    b64_store_n(to, b64_in_order(_mm512_shuffle_epi8(pixel, dense), 3), 3 * n);
    return;
  }
#endif
  _Alignas(64) uint8_t all[64];
  b64_store(all, pixel);
  for (int64_t i = 0; i < n; i++) {
    for (int c = 0; c < channels; c++)
      to[i * channels + c] = all[4 * i + c];
  }
}

void SCULL_SIMD(scull_cpu_quantize8)(const float *src, int64_t plane, int channels, float factor,
                                     bool is_signed, uint8_t *dst, int64_t count) {
  const v16_t f = v16_set1(factor), low = v16_set1(is_signed ? -128.0f : 0.0f);
  const v16_t high = v16_set1(is_signed ? 127.0f : 255.0f);
  const v16_t shift = v16_set1(is_signed ? 128.0f : 0.0f);
  for (int64_t i = 0; i < count; i += 16) {
    const int64_t n = count - i < 16 ? count - i : 16;
    b64_t pixel = b64_zero();
    v16_t unit = v16_set1(1.0f);
    for (int c = 0; c < channels; c++) {
      const float *from = src + c * plane + i;
      v16_t x = v16_mul(n == 16 ? v16_load(from) : v16_load_n(from, n), f);
      x = v16_add(v16_nearest(v16_min(v16_max(x, low), high)), shift);
      if (c == 3) { /* beyond what an f32 adds up exactly */
        pixel = b64_add32(pixel, b64_shift_up(b64_round(x)));
      } else {
        pixel = b64_add32(pixel, b64_round(v16_mul(x, unit)));
        unit = v16_mul(unit, v16_set1(256.0f));
      }
    }
    if (channels == 4)
      b64_store_n(dst + 4 * i, pixel, 4 * n);
    else
      store_pixels(dst + channels * i, pixel, channels, n);
  }
}

void SCULL_SIMD(scull_cpu_flip8)(const uint8_t *src, uint8_t flip, uint8_t *dst, int64_t count) {
  const b64_t with = b64_set8(flip);
  for (int64_t i = 0; i < count; i += 64) {
    const int64_t n = count - i < 64 ? count - i : 64;
    b64_store_n(dst + i, b64_xor(b64_load_n(src + i, n), with), n);
  }
}
