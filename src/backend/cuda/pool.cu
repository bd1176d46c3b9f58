/* pool.cu: maximum and mean pooling, NHWC FP16 and INT8, sums in FP32 and INT32.
 *
 * Algorithm: a thread owns 8 channels (16 bytes) of one output pixel and walks its window; for the
 * global mean a block owns 64 channels of one image, 32 threads share the pixels of each 8 channels
 * and meet in shared memory.
 *
 *   floor  the bytes: each input once (windows overlap in L1/L2), each output once.
 *          Measured share: docs/kernels.md. */
#include "backend/cuda/pool.h"

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "backend/cuda/conv.h"
#include "backend/cuda/sm90.cuh"

namespace {

__device__ __forceinline__ uint4 load16(const void *p) {
  uint4 v;
  asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(p)
               : "memory");
  return v;
}

__device__ __forceinline__ void add8(float (&sum)[8], uint4 v) {
  const __half2 *h = (const __half2 *)&v;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    float2 f = __half22float2(h[i]);
    sum[2 * i] += f.x;
    sum[2 * i + 1] += f.y;
  }
}

__device__ __forceinline__ uint4 pack8(const float (&v)[8], float scale) {
  uint4 out;
  __half2 *h = (__half2 *)&out;
#pragma unroll
  for (int i = 0; i < 4; i++)
    h[i] = __floats2half2_rn(v[2 * i] * scale, v[2 * i + 1] * scale);
  return out;
}

__device__ __forceinline__ int byte_of(uint32_t word, int i, bool is_unsigned) {
  uint32_t byte = word >> 8 * i;
  return is_unsigned ? (int)(uint8_t)byte : (int)(int8_t)byte;
}

__device__ __forceinline__ void add8_bytes(float (&sum)[8], const void *p, bool is_unsigned) {
  uint32_t v[2];
  asm volatile("ld.global.v2.u32 {%0, %1}, [%2];" : "=r"(v[0]), "=r"(v[1]) : "l"(p) : "memory");
#pragma unroll
  for (int i = 0; i < 8; i++)
    sum[i] += (float)byte_of(v[i / 4], i % 4, is_unsigned);
}

__global__ void __launch_bounds__(256) pool_global(const void *src, void *dst, int pixels, int c,
                                                   float src_scale, int is_unsigned, int wide) {
  __shared__ float part[8][8][9];
  sm90::chain_trigger();
  sm90::chain_wait();
  int group = threadIdx.x & 7, lane = threadIdx.x >> 3, ch = blockIdx.x * 64 + group * 8;
  float sum[8] = {};
  if (ch < c) {
    size_t first = ((size_t)blockIdx.y * pixels) * c + ch;
    for (int i = lane; i < pixels; i += 32)
      if (src_scale == 0)
        add8(sum, load16((const __half *)src + first + (size_t)i * c));
      else
        add8_bytes(sum, (const int8_t *)src + first + (size_t)i * c, is_unsigned);
  }
#pragma unroll
  for (int i = 0; i < 8; i++) {
    sum[i] += __shfl_xor_sync(~0u, sum[i], 8);
    sum[i] += __shfl_xor_sync(~0u, sum[i], 16);
    if ((threadIdx.x & 31) < 8)
      part[threadIdx.x >> 5][group][i] = sum[i];
  }
  __syncthreads();
  if (threadIdx.x < 64 && blockIdx.x * 64 + threadIdx.x < c) {
    float total = 0;
    for (int i = 0; i < 8; i++)
      total += part[i][threadIdx.x >> 3][threadIdx.x & 7];
    size_t at = (size_t)blockIdx.y * c + blockIdx.x * 64 + threadIdx.x;
    total = total / pixels * (src_scale == 0 ? 1.0f : src_scale);
    if (wide)
      ((float *)dst)[at] = total;
    else
      ((__half *)dst)[at] = __float2half(total);
  }
}

template <bool MEAN>
__global__ void __launch_bounds__(256) pool_window(const __grid_constant__ scull_cuda_pool_t t) {
  sm90::chain_trigger();
  sm90::chain_wait();
  int groups = t.c / 8;
  long long total = (long long)t.n * t.p * t.q * groups;
  long long i = (long long)blockIdx.x * 256 + threadIdx.x;
  if (i >= total)
    return;
  int group = (int)(i % groups), pixel = (int)(i / groups);
  int x = pixel % t.q, row = pixel / t.q, y = row % t.p, n = row / t.p;
  int y0 = y * t.stride_h - t.pad_h, x0 = x * t.stride_w - t.pad_w;
  int ya = max(y0, 0), yb = min(y0 + t.r, t.h), xa = max(x0, 0), xb = min(x0 + t.s, t.w);
  float sum[8] = {};
  uint4 best = make_uint4(0xfc00fc00u, 0xfc00fc00u, 0xfc00fc00u, 0xfc00fc00u);
  __half2 *b = (__half2 *)&best;
  for (int v = ya; v < yb; v++)
    for (int u = xa; u < xb; u++) {
      uint4 in = load16((const __half *)t.src + (((size_t)n * t.h + v) * t.w + u) * t.src_pitch +
                        group * 8);
      const __half2 *h = (const __half2 *)&in;
      if (MEAN)
        add8(sum, in);
      else
        for (int e = 0; e < 4; e++)
          b[e] = __hmax2(b[e], h[e]);
    }
  if (MEAN)
    best = pack8(sum, 1.0f / (t.count_inside ? max((yb - ya) * (xb - xa), 1) : t.r * t.s));
  *(uint4 *)((__half *)t.dst + (size_t)pixel * t.dst_pitch + group * 8) = best;
}

/* INT8: sixteen channels a thread. */
template <bool MEAN>
__global__ void __launch_bounds__(256) pool_bytes(const __grid_constant__ scull_cuda_pool_t t) {
  sm90::chain_trigger();
  sm90::chain_wait();
  int groups = t.c / 16;
  long long total = (long long)t.n * t.p * t.q * groups;
  long long i = (long long)blockIdx.x * 256 + threadIdx.x;
  if (i >= total)
    return;
  int group = (int)(i % groups), pixel = (int)(i / groups);
  int q = pixel % t.q, row = pixel / t.q, y = row % t.p, n = row / t.p;
  int y0 = y * t.stride_h - t.pad_h, x0 = q * t.stride_w - t.pad_w;
  int ya = max(y0, 0), yb = min(y0 + t.r, t.h), xa = max(x0, 0), xb = min(x0 + t.s, t.w);
  bool u = (t.signs & SCULL_CUDA_UNSIGNED_SRC) != 0, du = (t.signs & SCULL_CUDA_UNSIGNED_DST) != 0;
  int sum[16] = {};
  uint32_t least = u ? 0 : 0x80808080u, best[4] = {least, least, least, least};
  for (int v = ya; v < yb; v++)
    for (int x = xa; x < xb; x++) {
      uint4 in = load16((const int8_t *)t.src + (((size_t)n * t.h + v) * t.w + x) * t.src_pitch +
                        group * 16);
      const uint32_t w[4] = {in.x, in.y, in.z, in.w};
#pragma unroll
      for (int e = 0; e < (MEAN ? 16 : 0); e++)
        sum[e] += byte_of(w[e / 4], e % 4, u);
#pragma unroll
      for (int e = 0; e < (MEAN ? 0 : 4); e++)
        best[e] = u ? __vmaxu4(best[e], w[e]) : __vmaxs4(best[e], w[e]);
    }
  if (MEAN || t.factor != 1 || u != du) {
    int count = t.count_inside ? max((yb - ya) * (xb - xa), 1) : t.r * t.s;
    float factor = MEAN ? t.factor / count : t.factor, low = du ? 0 : -127, high = du ? 255 : 127;
    uint32_t out[4] = {};
#pragma unroll
    for (int e = 0; e < 16; e++) {
      int v = MEAN ? sum[e] : byte_of(best[e / 4], e % 4, u);
      int r = (int)fminf(fmaxf(rintf(v * factor), low), high);
      out[e / 4] |= (uint32_t)(uint8_t)r << 8 * (e % 4);
    }
#pragma unroll
    for (int e = 0; e < 4; e++)
      best[e] = out[e];
  }
  *(uint4 *)((int8_t *)t.dst + (size_t)pixel * t.dst_pitch + group * 16) =
      make_uint4(best[0], best[1], best[2], best[3]);
}

int configure(cudaLaunchConfig_t *config, cudaLaunchAttribute *attr, dim3 grid, int chained,
              void *stream) {
  *config = {};
  config->gridDim = grid;
  config->blockDim = dim3(256);
  config->stream = (cudaStream_t)stream;
  config->attrs = attr;
  attr->id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attr->val.programmaticStreamSerializationAllowed = 1;
  config->numAttrs = chained ? 1 : 0;
  return 0;
}

} // namespace

int scull_cuda_pool_global_enqueue(const void *src, void *dst, int n, int pixels, int c,
                                   float src_scale, int is_unsigned, int wide, int chained,
                                   void *stream) {
  cudaLaunchConfig_t config;
  cudaLaunchAttribute attr;
  configure(&config, &attr, dim3((c + 63) / 64, n), chained, stream);
  return cudaLaunchKernelEx(&config, pool_global, src, dst, pixels, c, src_scale, is_unsigned,
                            wide);
}

int scull_cuda_pool_enqueue(const scull_cuda_pool_t *t, int chained, void *stream) {
  cudaLaunchConfig_t config;
  cudaLaunchAttribute attr;
  long long total = (long long)t->n * t->p * t->q * (t->c / (t->factor == 0 ? 8 : 16));
  configure(&config, &attr, dim3((unsigned)((total + 255) / 256)), chained, stream);
  if (t->factor != 0)
    return cudaLaunchKernelEx(&config, t->mean ? pool_bytes<true> : pool_bytes<false>, *t);
  return cudaLaunchKernelEx(&config, t->mean ? pool_window<true> : pool_window<false>, *t);
}
