/* Products of bf16 on the register tile of tile.h, summed in f32. Floor: one product instruction of
 * 32 multiply-adds a clock (Zen 4). */
#include "backend/cpu/simd/bytes.h"
#include "backend/cpu/simd/simd8.h"

V16_INLINE v16_t load_sums(const void *p) {
  return _mm512_loadu_ps(p);
}

V16_INLINE v16_t dot(v16_t sum, b64_t a, b64_t b) {
  return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

#define TILE_SUM v16_t
#define TILE_LOAD load_sums
#define TILE_DOT dot
#define TILE_HALVES true
#include "backend/cpu/simd/tile.h"

typedef scull_cpu_narrow_post_t post_t;

/* `n` numbers that exist. */
V16_INLINE v16_t load_numbers(const char *p, scull_cpu_number_t from, int64_t n) {
  if (from == SCULL_CPU_F32)
    return n == 16 ? _mm512_loadu_ps(p) : v16_load_n((const float *)(const void *)p, n);
  const __m256i words = n == 16 ? _mm256_loadu_si256((const __m256i *)(const void *)p)
                                : _mm256_maskz_loadu_epi16((__mmask16)((1u << n) - 1u), p);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(words), 16));
}

V16_INLINE v16_t finish_sum(const post_t *post, v16_t x, v16_t low, v16_t high, const char *other,
                            scull_cpu_number_t from, int64_t n) {
  if (other != NULL && post->add_first)
    x = v16_add(x, load_numbers(other, from, n));
  x = v16_min(v16_max(x, low), high);
  if (other != NULL && !post->add_first)
    x = v16_add(x, load_numbers(other, from, n));
  return x;
}

/* Whole blocks to bf16, a residual in bf16. */
V16_INLINE void finish_whole(const scull_cpu_tile_t *t, int rows, int columns, bool adds,
                             v16_t acc[MOST_ROWS][COLUMNS]) {
  const v16_t low = v16_set1(t->post->low), high = v16_set1(t->post->high);
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++) {
    char *to = t->c + r * t->c_row;
    const char *other = adds ? t->residual + r * t->residual_row : NULL;
    v16_t x[COLUMNS];
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      x[c] = finish_sum(t->post, acc[r][c], low, high, adds ? other + 32 * c : NULL, SCULL_CPU_BF16,
                        16);
#pragma GCC unroll 2
    for (int c = 0; c + 1 < columns; c += 2)
      _mm512_storeu_si512(to + 32 * c, (__m512i)_mm512_cvtne2ps_pbh(x[c + 1], x[c]));
    if (columns % 2 != 0)
      _mm256_storeu_si256((__m256i *)(void *)(to + 32 * (columns - 1)),
                          (__m256i)_mm512_cvtneps_pbh(x[columns - 1]));
  }
}

/* Everything else, on sums that were put into memory. */
static __attribute__((noinline)) void finish_rare(const scull_cpu_tile_t *t, int rows, int columns,
                                                  const float *sums) {
  const post_t *post = t->post;
  const int64_t size = post->to == SCULL_CPU_F32 ? 4 : 2;
  const int64_t other_size = post->residual == SCULL_CPU_F32 ? 4 : 2;
  const v16_t low = v16_set1(post->low), high = v16_set1(post->high);
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns && 16 * c < t->channels; c++) {
      const int64_t n = t->channels - 16 * c < 16 ? t->channels - 16 * c : 16;
      const char *other =
          t->residual == NULL ? NULL : t->residual + r * t->residual_row + 16 * c * other_size;
      char *to = t->c + r * t->c_row + 16 * c * size;
      const v16_t x = finish_sum(post, v16_load(sums + 16 * (r * COLUMNS + c)), low, high, other,
                                 post->residual, n);
      const __mmask16 mask = (__mmask16)((1u << n) - 1u);
      if (post->to == SCULL_CPU_F32)
        _mm512_mask_storeu_ps(to, mask, x);
      else
        _mm256_mask_storeu_epi16(to, mask, (__m256i)_mm512_cvtneps_pbh(x));
    }
  }
}

V16_INLINE void finish(const scull_cpu_tile_t *t, int rows, int columns,
                       v16_t acc[MOST_ROWS][COLUMNS]) {
  if (t->post->to == SCULL_CPU_BF16 && t->channels == 16 * columns) {
    if (t->residual == NULL) {
      finish_whole(t, rows, columns, false, acc);
      return;
    }
    if (t->post->residual == SCULL_CPU_BF16) {
      finish_whole(t, rows, columns, true, acc);
      return;
    }
  }
  _Alignas(64) float sums[MOST_ROWS * COLUMNS * 16];
#pragma GCC unroll 12
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int c = 0; c < columns; c++)
      v16_store(sums + 16 * (r * COLUMNS + c), acc[r][c]);
  }
  finish_rare(t, rows, columns, sums);
}

static scull_cpu_tile_fn_t choose(int rows, int columns);

TILES
TILE_CHOICE(choose)

static int in_order(scull_cpu_number_t to, int columns, int i) {
  (void)to;
  (void)columns;
  return i;
}

/* Sixteen pixels: word p of the result is plane p % channels of pixel p / channels. */
V16_INLINE void mix_planes(const v16_t plane[4], int channels, const __m512i order[2], uint8_t *dst,
                           int64_t words) {
  const __m512i front = (__m512i)_mm512_cvtne2ps_pbh(plane[1], plane[0]);
  const __m512i back = (__m512i)_mm512_cvtne2ps_pbh(plane[3], plane[2]);
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    const int64_t n = words - 32 * i < 0 ? 0 : words - 32 * i;
    if (32 * i < 16 * channels)
      b64_store_n(dst + 64 * i, _mm512_permutex2var_epi16(front, order[i], back),
                  n < 32 ? 2 * n : 64);
  }
}

static void round_planes(const float *src, int64_t plane, int channels, float factor,
                         bool is_signed, uint8_t *dst, int64_t count) {
  _Alignas(64) int16_t words[64];
  (void)factor;
  (void)is_signed;
  for (int p = 0; p < 64; p++)
    words[p] = (int16_t)(p % channels * 16 + p / channels);
  const __m512i order[2] = {b64_load(words), b64_load(words + 32)};
  for (int64_t i = 0; i < count; i += 16) {
    const int64_t n = count - i < 16 ? count - i : 16;
    v16_t in[4];
#pragma GCC unroll 4
    for (int c = 0; c < 4; c++) {
      in[c] = v16_zero();
      if (c < channels)
        in[c] = n == 16 ? v16_load(src + c * plane + i) : v16_load_n(src + c * plane + i, n);
    }
    mix_planes(in, channels, order, dst + 2 * channels * i, channels * n);
  }
}

const scull_cpu_products_t scull_cpu_products_bf16 = {.size = 2,
                                                      .columns = 4,
                                                      .rows = {12, 12, 8, 6},
                                                      .tile = choose,
                                                      .channel = in_order,
                                                      .round = round_planes};
