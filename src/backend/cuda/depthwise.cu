/* depthwise.cu: depthwise 3x3 and 5x5 convolution, NHWC FP16, sums in FP32.
 *
 * Algorithm: no tensor cores, there is nothing to reuse but pixels. A thread owns 8 channels (16
 * bytes) and a run of RUN output pixels of one row; the input columns under the run are loaded once
 * per filter row and serve all its outputs. Taps and bias are fetched before the wait on the input.
 *
 *   tile   a thread: RUN x 8 channels; a block: 256 threads over channels first, then runs
 *   floor  the bytes: each input and output once (rows meet in L1/L2). Measured share:
 * docs/kernels.md */
#include "depthwise.h"

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "sm90.cuh"

namespace {

enum { THREADS = 256, CHANNELS = 64 };

__device__ __forceinline__ uint4 load16(const void *p) {
  uint4 v;
  asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(p));
  return v;
}

template <int R, int STRIDE, int RUN>
__global__ void __launch_bounds__(THREADS)
    depthwise(const __grid_constant__ scull_cuda_depthwise_t t, int runs, int work) {
  constexpr int COLS = (RUN - 1) * STRIDE + R, BLOCK_BYTES = R * R * CHANNELS * 2 + CHANNELS * 4;
  int groups = t.c / 8, i = blockIdx.x * THREADS + threadIdx.x;
  int group = i % groups, rest = i / groups;
  int run = rest % runs, row = rest / runs, y = row % t.p, n = row / t.p;
  const char *block = (const char *)t.weights + group / 8 * BLOCK_BYTES;
  uint4 w[R * R];
  float acc[RUN][8];
  if (i < work) {
#pragma unroll
    for (int k = 0; k < R * R; k++)
      w[k] = __ldg((const uint4 *)(block + k * CHANNELS * 2) + group % 8);
    const float *bias = (const float *)(block + R * R * CHANNELS * 2) + group % 8 * 8;
#pragma unroll
    for (int e = 0; e < 8; e++)
      acc[0][e] = __ldg(bias + e);
#pragma unroll
    for (int j = 1; j < RUN; j++)
#pragma unroll
      for (int e = 0; e < 8; e++)
        acc[j][e] = acc[0][e];
  }
  sm90::chain_trigger();
  sm90::chain_wait();
  if (i >= work)
    return;
  int x0 = run * RUN, v0 = y * STRIDE - t.pad, u0 = x0 * STRIDE - t.pad;
  const __half *src =
      (const __half *)t.src + ((long long)(n * t.h + v0) * t.w + u0) * t.src_pitch + group * 8;
#pragma unroll
  for (int r = 0; r < R; r++) {
    uint4 in[COLS];
    bool inside = (unsigned)(v0 + r) < (unsigned)t.h;
#pragma unroll
    for (int u = 0; u < COLS; u++)
      in[u] = inside && (unsigned)(u0 + u) < (unsigned)t.w
                  ? load16(src + ((long long)r * t.w + u) * t.src_pitch)
                  : make_uint4(0, 0, 0, 0);
#pragma unroll
    for (int u = 0; u < COLS; u++) {
      const __half2 *h = (const __half2 *)&in[u];
#pragma unroll
      for (int e = 0; e < 4; e++) {
        float2 f = __half22float2(h[e]);
#pragma unroll
        for (int j = 0; j < RUN; j++) {
          int s = u - j * STRIDE;
          if (s < 0 || s >= R)
            continue;
          float2 k = __half22float2(((const __half2 *)&w[r * R + s])[e]);
          acc[j][2 * e] = fmaf(f.x, k.x, acc[j][2 * e]);
          acc[j][2 * e + 1] = fmaf(f.y, k.y, acc[j][2 * e + 1]);
        }
      }
    }
  }
#pragma unroll
  for (int j = 0; j < RUN; j++) {
    uint4 out;
    __half2 *h = (__half2 *)&out;
#pragma unroll
    for (int e = 0; e < 4; e++)
      h[e] = __floats2half2_rn(fminf(fmaxf(acc[j][2 * e], t.lo), t.hi),
                               fminf(fmaxf(acc[j][2 * e + 1], t.lo), t.hi));
    if (x0 + j < t.q)
      *(uint4 *)((__half *)t.dst + ((size_t)row * t.q + x0 + j) * t.dst_pitch + group * 8) = out;
  }
}

template <int R, int STRIDE, int RUN>
int enqueue(const scull_cuda_depthwise_t *t, int chained, void *stream) {
  int runs = (t->q + RUN - 1) / RUN, work = t->n * t->p * runs * (t->c / 8);
  cudaLaunchAttribute attr[1];
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3((work + THREADS - 1) / THREADS);
  config.blockDim = dim3(THREADS);
  config.stream = (cudaStream_t)stream;
  config.attrs = attr;
  if (chained) {
    attr[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attr[0].val.programmaticStreamSerializationAllowed = 1;
    config.numAttrs = 1;
  }
  return cudaLaunchKernelEx(&config, depthwise<R, STRIDE, RUN>, *t, runs, work);
}

} // namespace

int scull_cuda_depthwise_enqueue(const scull_cuda_depthwise_t *t, int chained, void *stream) {
  /* Long runs reuse columns; few pixels need more threads instead. */
  bool few = (long long)t->n * t->p * t->q * t->c < (long long)1 << 21;
  if (t->c % 8)
    return cudaErrorInvalidValue;
  if (t->r == 3 && t->stride == 1)
    return few ? enqueue<3, 1, 1>(t, chained, stream) : enqueue<3, 1, 4>(t, chained, stream);
  if (t->r == 3 && t->stride == 2)
    return few ? enqueue<3, 2, 1>(t, chained, stream) : enqueue<3, 2, 2>(t, chained, stream);
  if (t->r == 5 && t->stride == 1)
    return few ? enqueue<5, 1, 1>(t, chained, stream) : enqueue<5, 1, 2>(t, chained, stream);
  if (t->r == 5 && t->stride == 2)
    return few ? enqueue<5, 2, 1>(t, chained, stream) : enqueue<5, 2, 2>(t, chained, stream);
  return cudaErrorInvalidValue;
}
