/* Products of small integers on the register tile of tile.h. Channels stand in such an order in a
 * panel that packing the sums to bytes leaves them as memory has them. */
#include "backend/cpu/simd/bytes.h"
#include "backend/cpu/simd/simd8.h"

#define TILE_SUM b64_t
#define TILE_LOAD b64_load
#define TILE_DOT b64_dot
#define TILE_HALVES false
#include "backend/cpu/simd/tile.h"

/* Sums to numbers in units of the destination; column by column, so that scale and bias are loaded
 * once. */
V16_INLINE void scale_sums(const scull_cpu_tile_t *t, int rows, int columns, bool clips,
                           b64_t acc[MOST_ROWS][COLUMNS]) {
  const v16_t low = v16_set1(t->post->low), high = v16_set1(t->post->high);
#pragma GCC unroll 4
  for (int c = 0; c < columns; c++) {
    const v16_t scale = v16_load(t->scale + 16 * c), bias = v16_load(t->bias + 16 * c);
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
      v16_t x = v16_fma(b64_to_float(acc[r][c]), scale, bias);
      if (clips)
        x = v16_max(v16_min(x, high), low);
      acc[r][c] = b64_round(x);
    }
  }
}

V16_INLINE void store_row(const scull_cpu_tile_t *t, int r, int columns, bool full, b64_t out[4]) {
#pragma GCC unroll 4
  for (int c = columns; c < 4; c++)
    out[c] = out[columns == 2 && c == 3 ? 1 : columns == 3 ? 2 : 0];
  const b64_t bytes = b64_in_order(b64_narrow(out, t->post->to == SCULL_CPU_I8), columns);
  if (full)
    b64_store(t->c + r * t->c_row, bytes);
  else
    b64_store_n(t->c + r * t->c_row, bytes, t->channels);
}

V16_INLINE void finish_bytes(const scull_cpu_tile_t *t, int rows, int columns, bool full,
                             bool clips, b64_t acc[MOST_ROWS][COLUMNS]) {
  b64_t out[4];
  scale_sums(t, rows, columns, clips, acc);
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      out[c] = acc[r][c];
    store_row(t, r, columns, full, out);
  }
}

V16_INLINE void finish_sum(const scull_cpu_tile_t *t, int rows, int columns, bool full, bool clips,
                           b64_t acc[MOST_ROWS][COLUMNS]) {
  const scull_cpu_narrow_post_t *post = t->post;
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++) {
    b64_t other[4], out[4];
    const char *from = t->residual + r * t->residual_row;
    const b64_t bytes = full ? b64_load(from) : b64_load_n(from, t->channels);
    b64_widen(b64_in_lanes(bytes, columns), post->residual == SCULL_CPU_I8, other);
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      out[c] = b64_round(b64_finish(post, acc[r][c], v16_load(t->scale + 16 * c),
                                    v16_load(t->bias + 16 * c), &other[c], clips));
    store_row(t, r, columns, full, out);
  }
}

/* Results in f32, whose panels are in the order of memory; so is a residual in f32. */
static __attribute__((noinline)) void finish_floats(const scull_cpu_tile_t *t, int rows,
                                                    int columns, const int32_t *sums) {
  const scull_cpu_narrow_post_t *post = t->post;
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

V16_INLINE void finish(const scull_cpu_tile_t *t, int rows, int columns,
                       b64_t acc[MOST_ROWS][COLUMNS]) {
  if (t->post->to != SCULL_CPU_F32) {
    const bool full = columns == 4 && t->channels == 64;
    const bool clips = t->post->clips_low || t->post->clips_high;
    if (t->residual == NULL && full && !clips)
      finish_bytes(t, rows, columns, true, false, acc);
    else if (t->residual == NULL && !clips)
      finish_bytes(t, rows, columns, false, false, acc);
    else if (t->residual == NULL)
      finish_bytes(t, rows, columns, false, true, acc);
    else if (full && !clips)
      finish_sum(t, rows, columns, true, false, acc);
    else
      finish_sum(t, rows, columns, false, true, acc);
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

TILES
TILE_CHOICE(SCULL_SIMD(scull_cpu_tile8))

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

void SCULL_SIMD(scull_cpu_round8)(const float *src, int64_t plane, int channels, float factor,
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
