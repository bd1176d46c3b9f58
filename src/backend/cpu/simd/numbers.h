/* Sixteen numbers between registers of f32 and memory of another type. Private to simd/. */
#ifndef SCULL_BACKEND_CPU_SIMD_NUMBERS_H
#define SCULL_BACKEND_CPU_SIMD_NUMBERS_H

#include <string.h>

#include "backend/cpu/simd/kernels.h"
#include "backend/cpu/simd/v16.h"

V16_INLINE size_t number_size(scull_cpu_number_t number) {
  return number == SCULL_CPU_F32 ? 4 : number == SCULL_CPU_BF16 ? 2 : 1;
}

#ifdef __AVX512F__

V16_INLINE __m512i v16_round_bf16(v16_t x) { /* in the low halves; NaN stays NaN */
  const __m512i bits = _mm512_castps_si512(x);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i up = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  const __m512i kept = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
  return _mm512_srli_epi32(_mm512_mask_blend_epi32(nan, up, kept), 16);
}

V16_INLINE v16_t v16_widen(const void *p, scull_cpu_number_t from, v16_t scale) {
  if (from == SCULL_CPU_F32)
    return _mm512_loadu_ps(p);
  if (from == SCULL_CPU_BF16)
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
  const __m128i bytes = _mm_loadu_si128((const __m128i *)p);
  const __m512i whole =
      from == SCULL_CPU_U8 ? _mm512_cvtepu8_epi32(bytes) : _mm512_cvtepi8_epi32(bytes);
  return _mm512_mul_ps(_mm512_cvtepi32_ps(whole), scale);
}

/* `factor`: one over the scale. */
V16_INLINE void v16_narrow(void *p, v16_t x, scull_cpu_number_t to, v16_t factor) {
  if (to == SCULL_CPU_F32) {
    _mm512_storeu_ps(p, x);
  } else if (to == SCULL_CPU_BF16) {
    _mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(v16_round_bf16(x)));
  } else {
    const float low = to == SCULL_CPU_U8 ? 0.0f : -128.0f, high = to == SCULL_CPU_U8 ? 255 : 127;
    const v16_t y = v16_min(v16_max(v16_mul(x, factor), v16_set1(low)), v16_set1(high));
    _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(y)));
  }
}

#else

V16_INLINE __m256i v16_half_bf16(__m256 x) {
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i up = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
  const __m256i kept = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  const __m256 nan = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
  return _mm256_srli_epi32(_mm256_blendv_epi8(up, kept, _mm256_castps_si256(nan)), 16);
}

V16_INLINE v16_t v16_widen(const void *p, scull_cpu_number_t from, v16_t scale) {
  const char *at = p;
  if (from == SCULL_CPU_F32)
    return v16_load(p);
  if (from == SCULL_CPU_BF16) {
    const __m256i lo = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
    const __m256i hi = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(at + 16)));
    return V16_EACH(_mm256_castsi256_ps(_mm256_slli_epi32(lo, 16)),
                    _mm256_castsi256_ps(_mm256_slli_epi32(hi, 16)));
  }
  const __m128i bytes = _mm_loadu_si128((const __m128i *)p), rest = _mm_srli_si128(bytes, 8);
  const bool is_u8 = from == SCULL_CPU_U8;
  const __m256i lo = is_u8 ? _mm256_cvtepu8_epi32(bytes) : _mm256_cvtepi8_epi32(bytes);
  const __m256i hi = is_u8 ? _mm256_cvtepu8_epi32(rest) : _mm256_cvtepi8_epi32(rest);
  return v16_mul(V16_EACH(_mm256_cvtepi32_ps(lo), _mm256_cvtepi32_ps(hi)), scale);
}

/* Two halves of eight 32-bit integers that fit 16 bits, in order. */
V16_INLINE __m256i v16_join_words(__m256i lo, __m256i hi, bool is_signed) {
  const __m256i mixed = is_signed ? _mm256_packs_epi32(lo, hi) : _mm256_packus_epi32(lo, hi);
  return _mm256_permute4x64_epi64(mixed, 0xd8);
}

V16_INLINE void v16_narrow(void *p, v16_t x, scull_cpu_number_t to, v16_t factor) {
  if (to == SCULL_CPU_F32) {
    v16_store(p, x);
    return;
  }
  if (to == SCULL_CPU_BF16) {
    _mm256_storeu_si256((__m256i *)p,
                        v16_join_words(v16_half_bf16(x.lo), v16_half_bf16(x.hi), false));
    return;
  }
  const float low = to == SCULL_CPU_U8 ? 0.0f : -128.0f, high = to == SCULL_CPU_U8 ? 255 : 127;
  const v16_t y = v16_min(v16_max(v16_mul(x, factor), v16_set1(low)), v16_set1(high));
  const __m256i words = v16_join_words(_mm256_cvtps_epi32(y.lo), _mm256_cvtps_epi32(y.hi), true);
  const __m128i a = _mm256_castsi256_si128(words), b = _mm256_extracti128_si256(words, 1);
  _mm_storeu_si128((__m128i *)p,
                   to == SCULL_CPU_U8 ? _mm_packus_epi16(a, b) : _mm_packs_epi16(a, b));
}

#endif

/* Numbers of f32 or bf16, `as` known to the compiler: the sixteen (or first n < 16) from number i
 * on.
 */
V16_INLINE v16_t v16_get(const void *p, int64_t i, scull_cpu_number_t as) {
  return v16_widen((const char *)p + i * (int64_t)number_size(as), as, v16_zero());
}

V16_INLINE v16_t v16_get_n(const void *p, int64_t i, int64_t n, scull_cpu_number_t as) {
  _Alignas(64) uint16_t words[16] = {0};
  if (as == SCULL_CPU_F32)
    return v16_load_n((const float *)p + i, n);
  memcpy(words, (const uint16_t *)p + i, (size_t)n * sizeof *words);
  return v16_widen(words, as, v16_zero());
}

V16_INLINE void v16_put(void *p, int64_t i, v16_t x, scull_cpu_number_t as) {
  v16_narrow((char *)p + i * (int64_t)number_size(as), x, as, v16_zero());
}

V16_INLINE void v16_put_n(void *p, int64_t i, int64_t n, v16_t x, scull_cpu_number_t as) {
  _Alignas(64) uint16_t words[16];
  if (as == SCULL_CPU_F32) {
    v16_store_n((float *)p + i, x, n);
    return;
  }
  v16_narrow(words, x, as, v16_zero());
  memcpy((uint16_t *)p + i, words, (size_t)n * sizeof *words);
}

#endif
