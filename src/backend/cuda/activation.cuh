/* activation.cuh: what the codes of elementwise.h compute, for the chains and for the ends of
 * other kernels. */
#ifndef SCULL_CUDA_ACTIVATION_CUH
#define SCULL_CUDA_ACTIVATION_CUH

#include "backend/cuda/elementwise.h"

namespace activation {

__device__ __forceinline__ float softplus(float v) {
  return v > 0 ? v + log1pf(expf(-v)) : log1pf(expf(v));
}

__device__ inline float unary(float v, int kind, const float *p) {
  switch (kind) {
  case SCULL_CUDA_DO_CLIP: return fminf(fmaxf(v, p[0]), p[1]);
  case SCULL_CUDA_DO_LEAKY: return v < 0 ? p[0] * v : v;
  case SCULL_CUDA_DO_LINEAR: return fmaf(p[0], v, p[1]);
  case SCULL_CUDA_DO_SIGMOID: return 1 / (1 + expf(-v));
  case SCULL_CUDA_DO_SWISH: return v / (1 + expf(-p[0] * v));
  case SCULL_CUDA_DO_TANH: return tanhf(v);
  case SCULL_CUDA_DO_EXP: return expf(v);
  case SCULL_CUDA_DO_LOG: return logf(v);
  case SCULL_CUDA_DO_SQRT: return sqrtf(v);
  case SCULL_CUDA_DO_RSQRT: return 1 / sqrtf(v);
  case SCULL_CUDA_DO_RECIPROCAL: return 1 / v;
  case SCULL_CUDA_DO_ABS: return fabsf(v);
  case SCULL_CUDA_DO_NEG: return -v;
  case SCULL_CUDA_DO_SQUARE: return v * v;
  case SCULL_CUDA_DO_HARD_SIGMOID: return fminf(fmaxf(fmaf(p[0], v, p[1]), 0), 1);
  case SCULL_CUDA_DO_HARD_SWISH: return v * fminf(fmaxf(v + p[0], 0), p[1]) / p[2];
  case SCULL_CUDA_DO_ELU: return v > 0 ? v : p[0] * expm1f(v);
  case SCULL_CUDA_DO_GELU: return 0.5f * v * (1 + erff(v * 0.70710678118654752f));
  case SCULL_CUDA_DO_GELU_TANH:
    return 0.5f * v * (1 + tanhf(0.79788456080286536f * (v + 0.044715f * v * v * v)));
  case SCULL_CUDA_DO_ERF: return erff(v);
  case SCULL_CUDA_DO_SOFTPLUS: return p[0] * v > p[1] ? v : softplus(p[0] * v) / p[0];
  case SCULL_CUDA_DO_MISH: return v * tanhf(v > p[0] ? v : softplus(v));
  case SCULL_CUDA_DO_FLOOR: return floorf(v);
  case SCULL_CUDA_DO_CEIL: return ceilf(v);
  case SCULL_CUDA_DO_ROUND: return roundf(v);
  case SCULL_CUDA_DO_SIGN: return v > 0 ? 1 : v < 0 ? -1 : v;
  case SCULL_CUDA_DO_SIN: return sinf(v);
  case SCULL_CUDA_DO_COS: return cosf(v);
  case SCULL_CUDA_DO_NOT: return v == 0;
  default: return v;
  }
}

/* As a call, so that kernels which end in an activation in many places stay small. */
__device__ __noinline__ inline float unary_call(float v, int kind, float p0, float p1, float p2) {
  const float p[3] = {p0, p1, p2};
  return unary(v, kind, p);
}

/* For the ends of tiles: clamps in place, all others by a call. */
__device__ __forceinline__ float end(float v, const scull_cuda_do_t &act) {
  if (act.kind == SCULL_CUDA_DO_COPY)
    return v;
  return act.kind == SCULL_CUDA_DO_CLIP ? fminf(fmaxf(v, act.p[0]), act.p[1])
                                        : unary_call(v, act.kind, act.p[0], act.p[1], act.p[2]);
}

__device__ inline float binary(float a, float b, int kind) {
  switch (kind) {
  case SCULL_CUDA_DO_ADD: return a + b;
  case SCULL_CUDA_DO_SUB: return a - b;
  case SCULL_CUDA_DO_MUL: return a * b;
  case SCULL_CUDA_DO_DIV: return a / b;
  case SCULL_CUDA_DO_POW: return powf(a, b);
  case SCULL_CUDA_DO_MAX: return fmaxf(a, b);
  case SCULL_CUDA_DO_MIN: return fminf(a, b);
  case SCULL_CUDA_DO_EQUAL: return a == b;
  case SCULL_CUDA_DO_NOT_EQUAL: return a != b;
  case SCULL_CUDA_DO_LESS: return a < b;
  case SCULL_CUDA_DO_LESS_EQUAL: return a <= b;
  case SCULL_CUDA_DO_GREATER: return a > b;
  case SCULL_CUDA_DO_GREATER_EQUAL: return a >= b;
  case SCULL_CUDA_DO_AND: return a != 0 && b != 0;
  case SCULL_CUDA_DO_OR: return a != 0 || b != 0;
  case SCULL_CUDA_DO_XOR: return (a != 0) != (b != 0);
  case SCULL_CUDA_DO_PRELU: return a < 0 ? b * a : a;
  default: return a;
  }
}

} // namespace activation
#endif
