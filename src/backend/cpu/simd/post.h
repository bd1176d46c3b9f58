/* What follows a product in registers: an activation and a residual add, on sixteen channels. The
 * exponential is a degree-6 polynomial on [-ln2/2, ln2/2] (relative error below 2e-7). Private to
 * simd/. */
#ifndef SCULL_BACKEND_CPU_SIMD_POST_H
#define SCULL_BACKEND_CPU_SIMD_POST_H

#include <math.h>

#include "backend/cpu/simd/kernels.h"
#include "backend/cpu/simd/v16.h"

V16_INLINE v16_t v16_exp(v16_t x) {
  /* Beyond the top 2^n becomes infinity by itself; a NaN as second operand passes. */
  const v16_t top = v16_set1(100.0f), bottom = v16_set1(-87.3365447f);
  const v16_t clipped = v16_max(bottom, v16_min(top, x));
  const v16_t n = v16_nearest(v16_mul(clipped, v16_set1(1.44269504f)));
  v16_t r = v16_fnma(n, v16_set1(0.693359375f), clipped);
  r = v16_fnma(n, v16_set1(-2.12194440e-4f), r);
  v16_t p = v16_fma(v16_set1(1.38888889e-3f), r, v16_set1(8.33333333e-3f));
  p = v16_fma(p, r, v16_set1(4.16666667e-2f));
  p = v16_fma(p, r, v16_set1(1.66666667e-1f));
  p = v16_fma(p, r, v16_set1(0.5f));
  p = v16_fma(p, r, v16_set1(1.0f));
  p = v16_fma(p, r, v16_set1(1.0f));
  return v16_scale2(p, n);
}

V16_INLINE v16_t v16_sigmoid(v16_t x) {
  const v16_t one = v16_set1(1.0f);
  return v16_div(one, v16_add(one, v16_exp(v16_sub(v16_zero(), x))));
}

V16_INLINE v16_t v16_clip(v16_t x, float low, float high) {
  return v16_min(v16_set1(high), v16_max(v16_set1(low), x)); /* NaN passes */
}

/* tanh(x) = 1 - 2 / (exp(2x) + 1) loses the small values; below 0.2 a Taylor polynomial. */
V16_INLINE v16_t v16_tanh(v16_t x) {
  const v16_t one = v16_set1(1.0f), two = v16_set1(2.0f);
  const v16_t e = v16_exp(v16_mul(two, x));
  const v16_t far = v16_sub(one, v16_div(two, v16_add(e, one)));
  const v16_t s = v16_mul(x, x);
  v16_t p = v16_fma(s, v16_set1(-17.0f / 315.0f), v16_set1(2.0f / 15.0f));
  p = v16_fma(p, s, v16_set1(-1.0f / 3.0f));
  const v16_t near = v16_fma(v16_mul(p, s), x, x);
  return v16_where_less(v16_abs(x), v16_set1(0.2f), near, far);
}

/* x times the sigmoid of beta x, with one division. */
V16_INLINE v16_t v16_swish(v16_t x, float beta) {
  return v16_div(x, v16_add(v16_set1(1.0f), v16_exp(v16_mul(x, v16_set1(-beta)))));
}

V16_INLINE v16_t v16_apply(scull_cpu_act_t act, const float *p, v16_t x) {
  switch (act) {
  case SCULL_CPU_ACT_NONE:
  case SCULL_CPU_ACT_CLIP: return v16_clip(x, p[0], p[1]);
  case SCULL_CPU_ACT_LEAKY: return v16_where_less(x, v16_zero(), v16_mul(x, v16_set1(p[0])), x);
  case SCULL_CPU_ACT_LINEAR: return v16_fma(x, v16_set1(p[0]), v16_set1(p[1]));
  case SCULL_CPU_ACT_HARD_SIGMOID:
    return v16_clip(v16_fma(x, v16_set1(p[0]), v16_set1(p[1])), 0.0f, 1.0f);
  case SCULL_CPU_ACT_HARD_SWISH:
    return v16_mul(v16_mul(x, v16_set1(p[2])), v16_clip(v16_add(x, v16_set1(p[0])), 0.0f, p[1]));
  case SCULL_CPU_ACT_SIGMOID: return v16_sigmoid(x);
  case SCULL_CPU_ACT_SWISH: return v16_swish(x, p[0]);
  case SCULL_CPU_ACT_TANH: return v16_tanh(x);
  case SCULL_CPU_ACT_EXP: return v16_exp(x);
  case SCULL_CPU_ACT_SQRT: return v16_sqrt(x);
  case SCULL_CPU_ACT_ABS: return v16_abs(x);
  case SCULL_CPU_ACT_SQUARE: return v16_mul(x, x);
  }
  return x;
}

/* Every activation but the common ones; out of line, because it is long and rare. */
static __attribute__((noinline, unused)) v16_t v16_activate_rare(const scull_cpu_post_t *post,
                                                                 v16_t x) {
  return v16_apply(post->act, post->param, x);
}

V16_INLINE v16_t v16_activate(const scull_cpu_post_t *post, v16_t x) {
  if (post->act <= SCULL_CPU_ACT_CLIP)
    return v16_clip(x, post->param[0], post->param[1]);
  return v16_activate_rare(post, x);
}

V16_INLINE void v16_apply_run(scull_cpu_act_t act, const scull_cpu_post_t *post, const float *src,
                              float *dst, int64_t count) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16)
    v16_store(dst + i, v16_apply(act, post->param, v16_load(src + i)));
  if (i < count)
    v16_store_n(dst + i, v16_apply(act, post->param, v16_load_n(src + i, count - i)), count - i);
}

/* dst = act(src), the activation known inside each loop; dst may be src. */
static __attribute__((noinline, unused)) void
v16_activate_run(const scull_cpu_post_t *post, const float *src, float *dst, int64_t count) {
#define RUN(act)                                                                                   \
  case SCULL_CPU_ACT_##act: v16_apply_run(SCULL_CPU_ACT_##act, post, src, dst, count); return
  switch (post->act) {
    RUN(NONE);
    RUN(CLIP);
    RUN(LEAKY);
    RUN(LINEAR);
    RUN(HARD_SIGMOID);
    RUN(HARD_SWISH);
    RUN(SIGMOID);
    RUN(SWISH);
    RUN(TANH);
    RUN(EXP);
    RUN(SQRT);
    RUN(ABS);
    RUN(SQUARE);
  }
#undef RUN
}

/* `residual` may be NULL. */
V16_INLINE v16_t v16_finish(const scull_cpu_post_t *post, v16_t x, const v16_t *residual) {
  if (residual != NULL && post->add_first)
    x = v16_add(x, *residual);
  x = v16_activate(post, x);
  if (residual != NULL && !post->add_first)
    x = v16_add(x, *residual);
  return x;
}

#endif
