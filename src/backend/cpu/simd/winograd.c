/* The transforms of Winograd's F(4x4, 3x3), sixteen channels at a time.
 * With s = a^2, t = b^2 the rows of B^T are the polynomials x(x^2-s)(x^2-t) / (x-p) of the points
 * p = 0, +-a, +-b, and the whole polynomial for infinity; A^T holds the powers of the points.
 * Windows that hang over the picture, and last blocks of fewer channels, are copied into a zeroed
 * one first, so that there is one transform. Floor of a window: 36 loads, 144 arithmetic
 * instructions, 36 stores. */
#include "backend/cpu/simd/post.h"
#include "backend/cpu/simd/simd.h"

#define A ((float)SCULL_CPU_WINOGRAD_A)
#define B ((float)SCULL_CPU_WINOGRAD_B)
#define S (A * A)
#define T (B * B)

V16_INLINE void input_line(const v16_t d[6], v16_t r[6]) {
  const v16_t s = v16_set1(S), t = v16_set1(T), st = v16_set1(S * T), sum = v16_set1(S + T);
  const v16_t a = v16_set1(A), b = v16_set1(B);
  const v16_t even_a = v16_fnma(t, d[2], d[4]), odd_a = v16_fnma(t, d[1], d[3]);
  const v16_t even_b = v16_fnma(s, d[2], d[4]), odd_b = v16_fnma(s, d[1], d[3]);
  r[0] = v16_fma(st, d[0], v16_fnma(sum, d[2], d[4]));
  r[1] = v16_fma(a, odd_a, even_a);
  r[2] = v16_fnma(a, odd_a, even_a);
  r[3] = v16_fma(b, odd_b, even_b);
  r[4] = v16_fnma(b, odd_b, even_b);
  r[5] = v16_fma(st, d[1], v16_fnma(sum, d[3], d[5]));
}

V16_INLINE void input_window(const float *src, int64_t row, int64_t pixel, float *dst,
                             int64_t plane) {
  v16_t t[6][6];
#pragma GCC unroll 6
  for (int x = 0; x < 6; x++) {
    v16_t d[6], r[6];
#pragma GCC unroll 6
    for (int y = 0; y < 6; y++)
      d[y] = v16_load(src + y * row + x * pixel);
    input_line(d, r);
#pragma GCC unroll 6
    for (int y = 0; y < 6; y++)
      t[y][x] = r[y];
  }
#pragma GCC unroll 6
  for (int y = 0; y < 6; y++) {
    v16_t r[6];
    input_line(t[y], r);
#pragma GCC unroll 6
    for (int x = 0; x < 6; x++)
      v16_store(dst + (y * 6 + x) * plane, r[x]);
  }
}

void SCULL_SIMD(scull_cpu_winograd_input)(const scull_cpu_winograd_input_t *p) {
  const float *src = p->src;
  float *dst = p->dst;
  int64_t i = 0;
  if (p->y0 == 0 && p->x0 == 0 && p->y1 == 6 && p->x1 == 6) {
    const int64_t whole = p->tail < 16 ? p->blocks - 1 : p->blocks;
    for (; i < whole; i++, src += p->step.block, dst += 16)
      input_window(src, p->step.row, p->step.pixel, dst, p->plane);
    if (i == p->blocks)
      return;
  }
  _Alignas(64) float window[6 * 6 * 16] = {0};
  for (; i < p->blocks; i++, src += p->step.block, dst += 16) {
    const int64_t channels = i == p->blocks - 1 ? p->tail : 16;
    for (int y = p->y0; y < p->y1; y++) {
      for (int x = p->x0; x < p->x1; x++)
        v16_store(window + (y * 6 + x) * 16,
                  v16_load_n(src + y * p->step.row + x * p->step.pixel, channels));
    }
    input_window(window, 6 * 16, 16, dst, p->plane);
  }
}

V16_INLINE void output_line(const v16_t m[6], v16_t r[4]) {
  const v16_t sum_a = v16_add(m[1], m[2]), odd_a = v16_sub(m[1], m[2]);
  const v16_t sum_b = v16_add(m[3], m[4]), odd_b = v16_sub(m[3], m[4]);
  r[0] = v16_add(m[0], v16_add(sum_a, sum_b));
  r[1] = v16_fma(v16_set1(A), odd_a, v16_mul(v16_set1(B), odd_b));
  r[2] = v16_fma(v16_set1(S), sum_a, v16_mul(v16_set1(T), sum_b));
  r[3] = v16_fma(v16_set1(A * S), odd_a, v16_fma(v16_set1(B * T), odd_b, m[5]));
}

V16_INLINE void output_patch(const scull_cpu_winograd_output_t *p, int64_t block, bool whole) {
  const float *src = p->src + 16 * block;
  const v16_t bias = v16_load(p->bias + 16 * block);
  const float *residual = p->residual == NULL ? NULL : p->residual + block * p->residual_step.block;
  float *dst = p->dst + block * p->step.block;
  v16_t t[4][6];
#pragma GCC unroll 6
  for (int x = 0; x < 6; x++) {
    v16_t m[6], r[4];
#pragma GCC unroll 6
    for (int y = 0; y < 6; y++)
      m[y] = v16_load(src + (y * 6 + x) * p->plane);
    output_line(m, r);
#pragma GCC unroll 4
    for (int y = 0; y < 4; y++)
      t[y][x] = r[y];
  }
#pragma GCC unroll 4
  for (int y = 0; y < 4; y++) {
    v16_t r[4];
    if (y >= p->rows)
      break;
    output_line(t[y], r);
#pragma GCC unroll 4
    for (int x = 0; x < 4; x++) {
      if (x >= p->columns)
        break;
      const float *other = residual == NULL
                               ? NULL
                               : residual + y * p->residual_step.row + x * p->residual_step.pixel;
      float *to = dst + y * p->step.row + x * p->step.pixel;
      if (whole) {
        v16_store(to, v16_finish(p->post, v16_add(r[x], bias), other));
        continue;
      }
      _Alignas(64) float few[16];
      if (other != NULL)
        v16_store(few, v16_load_n(other, p->tail));
      v16_store_n(to, v16_finish(p->post, v16_add(r[x], bias), other == NULL ? NULL : few),
                  p->tail);
    }
  }
}

void SCULL_SIMD(scull_cpu_winograd_output)(const scull_cpu_winograd_output_t *p) {
  const int64_t whole = p->tail < 16 ? p->blocks - 1 : p->blocks;
  for (int64_t block = 0; block < whole; block++)
    output_patch(p, block, true);
  if (whole < p->blocks)
    output_patch(p, whole, false);
}
