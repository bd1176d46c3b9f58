/* gpu_bench.cuh: what the programs of this folder share: checked calls, random numbers, timing of
 * captured graphs, and a plain convolution to compare with. */
#ifndef SCULL_BENCH_GPU_BENCH_CUH
#define SCULL_BENCH_GPU_BENCH_CUH

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "backend/cuda/conv.h"
#include "backend/cuda/depthwise.h"

#define CHECK(call)                                                                                \
  do {                                                                                             \
    int e_ = (int)(call);                                                                          \
    if (e_ != 0) {                                                                                 \
      printf("%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorString((cudaError_t)e_));   \
      exit(1);                                                                                     \
    }                                                                                              \
  } while (0)

struct rng {
  uint64_t state;
  uint32_t next() {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 32);
  }
  float unit() {
    return (float)(next() >> 8) * (1.0f / 16777216.0f);
  }
  /* Sum of four uniforms: near enough to a normal variable of deviation 1. */
  float normal() {
    return (unit() + unit() + unit() + unit() - 2.0f) * 1.7320508f;
  }
};

template <class T> T *device_copy(const std::vector<T> &host) {
  T *p;
  CHECK(cudaMalloc(&p, host.size() * sizeof(T)));
  CHECK(cudaMemcpy(p, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice));
  return p;
}

struct graph {
  cudaGraphExec_t exec = nullptr;
  explicit graph(cudaStream_t stream, const std::function<void()> &record) {
    cudaGraph_t g;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    record();
    CHECK(cudaStreamEndCapture(stream, &g));
    CHECK(cudaGraphInstantiate(&exec, g, 0));
    CHECK(cudaGraphDestroy(g));
    CHECK(cudaGraphUpload(exec, stream));
  }
  ~graph() {
    cudaGraphExecDestroy(exec);
  }
  graph(const graph &) = delete;
};

/* Median of `count` replays, each between two events, in microseconds. `before` runs ahead of each,
 * outside the interval (to flush the L2). */
inline double time_replays(const graph &g, cudaStream_t stream, int count,
                           const std::function<void()> &before = nullptr) {
  static cudaEvent_t a = nullptr, b = nullptr;
  if (!a) {
    CHECK(cudaEventCreate(&a));
    CHECK(cudaEventCreate(&b));
  }
  std::vector<float> ms;
  for (int i = 0; i < count + 2; i++) {
    if (before)
      before();
    CHECK(cudaEventRecord(a, stream));
    CHECK(cudaGraphLaunch(g.exec, stream));
    CHECK(cudaEventRecord(b, stream));
    CHECK(cudaEventSynchronize(b));
    float t;
    CHECK(cudaEventElapsedTime(&t, a, b));
    if (i >= 2)
      ms.push_back(t);
  }
  std::sort(ms.begin(), ms.end());
  return ms[ms.size() / 2] * 1000.0;
}

struct error_sums {
  double diff2, ref2;
  float worst;
  unsigned poisoned;
};

__device__ inline float value_of(const void *p, int type, size_t i) {
  return type == SCULL_CUDA_S8    ? (float)((const int8_t *)p)[i]
         : type == SCULL_CUDA_F16 ? __half2float(((const __half *)p)[i])
                                  : ((const float *)p)[i];
}

__device__ inline float plain_depthwise(const scull_cuda_depthwise_t &t, const void *w,
                                        const float *bias, const float *scale, size_t i) {
  int c = (int)(i % t.c), x = (int)(i / t.c % t.q), y = (int)(i / t.c / t.q % t.p);
  int n = (int)(i / t.c / t.q / t.p);
  float sum = 0;
  for (int r = 0; r < t.r; r++)
    for (int s = 0; s < t.r; s++) {
      int v = y * t.stride - t.pad + r, u = x * t.stride - t.pad + s;
      if (v >= 0 && v < t.h && u >= 0 && u < t.w)
        sum += value_of(t.src, t.type, (((size_t)n * t.h + v) * t.w + u) * t.src_pitch + c) *
               value_of(w, t.type, ((size_t)c * t.r + r) * t.r + s);
    }
  bool s8 = t.type == SCULL_CUDA_S8;
  sum = fminf(fmaxf((s8 ? sum * scale[c] : sum) + bias[c], t.lo), t.hi);
  return s8 ? fminf(fmaxf(rintf(sum), -128), 127) : sum;
}

__device__ inline float plain_conv(const scull_cuda_conv_t &t, const void *w, const void *w2,
                                   size_t i) {
  int k = (int)(i % t.k);
  size_t m = i / t.k;
  int x = (int)(m % t.q), y = (int)(m / t.q % t.p), n = (int)(m / t.q / t.p);
  float sum = 0;
  for (int r = 0; r < t.r; r++)
    for (int s = 0; s < t.s; s++) {
      int v = y * t.stride_h - t.pad_h + r * t.dil_h, u = x * t.stride_w - t.pad_w + s * t.dil_w;
      if (v < 0 || v >= t.h || u < 0 || u >= t.w)
        continue;
      size_t in = (((size_t)n * t.h + v) * t.w + u) * t.src_pitch;
      size_t f = (((size_t)k * t.r + r) * t.s + s) * t.c;
      for (int c = 0; c < t.c; c++)
        sum += value_of(t.src, t.type, in + c) * value_of(w, t.type, f + c);
    }
  if (t.src2) {
    size_t in = (((size_t)n * t.h2 + y * t.stride2) * t.w2 + x * t.stride2) * t.src2_pitch;
    for (int c = 0; c < t.c2; c++)
      sum += value_of(t.src2, t.type, in + c) * value_of(w2, t.type, (size_t)k * t.c2 + c);
  }
  bool s8 = t.type == SCULL_CUDA_S8;
  sum = (s8 ? sum * t.scale[k] : sum) + t.bias[k];
  if (t.residual)
    sum += value_of(t.residual, t.type, m * t.res_pitch + k) * (s8 ? t.res_scale : 1);
  sum = fminf(fmaxf(sum, t.lo), t.hi);
  return t.dst_type == SCULL_CUDA_S8 ? fminf(fmaxf(rintf(sum), -128), 127) : sum;
}

__device__ inline void error_add(error_sums *sums, float got, float want) {
  float d = fabsf(got - want);
  if (!(d < 1e30f))
    d = 1e30f;
  atomicAdd(&sums->diff2, (double)d * d);
  atomicAdd(&sums->ref2, (double)want * want);
  atomicMax((int *)&sums->worst, __float_as_int(d));
}

/* All elements, or spread ones. */
__device__ inline size_t sample_of(size_t j, int samples, size_t total) {
  return (size_t)samples == total ? j : (j * 2654435761ull + j * j * 40503ull) % total;
}

__global__ void check_conv(scull_cuda_conv_t t, const void *w, const void *w2, size_t total,
                           int samples, error_sums *sums) {
  size_t j = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (j >= (size_t)samples)
    return;
  size_t i = sample_of(j, samples, total);
  size_t at = i / t.k * t.dst_pitch + i % t.k;
  float got = value_of(t.dst, t.dst_type, at);
  error_add(sums, got, plain_conv(t, w, w2, i));
}

__global__ void count_poison(const uint32_t *p, size_t count, error_sums *sums) {
  size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count && p[i] == 0xffffffffu)
    atomicAdd(&sums->poisoned, 1u);
}

#endif
