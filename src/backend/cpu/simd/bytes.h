/* Sixty-four bytes, or sixteen s32, as one value: a zmm register with AVX512-VNNI, two ymm
 * registers with AVX2. Packing and unpacking work within each 128 bits on both. Private to simd/.
 */
#ifndef SCULL_BACKEND_CPU_SIMD_BYTES_H
#define SCULL_BACKEND_CPU_SIMD_BYTES_H

#include <string.h>

#include "backend/cpu/simd/kernels8.h"
#include "backend/cpu/simd/numbers.h"

#ifdef __AVX512F__

typedef __m512i b64_t;

V16_INLINE b64_t b64_zero(void) {
  return _mm512_setzero_si512();
}
V16_INLINE b64_t b64_load(const void *p) {
  return _mm512_loadu_si512(p);
}
V16_INLINE __mmask64 b64_mask(int64_t n) {
  return n >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << n) - 1;
}
/* The first n bytes; the others read as zero and are not written. */
V16_INLINE b64_t b64_load_n(const void *p, int64_t n) {
  return _mm512_maskz_loadu_epi8(b64_mask(n), p);
}
V16_INLINE void b64_store(void *p, b64_t x) {
  _mm512_storeu_si512(p, x);
}
V16_INLINE void b64_store_n(void *p, b64_t x, int64_t n) {
  _mm512_mask_storeu_epi8(p, b64_mask(n), x);
}
/* 32 bytes of each, the first n of them loaded. */
V16_INLINE b64_t b64_load_pair(const void *p, const void *q, int64_t n) {
  const __mmask32 mask = (__mmask32)b64_mask(n);
  const __m256i a = p == NULL ? _mm256_setzero_si256() : _mm256_maskz_loadu_epi8(mask, p);
  const __m256i b = q == NULL ? _mm256_setzero_si256() : _mm256_maskz_loadu_epi8(mask, q);
  return _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
}
V16_INLINE void b64_store_pair(void *p, void *q, b64_t x, int64_t n) {
  const __mmask32 mask = (__mmask32)b64_mask(n);
  _mm256_mask_storeu_epi8(p, mask, _mm512_castsi512_si256(x));
  if (q != NULL)
    _mm256_mask_storeu_epi8(q, mask, _mm512_extracti64x4_epi64(x, 1));
}
V16_INLINE b64_t b64_set8(int x) {
  return _mm512_set1_epi8((char)x);
}
V16_INLINE b64_t b64_set16(int x) {
  return _mm512_set1_epi16((short)x);
}
V16_INLINE b64_t b64_shift_down16(b64_t x, int bits) { /* of u16 */
  return _mm512_srli_epi16(x, (unsigned)bits);
}
V16_INLINE b64_t b64_set32(int32_t x) {
  return _mm512_set1_epi32(x);
}
V16_INLINE b64_t b64_xor(b64_t a, b64_t b) {
  return _mm512_xor_si512(a, b);
}
/* acc + for each s32 the four products of bytes; a: u8, b: s8 */
V16_INLINE b64_t b64_dot(b64_t acc, b64_t a, b64_t b) {
  return _mm512_dpbusd_epi32(acc, a, b);
}
V16_INLINE v16_t b64_to_float(b64_t x) {
  return _mm512_cvtepi32_ps(x);
}
V16_INLINE b64_t b64_round(v16_t x) { /* ties to even */
  return _mm512_cvtps_epi32(x);
}
#define B64_BINARY(name, op)                                                                       \
  V16_INLINE b64_t b64_##name(b64_t a, b64_t b) {                                                  \
    return _mm512_##op(a, b);                                                                      \
  }

/* Out of packed lanes of `columns` groups of four bytes, to the order of channels. */
V16_INLINE b64_t b64_in_order(b64_t x, int columns) {
  static const _Alignas(64) int32_t orders[3][16] = {
      {0, 4, 8, 12}, {0, 1, 4, 5, 8, 9, 12, 13}, {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14}};
  return columns == 4 ? x : _mm512_permutexvar_epi32(b64_load(orders[columns - 1]), x);
}
V16_INLINE b64_t b64_in_lanes(b64_t x, int columns) {
  static const _Alignas(64)
      int32_t orders[3][16] = {{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3},
                               {0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7},
                               {0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11}};
  return columns == 4 ? x : _mm512_permutexvar_epi32(b64_load(orders[columns - 1]), x);
}
V16_INLINE b64_t b64_shift_down(b64_t x) { /* s32 from their upper bytes */
  return _mm512_srai_epi32(x, 24);
}
V16_INLINE b64_t b64_shift_up(b64_t x) { /* to their upper bytes */
  return _mm512_slli_epi32(x, 24);
}

#else

typedef struct {
  __m256i lo, hi;
} b64_t;

V16_INLINE b64_t b64_zero(void) {
  return (b64_t){_mm256_setzero_si256(), _mm256_setzero_si256()};
}
V16_INLINE b64_t b64_load(const void *p) {
  const char *at = p;
  return (b64_t){_mm256_loadu_si256((const __m256i *)p),
                 _mm256_loadu_si256((const __m256i *)(at + 32))};
}
V16_INLINE void b64_store(void *p, b64_t x) {
  char *at = p;
  _mm256_storeu_si256((__m256i *)p, x.lo);
  _mm256_storeu_si256((__m256i *)(at + 32), x.hi);
}
V16_INLINE b64_t b64_load_n(const void *p, int64_t n) {
  _Alignas(64) char all[64] = {0};
  if (n >= 64)
    return b64_load(p);
  memcpy(all, p, (size_t)n);
  return b64_load(all);
}
V16_INLINE void b64_store_n(void *p, b64_t x, int64_t n) {
  _Alignas(64) char all[64];
  if (n >= 64) {
    b64_store(p, x);
    return;
  }
  b64_store(all, x);
  memcpy(p, all, (size_t)n);
}
V16_INLINE b64_t b64_load_pair(const void *p, const void *q, int64_t n) {
  _Alignas(64) char all[64] = {0};
  if (p != NULL)
    memcpy(all, p, (size_t)n);
  if (q != NULL)
    memcpy(all + 32, q, (size_t)n);
  return b64_load(all);
}
V16_INLINE void b64_store_pair(void *p, void *q, b64_t x, int64_t n) {
  _Alignas(64) char all[64];
  b64_store(all, x);
  memcpy(p, all, (size_t)n);
  if (q != NULL)
    memcpy(q, all + 32, (size_t)n);
}
V16_INLINE b64_t b64_set8(int x) {
  return (b64_t){_mm256_set1_epi8((char)x), _mm256_set1_epi8((char)x)};
}
V16_INLINE b64_t b64_set16(int x) {
  return (b64_t){_mm256_set1_epi16((short)x), _mm256_set1_epi16((short)x)};
}
V16_INLINE b64_t b64_shift_down16(b64_t x, int bits) {
  return (b64_t){_mm256_srli_epi16(x.lo, bits), _mm256_srli_epi16(x.hi, bits)};
}
V16_INLINE b64_t b64_set32(int32_t x) {
  return (b64_t){_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
}
V16_INLINE b64_t b64_xor(b64_t a, b64_t b) {
  return (b64_t){_mm256_xor_si256(a.lo, b.lo), _mm256_xor_si256(a.hi, b.hi)};
}
V16_INLINE __m256i b64_half_dot(__m256i acc, __m256i a, __m256i b) {
  const __m256i even = _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi16(0xff)),
                                         _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8));
  const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(b, 8));
  return _mm256_add_epi32(acc, _mm256_add_epi32(even, odd));
}
V16_INLINE b64_t b64_dot(b64_t acc, b64_t a, b64_t b) {
  return (b64_t){b64_half_dot(acc.lo, a.lo, b.lo), b64_half_dot(acc.hi, a.hi, b.hi)};
}
V16_INLINE v16_t b64_to_float(b64_t x) {
  return V16_EACH(_mm256_cvtepi32_ps(x.lo), _mm256_cvtepi32_ps(x.hi));
}
V16_INLINE b64_t b64_round(v16_t x) {
  return (b64_t){_mm256_cvtps_epi32(x.lo), _mm256_cvtps_epi32(x.hi)};
}
#define B64_BINARY(name, op)                                                                       \
  V16_INLINE b64_t b64_##name(b64_t a, b64_t b) {                                                  \
    return (b64_t){_mm256_##op(a.lo, b.lo), _mm256_##op(a.hi, b.hi)};                              \
  }
/* Panels have one column here. */
V16_INLINE b64_t b64_in_order(b64_t x, int columns) {
  if (columns == 4)
    return x;
  const __m256i pick = _mm256_setr_epi32(0, 4, 0, 4, 0, 4, 0, 4);
  const __m256i lo = _mm256_permutevar8x32_epi32(x.lo, pick);
  const __m256i hi = _mm256_permutevar8x32_epi32(x.hi, pick);
  return (b64_t){_mm256_unpacklo_epi64(lo, hi), hi};
}
V16_INLINE b64_t b64_in_lanes(b64_t x, int columns) {
  if (columns == 4)
    return x;
  return (b64_t){_mm256_permutevar8x32_epi32(x.lo, _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1)),
                 _mm256_permutevar8x32_epi32(x.lo, _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3))};
}
V16_INLINE b64_t b64_shift_down(b64_t x) {
  return (b64_t){_mm256_srai_epi32(x.lo, 24), _mm256_srai_epi32(x.hi, 24)};
}
V16_INLINE b64_t b64_shift_up(b64_t x) {
  return (b64_t){_mm256_slli_epi32(x.lo, 24), _mm256_slli_epi32(x.hi, 24)};
}

#endif

B64_BINARY(unpack_low8, unpacklo_epi8)
B64_BINARY(unpack_high8, unpackhi_epi8)
B64_BINARY(unpack_low16, unpacklo_epi16)
B64_BINARY(unpack_high16, unpackhi_epi16)
B64_BINARY(pack32, packs_epi32)
B64_BINARY(pack16_u8, packus_epi16)
B64_BINARY(pack16_s8, packs_epi16)
B64_BINARY(add16, add_epi16)
B64_BINARY(high16, mulhi_epu16) /* the upper halves of products of u16 */
B64_BINARY(add32, add_epi32)
B64_BINARY(max_u8, max_epu8)

/* Bytes of all lanes as four vectors of s32: position 4 l + e of vector v is byte 16 l + 4 v + e.
 */
V16_INLINE void b64_widen(b64_t x, bool is_signed, b64_t out[4]) {
  const b64_t zero = b64_zero();
  if (is_signed) {
    const b64_t low = b64_unpack_low8(zero, x), high = b64_unpack_high8(zero, x);
    out[0] = b64_shift_down(b64_unpack_low16(zero, low));
    out[1] = b64_shift_down(b64_unpack_high16(zero, low));
    out[2] = b64_shift_down(b64_unpack_low16(zero, high));
    out[3] = b64_shift_down(b64_unpack_high16(zero, high));
    return;
  }
  const b64_t low = b64_unpack_low8(x, zero), high = b64_unpack_high8(x, zero);
  out[0] = b64_unpack_low16(low, zero);
  out[1] = b64_unpack_high16(low, zero);
  out[2] = b64_unpack_low16(high, zero);
  out[3] = b64_unpack_high16(high, zero);
}

/* The way back; clamps to what the type holds. */
V16_INLINE b64_t b64_narrow(const b64_t x[4], bool is_signed) {
  const b64_t low = b64_pack32(x[0], x[1]), high = b64_pack32(x[2], x[3]);
  return is_signed ? b64_pack16_s8(low, high) : b64_pack16_u8(low, high);
}

/* Position i of the vectors of a panel, to its channel: see b64_widen. */
V16_INLINE int b64_channel(int columns, int i) {
  return 4 * columns * (i % 16 / 4) + 4 * (i / 16) + i % 4;
}

V16_INLINE v16_t b64_clip(v16_t x, const scull_cpu_narrow_post_t *post) {
  return v16_min(v16_max(x, v16_set1(post->low)), v16_set1(post->high));
}

/* sums -> numbers in units of the destination, as floats. residual: NULL or four vectors. `clips`
 * is false where neither bound clips. */
V16_INLINE v16_t b64_finish(const scull_cpu_narrow_post_t *post, b64_t sum, v16_t scale, v16_t bias,
                            const b64_t *residual, bool clips) {
  v16_t x = v16_fma(b64_to_float(sum), scale, bias);
  if (residual != NULL && post->add_first)
    x = v16_fma(b64_to_float(*residual), v16_set1(post->residual_scale), x);
  if (clips)
    x = b64_clip(x, post);
  if (residual != NULL && !post->add_first) {
    x = v16_fma(b64_to_float(*residual), v16_set1(post->residual_scale), x);
    if (clips) /* an integer must not overflow before it is packed */
      x = v16_min(v16_max(x, v16_set1(-65536.0f)), v16_set1(65536.0f));
  }
  return x;
}

#endif
