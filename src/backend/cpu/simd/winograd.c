/* The transforms of Winograd's F(4x4, 3x3), sixteen channels at a time.
 * With s = a^2, t = b^2 the rows of B^T are the polynomials x(x^2-s)(x^2-t) / (x-p) of the points
 * p = 0, +-a, +-b, and the whole polynomial for infinity; A^T holds the powers of the points.
 * Windows that hang over the picture, and last blocks of fewer channels, are copied into a zeroed
 * one first, so that there is one transform. Floor of a window: 36 loads, 144 arithmetic
 * instructions, 36 stores. */
#include "backend/cpu/simd/numbers.h"
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

V16_INLINE void input_window(const void *src, int64_t corner, int64_t row, int64_t pixel,
                             scull_cpu_number_t from, float *dst, int64_t plane) {
  v16_t t[6][6];
#pragma GCC unroll 6
  for (int x = 0; x < 6; x++) {
    v16_t d[6], r[6];
#pragma GCC unroll 6
    for (int y = 0; y < 6; y++)
      d[y] = v16_get(src, corner + y * row + x * pixel, from);
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

V16_INLINE void input_blocks(const scull_cpu_winograd_input_t *p, scull_cpu_number_t from) {
  float *dst = p->dst;
  int64_t i = 0, corner = p->corner;
  if (p->y0 == 0 && p->x0 == 0 && p->y1 == 6 && p->x1 == 6) {
    const int64_t whole = p->tail < 16 ? p->blocks - 1 : p->blocks;
    for (; i < whole; i++, corner += p->step.block, dst += 16)
      input_window(p->src, corner, p->step.row, p->step.pixel, from, dst, p->plane);
    if (i == p->blocks)
      return;
  }
  _Alignas(64) float window[6 * 6 * 16] = {0};
  for (; i < p->blocks; i++, corner += p->step.block, dst += 16) {
    const int64_t channels = i == p->blocks - 1 ? p->tail : 16;
    for (int y = p->y0; y < p->y1; y++) {
      for (int x = p->x0; x < p->x1; x++) {
        const int64_t at = corner + y * p->step.row + x * p->step.pixel;
        v16_store(window + (y * 6 + x) * 16, channels == 16
                                                 ? v16_get(p->src, at, from)
                                                 : v16_get_n(p->src, at, channels, from));
      }
    }
    input_window(window, 0, 6 * 16, 16, SCULL_CPU_F32, dst, p->plane);
  }
}

void SCULL_SIMD(scull_cpu_winograd_input)(const scull_cpu_winograd_input_t *p) {
  if (p->from == SCULL_CPU_BF16)
    input_blocks(p, SCULL_CPU_BF16);
  else
    input_blocks(p, SCULL_CPU_F32);
}

V16_INLINE void output_line(const v16_t m[6], v16_t r[4]) {
  const v16_t sum_a = v16_add(m[1], m[2]), odd_a = v16_sub(m[1], m[2]);
  const v16_t sum_b = v16_add(m[3], m[4]), odd_b = v16_sub(m[3], m[4]);
  r[0] = v16_add(m[0], v16_add(sum_a, sum_b));
  r[1] = v16_fma(v16_set1(A), odd_a, v16_mul(v16_set1(B), odd_b));
  r[2] = v16_fma(v16_set1(S), sum_a, v16_mul(v16_set1(T), sum_b));
  r[3] = v16_fma(v16_set1(A * S), odd_a, v16_fma(v16_set1(B * T), odd_b, m[5]));
}

V16_INLINE void output_patch(const scull_cpu_winograd_output_t *p, int64_t block, bool whole,
                             scull_cpu_number_t to) {
  const float *src = p->src + 16 * block;
  const v16_t bias = v16_load(p->bias + 16 * block);
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
      const int64_t at = block * p->step.block + y * p->step.row + x * p->step.pixel;
      v16_t other = v16_zero();
      if (p->residual != NULL) {
        const int64_t from =
            block * p->residual_step.block + y * p->residual_step.row + x * p->residual_step.pixel;
        other = whole ? v16_get(p->residual, from, to) : v16_get_n(p->residual, from, p->tail, to);
      }
      const v16_t value =
          v16_finish(p->post, v16_add(r[x], bias), p->residual == NULL ? NULL : &other);
      if (whole)
        v16_put(p->dst, at, value, to);
      else
        v16_put_n(p->dst, at, p->tail, value, to);
    }
  }
}

V16_INLINE void output_blocks(const scull_cpu_winograd_output_t *p, scull_cpu_number_t to) {
  const int64_t whole = p->tail < 16 ? p->blocks - 1 : p->blocks;
  for (int64_t block = 0; block < whole; block++)
    output_patch(p, block, true, to);
  if (whole < p->blocks)
    output_patch(p, whole, false, to);
}

void SCULL_SIMD(scull_cpu_winograd_output)(const scull_cpu_winograd_output_t *p) {
  if (p->to == SCULL_CPU_BF16)
    output_blocks(p, SCULL_CPU_BF16);
  else
    output_blocks(p, SCULL_CPU_F32);
}
