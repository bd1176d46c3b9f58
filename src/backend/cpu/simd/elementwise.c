/* Runs of numbers, element by element: the steps of element-wise chains. Each step is one loop over
 * a run that stays in L1. */
#include "backend/cpu/simd/post.h"
#include "backend/cpu/simd/simd.h"

void SCULL_SIMD(scull_cpu_unary)(const scull_cpu_post_t *post, const float *src, float *dst,
                                 int64_t count) {
  v16_activate_run(post, src, dst, count);
}

V16_INLINE v16_t apply(scull_cpu_binary_t op, v16_t a, v16_t b) {
  switch (op) {
  case SCULL_CPU_BINARY_ADD: return v16_add(a, b);
  case SCULL_CPU_BINARY_SUB: return v16_sub(a, b);
  case SCULL_CPU_BINARY_MUL: return v16_mul(a, b);
  case SCULL_CPU_BINARY_DIV: return v16_div(a, b);
  /* A NaN on either side is the result. */
  case SCULL_CPU_BINARY_MAX: return v16_where_nan(a, a, v16_max(a, b));
  case SCULL_CPU_BINARY_MIN: return v16_where_nan(a, a, v16_min(a, b));
  case SCULL_CPU_BINARY_PRELU: return v16_where_less(a, v16_zero(), v16_mul(a, b), a);
  }
  return a;
}

V16_INLINE void loop(scull_cpu_binary_t op, const float *a, int a_period, const float *b,
                     int b_period, float *dst, int64_t count) {
  const v16_t a_same = a_period == 1 ? v16_set1(*a) : a_period == 16 ? v16_load(a) : v16_zero();
  const v16_t b_same = b_period == 1 ? v16_set1(*b) : b_period == 16 ? v16_load(b) : v16_zero();
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const v16_t left = a_period == 0 ? v16_load(a + i) : a_same;
    const v16_t right = b_period == 0 ? v16_load(b + i) : b_same;
    v16_store(dst + i, apply(op, left, right));
  }
  if (i < count) {
    const int64_t n = count - i;
    const v16_t left = a_period == 0 ? v16_load_n(a + i, n) : a_same;
    const v16_t right = b_period == 0 ? v16_load_n(b + i, n) : b_same;
    v16_store_n(dst + i, apply(op, left, right), n);
  }
}

/* The operator is known inside each loop. */
void SCULL_SIMD(scull_cpu_binary)(scull_cpu_binary_t op, const float *a, int a_period,
                                  const float *b, int b_period, float *dst, int64_t count) {
  switch (op) {
  case SCULL_CPU_BINARY_ADD:
    loop(SCULL_CPU_BINARY_ADD, a, a_period, b, b_period, dst, count);
    break;
  case SCULL_CPU_BINARY_SUB:
    loop(SCULL_CPU_BINARY_SUB, a, a_period, b, b_period, dst, count);
    break;
  case SCULL_CPU_BINARY_MUL:
    loop(SCULL_CPU_BINARY_MUL, a, a_period, b, b_period, dst, count);
    break;
  case SCULL_CPU_BINARY_DIV:
    loop(SCULL_CPU_BINARY_DIV, a, a_period, b, b_period, dst, count);
    break;
  case SCULL_CPU_BINARY_MAX:
    loop(SCULL_CPU_BINARY_MAX, a, a_period, b, b_period, dst, count);
    break;
  case SCULL_CPU_BINARY_MIN:
    loop(SCULL_CPU_BINARY_MIN, a, a_period, b, b_period, dst, count);
    break;
  case SCULL_CPU_BINARY_PRELU:
    loop(SCULL_CPU_BINARY_PRELU, a, a_period, b, b_period, dst, count);
    break;
  }
}

V16_INLINE void sum_runs(const float *const *src, const float *weight, int runs, float *dst,
                         int64_t count) {
  v16_t w[4];
  int64_t i = 0;
#pragma GCC unroll 4
  for (int r = 0; r < runs; r++)
    w[r] = v16_set1(weight[r]);
  for (; i + 16 <= count; i += 16) {
    v16_t sum = v16_mul(w[0], v16_load(src[0] + i));
#pragma GCC unroll 3
    for (int r = 1; r < runs; r++)
      sum = v16_fma(w[r], v16_load(src[r] + i), sum);
    v16_store(dst + i, sum);
  }
  if (i == count)
    return;
  v16_t sum = v16_mul(w[0], v16_load_n(src[0] + i, count - i));
#pragma GCC unroll 3
  for (int r = 1; r < runs; r++)
    sum = v16_fma(w[r], v16_load_n(src[r] + i, count - i), sum);
  v16_store_n(dst + i, sum, count - i);
}

void SCULL_SIMD(scull_cpu_combine)(const float *const *src, const float *weight, int runs,
                                   float *dst, int64_t count) {
  switch (runs) {
  case 1: sum_runs(src, weight, 1, dst, count); break;
  case 2: sum_runs(src, weight, 2, dst, count); break;
  case 3: sum_runs(src, weight, 3, dst, count); break;
  default: sum_runs(src, weight, 4, dst, count); break;
  }
}

/* `blocks` registers of channels through the whole window, or the first `rest` lanes of one. */
V16_INLINE void sum_window(const scull_cpu_window_t *p, int64_t at, int blocks, int64_t rest) {
  v16_t sum[4] = {v16_zero(), v16_zero(), v16_zero(), v16_zero()};
  for (int64_t y = 0; y < p->rows; y++) {
    const float *from = p->src + y * p->row + at;
    for (int64_t x = 0; x < p->columns; x++, from += p->pixel) {
      const v16_t weight = v16_set1(p->down[y] * p->along[x]);
#pragma GCC unroll 4
      for (int b = 0; b < blocks; b++)
        sum[b] =
            v16_fma(weight, rest < 16 ? v16_load_n(from, rest) : v16_load(from + 16 * b), sum[b]);
    }
  }
#pragma GCC unroll 4
  for (int b = 0; b < blocks; b++) {
    if (rest < 16)
      v16_store_n(p->dst + at, sum[b], rest);
    else
      v16_store(p->dst + at + 16 * b, sum[b]);
  }
}

void SCULL_SIMD(scull_cpu_window)(const scull_cpu_window_t *p) {
  int64_t at = 0;
  for (; at + 64 <= p->count; at += 64)
    sum_window(p, at, 4, 16);
  for (; at + 16 <= p->count; at += 16)
    sum_window(p, at, 1, 16);
  if (at < p->count)
    sum_window(p, at, 1, p->count - at);
}

/* Four sums at once, so that additions do not wait for each other. */
V16_INLINE float reduce(const float *x, float mean, int64_t count, bool squares) {
  const v16_t about = v16_set1(mean);
  v16_t sums[4] = {v16_zero(), v16_zero(), v16_zero(), v16_zero()};
  float rest = 0;
  int64_t i = 0;
  for (; i + 64 <= count; i += 64) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
      const v16_t d = v16_sub(v16_load(x + i + 16 * k), about);
      sums[k] = squares ? v16_fma(d, d, sums[k]) : v16_add(sums[k], d);
    }
  }
  for (; i < count; i++) {
    const float d = x[i] - mean;
    rest += squares ? d * d : d;
  }
  return rest + v16_sum(v16_add(v16_add(sums[0], sums[1]), v16_add(sums[2], sums[3])));
}

float SCULL_SIMD(scull_cpu_sum)(const float *x, int64_t count) {
  return reduce(x, 0.0f, count, false);
}

float SCULL_SIMD(scull_cpu_spread)(const float *x, float mean, int64_t count) {
  return reduce(x, mean, count, true);
}
