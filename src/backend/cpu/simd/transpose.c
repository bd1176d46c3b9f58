/* A 16 x 16 tile of 4-byte elements with rows and columns exchanged, in registers: the heart of
 * every change between channels first and channels last. Floor: 16 lines read, 16 lines written; 64
 * shuffles (AVX-512). */
#include "backend/cpu/simd/simd.h"

#ifdef __AVX512F__

/* Exchange pairs, then quads, then 128-bit lanes twice. */
void SCULL_SIMD(scull_cpu_transpose)(const float *src, int64_t src_step, float *dst,
                                     int64_t dst_step) {
  __m512 a[16], b[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++)
    a[i] = _mm512_loadu_ps(src + i * src_step);
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) { /* a[i + k]: column 4 l + k of rows i to i + 3 in lane l */
    a[i] = _mm512_shuffle_ps(b[i], b[i + 2], 0x44);
    a[i + 1] = _mm512_shuffle_ps(b[i], b[i + 2], 0xee);
    a[i + 2] = _mm512_shuffle_ps(b[i + 1], b[i + 3], 0x44);
    a[i + 3] = _mm512_shuffle_ps(b[i + 1], b[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int k = 0; k < 4; k++) {
    const __m512 low = _mm512_shuffle_f32x4(a[k], a[4 + k], 0x88);
    const __m512 odd = _mm512_shuffle_f32x4(a[k], a[4 + k], 0xdd);
    const __m512 more = _mm512_shuffle_f32x4(a[8 + k], a[12 + k], 0x88);
    const __m512 last = _mm512_shuffle_f32x4(a[8 + k], a[12 + k], 0xdd);
    _mm512_storeu_ps(dst + k * dst_step, _mm512_shuffle_f32x4(low, more, 0x88));
    _mm512_storeu_ps(dst + (4 + k) * dst_step, _mm512_shuffle_f32x4(odd, last, 0x88));
    _mm512_storeu_ps(dst + (8 + k) * dst_step, _mm512_shuffle_f32x4(low, more, 0xdd));
    _mm512_storeu_ps(dst + (12 + k) * dst_step, _mm512_shuffle_f32x4(odd, last, 0xdd));
  }
}

#else

static inline void quarter(const float *src, int64_t src_step, float *dst, int64_t dst_step) {
  __m256 a[8], b[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++)
    a[i] = _mm256_loadu_ps(src + i * src_step);
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    a[i] = _mm256_shuffle_ps(b[i], b[i + 2], 0x44);
    a[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], 0xee);
    a[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0x44);
    a[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int k = 0; k < 4; k++) {
    _mm256_storeu_ps(dst + k * dst_step, _mm256_permute2f128_ps(a[k], a[4 + k], 0x20));
    _mm256_storeu_ps(dst + (4 + k) * dst_step, _mm256_permute2f128_ps(a[k], a[4 + k], 0x31));
  }
}

void SCULL_SIMD(scull_cpu_transpose)(const float *src, int64_t src_step, float *dst,
                                     int64_t dst_step) {
  for (int y = 0; y < 16; y += 8) {
    for (int x = 0; x < 16; x += 8)
      quarter(src + y * src_step + x, src_step, dst + x * dst_step + y, dst_step);
  }
}

#endif

/* By way of whole tiles in L1. */
void SCULL_SIMD(scull_cpu_transpose_part)(const float *src, int64_t src_step, float *dst,
                                          int64_t dst_step, int64_t rows, int64_t columns) {
  _Alignas(64) float from[256] = {0}, to[256];
  for (int64_t y = 0; y < rows; y++)
    v16_store(from + 16 * y, v16_load_n(src + y * src_step, columns));
  SCULL_SIMD(scull_cpu_transpose)(from, 16, to, 16);
  for (int64_t x = 0; x < columns; x++)
    v16_store_n(dst + x * dst_step, v16_load(to + 16 * x), rows);
}
