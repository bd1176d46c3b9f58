/* Sixteen floats as one value: one zmm register with AVX-512, two ymm registers with AVX2. Every
 * kernel of simd/ is written once in terms of it and compiled twice (cmake/Folders.cmake), so the
 * channel block of 16 is the same on both. Private to simd/. */
#ifndef SCULL_BACKEND_CPU_SIMD_V16_H
#define SCULL_BACKEND_CPU_SIMD_V16_H

#include <immintrin.h>
#include <stdint.h>

#define V16_INLINE static inline __attribute__((always_inline))

#ifdef __AVX512F__

#define SCULL_SIMD(name) name##_avx512
enum { V16_COLUMNS = 4 }; /* blocks of 16 channels that a 6-row tile holds in registers */

typedef __m512 v16_t;

V16_INLINE v16_t v16_load(const float *p) {
  return _mm512_loadu_ps(p);
}
V16_INLINE void v16_store(float *p, v16_t x) {
  _mm512_storeu_ps(p, x);
}
/* The first n < 16 lanes; the others read as zero and are not written. */
V16_INLINE v16_t v16_load_n(const float *p, int64_t n) {
  return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1u), p);
}
V16_INLINE void v16_store_n(float *p, v16_t x, int64_t n) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1u), x);
}
V16_INLINE v16_t v16_set1(float x) {
  return _mm512_set1_ps(x);
}
V16_INLINE v16_t v16_add(v16_t a, v16_t b) {
  return _mm512_add_ps(a, b);
}
V16_INLINE v16_t v16_sub(v16_t a, v16_t b) {
  return _mm512_sub_ps(a, b);
}
V16_INLINE v16_t v16_mul(v16_t a, v16_t b) {
  return _mm512_mul_ps(a, b);
}
V16_INLINE v16_t v16_div(v16_t a, v16_t b) {
  return _mm512_div_ps(a, b);
}
/* Like the instruction: b where either is NaN. */
V16_INLINE v16_t v16_max(v16_t a, v16_t b) {
  return _mm512_max_ps(a, b);
}
V16_INLINE v16_t v16_min(v16_t a, v16_t b) {
  return _mm512_min_ps(a, b);
}
V16_INLINE v16_t v16_fma(v16_t a, v16_t b, v16_t c) { /* a * b + c */
  return _mm512_fmadd_ps(a, b, c);
}
V16_INLINE v16_t v16_fnma(v16_t a, v16_t b, v16_t c) { /* c - a * b */
  return _mm512_fnmadd_ps(a, b, c);
}
V16_INLINE v16_t v16_sqrt(v16_t x) {
  return _mm512_sqrt_ps(x);
}
V16_INLINE v16_t v16_abs(v16_t x) {
  return _mm512_abs_ps(x);
}
V16_INLINE v16_t v16_nearest(v16_t x) { /* to integers, ties to even */
  return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
V16_INLINE v16_t v16_floor(v16_t x) {
  return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
V16_INLINE v16_t v16_pow2(v16_t n) { /* 2^n for integral n in [-126, 127] */
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23));
}
V16_INLINE v16_t v16_scale2(v16_t x, v16_t n) { /* x 2^n for integral n in [-252, 254] */
  return _mm512_scalef_ps(x, n);
}
V16_INLINE v16_t v16_where_less(v16_t a, v16_t b, v16_t yes, v16_t no) { /* a < b ? yes : no */
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
}
V16_INLINE v16_t v16_where_nan(v16_t a, v16_t yes, v16_t no) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), no, yes);
}
V16_INLINE float v16_sum(v16_t x) {
  return _mm512_reduce_add_ps(x);
}
V16_INLINE float v16_top(v16_t x) { /* the largest lane */
  return _mm512_reduce_max_ps(x);
}

#else

#define SCULL_SIMD(name) name##_avx2
enum { V16_COLUMNS = 1 };

typedef struct {
  __m256 lo, hi;
} v16_t;

#define V16_EACH(expression_lo, expression_hi) ((v16_t){(expression_lo), (expression_hi)})

V16_INLINE __m256i v16_lanes(int64_t n) { /* all ones in the first n of 8 lanes; n may be outside */
  const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), index);
}
V16_INLINE v16_t v16_load(const float *p) {
  return V16_EACH(_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8));
}
V16_INLINE void v16_store(float *p, v16_t x) {
  _mm256_storeu_ps(p, x.lo);
  _mm256_storeu_ps(p + 8, x.hi);
}
V16_INLINE v16_t v16_load_n(const float *p, int64_t n) {
  return V16_EACH(_mm256_maskload_ps(p, v16_lanes(n)), _mm256_maskload_ps(p + 8, v16_lanes(n - 8)));
}
V16_INLINE void v16_store_n(float *p, v16_t x, int64_t n) {
  _mm256_maskstore_ps(p, v16_lanes(n), x.lo);
  _mm256_maskstore_ps(p + 8, v16_lanes(n - 8), x.hi);
}
V16_INLINE v16_t v16_set1(float x) {
  return V16_EACH(_mm256_set1_ps(x), _mm256_set1_ps(x));
}
V16_INLINE v16_t v16_add(v16_t a, v16_t b) {
  return V16_EACH(_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi));
}
V16_INLINE v16_t v16_sub(v16_t a, v16_t b) {
  return V16_EACH(_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi));
}
V16_INLINE v16_t v16_mul(v16_t a, v16_t b) {
  return V16_EACH(_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi));
}
V16_INLINE v16_t v16_div(v16_t a, v16_t b) {
  return V16_EACH(_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi));
}
V16_INLINE v16_t v16_max(v16_t a, v16_t b) {
  return V16_EACH(_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi));
}
V16_INLINE v16_t v16_min(v16_t a, v16_t b) {
  return V16_EACH(_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi));
}
V16_INLINE v16_t v16_fma(v16_t a, v16_t b, v16_t c) {
  return V16_EACH(_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi));
}
V16_INLINE v16_t v16_fnma(v16_t a, v16_t b, v16_t c) {
  return V16_EACH(_mm256_fnmadd_ps(a.lo, b.lo, c.lo), _mm256_fnmadd_ps(a.hi, b.hi, c.hi));
}
V16_INLINE v16_t v16_sqrt(v16_t x) {
  return V16_EACH(_mm256_sqrt_ps(x.lo), _mm256_sqrt_ps(x.hi));
}
V16_INLINE v16_t v16_abs(v16_t x) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  return V16_EACH(_mm256_andnot_ps(sign, x.lo), _mm256_andnot_ps(sign, x.hi));
}
V16_INLINE v16_t v16_nearest(v16_t x) {
  enum { HOW = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };
  return V16_EACH(_mm256_round_ps(x.lo, HOW), _mm256_round_ps(x.hi, HOW));
}
V16_INLINE v16_t v16_floor(v16_t x) {
  return V16_EACH(_mm256_floor_ps(x.lo), _mm256_floor_ps(x.hi));
}
V16_INLINE __m256 v16_half_pow2(__m256 n) {
  return _mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
V16_INLINE v16_t v16_pow2(v16_t n) {
  return V16_EACH(v16_half_pow2(n.lo), v16_half_pow2(n.hi));
}
V16_INLINE v16_t v16_scale2(v16_t x, v16_t n) { /* in two steps, each in the exponent's range */
  const v16_t half = v16_floor(v16_mul(n, v16_set1(0.5f)));
  return v16_mul(v16_mul(x, v16_pow2(half)), v16_pow2(v16_sub(n, half)));
}
V16_INLINE v16_t v16_where_less(v16_t a, v16_t b, v16_t yes, v16_t no) {
  return V16_EACH(_mm256_blendv_ps(no.lo, yes.lo, _mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ)),
                  _mm256_blendv_ps(no.hi, yes.hi, _mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ)));
}
V16_INLINE v16_t v16_where_nan(v16_t a, v16_t yes, v16_t no) {
  return V16_EACH(_mm256_blendv_ps(no.lo, yes.lo, _mm256_cmp_ps(a.lo, a.lo, _CMP_UNORD_Q)),
                  _mm256_blendv_ps(no.hi, yes.hi, _mm256_cmp_ps(a.hi, a.hi, _CMP_UNORD_Q)));
}
V16_INLINE float v16_sum(v16_t x) {
  float lane[8], sum = 0;
  _mm256_storeu_ps(lane, _mm256_add_ps(x.lo, x.hi));
  for (int i = 0; i < 8; i++)
    sum += lane[i];
  return sum;
}
V16_INLINE float v16_top(v16_t x) {
  float lane[8];
  _mm256_storeu_ps(lane, _mm256_max_ps(x.lo, x.hi));
  float top = lane[0];
  for (int i = 1; i < 8; i++)
    top = lane[i] > top ? lane[i] : top;
  return top;
}

#endif

V16_INLINE v16_t v16_zero(void) {
  return v16_set1(0.0f);
}

#endif
