/* depthwise.cu: depthwise 3x3 and 5x5 convolution, NHWC FP16 (sums in FP32) or INT8.
 *
 * Algorithm: no tensor cores, there is nothing to reuse but pixels. A thread owns 8 channels and a
 * patch of DOWN x RUN output pixels; the input columns under a row are loaded once and serve all
 * the outputs that see them. INT8 products take a whole word of four channels against a word of
 * weights with all but one of them masked away (dp4a), so nothing is unpacked. Taps, bias and scale
 * are fetched before the wait on the input. Few pixels: one output a thread.
 *
 *   tile   a thread: DOWN x RUN x 8 channels; a block: 128 threads over channels first
 *   floor  the bytes: each input and output once (rows meet in L1/L2). Measured share:
 * docs/kernels.md */
#include "depthwise.h"

#include <cuda_runtime.h>

#include "conv_common.cuh"

namespace {

#ifndef D1
#define D1 2
#define R1 2
#define D2 4
#define R2 2
#endif
enum { THREADS = 128 };

/* Eight channels of one pixel or tap, as they lie in memory. */
template <class T> struct eight;

template <> struct eight<__half> {
  uint4 v;
  __device__ __forceinline__ void load(const void *p) {
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "l"(p));
  }
  __device__ __forceinline__ void constant(const void *p) {
    v = __ldg((const uint4 *)p);
  }
  __device__ __forceinline__ void zero() {
    v = make_uint4(0, 0, 0, 0);
  }
};

template <> struct eight<int8_t> {
  uint2 v;
  __device__ __forceinline__ void load(const void *p) {
    asm volatile("ld.global.v2.u32 {%0, %1}, [%2];" : "=r"(v.x), "=r"(v.y) : "l"(p));
  }
  __device__ __forceinline__ void constant(const void *p) {
    v = __ldg((const uint2 *)p);
  }
  __device__ __forceinline__ void zero() {
    v = make_uint2(0, 0);
  }
};

__device__ __forceinline__ void add(float (&sum)[8], const eight<__half> &x,
                                    const eight<__half> &w) {
  const __half2 *a = (const __half2 *)&x.v, *b = (const __half2 *)&w.v;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    float2 p = __half22float2(a[i]), q = __half22float2(b[i]);
    sum[2 * i] = fmaf(p.x, q.x, sum[2 * i]);
    sum[2 * i + 1] = fmaf(p.y, q.y, sum[2 * i + 1]);
  }
}

__device__ __forceinline__ void add(int (&sum)[8], const eight<int8_t> &x, const eight<int8_t> &w) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    sum[i] = __dp4a((int)x.v.x, (int)(w.v.x & 0xffu << 8 * i), sum[i]);
    sum[4 + i] = __dp4a((int)x.v.y, (int)(w.v.y & 0xffu << 8 * i), sum[4 + i]);
  }
}

template <class T> __device__ __forceinline__ void store8(T *dst, const float (&v)[8]) {
  if constexpr (sizeof(T) == 2)
    *(uint4 *)dst = conv::pack_half(v);
  else
    *(uint2 *)dst = make_uint2(conv::pack_bytes(v[0], v[1], v[2], v[3]),
                               conv::pack_bytes(v[4], v[5], v[6], v[7]));
}

template <class T, int R, int STRIDE, int DOWN, int RUN>
__global__ void __launch_bounds__(THREADS)
    depthwise(const __grid_constant__ scull_cuda_depthwise_t t, int runs, int downs, int work) {
  using sum_t = typename conv::element<T>::sum;
  constexpr int COLS = (RUN - 1) * STRIDE + R, TAPS = (R * R * 8 * (int)sizeof(T) + 15) / 16 * 16;
  int groups = t.c / 8, i = blockIdx.x * THREADS + threadIdx.x;
  int group = i % groups, rest = i / groups;
  int run = rest % runs, down = rest / runs % downs, n = rest / runs / downs;
  const char *block = (const char *)t.weights + group * (TAPS + 64);
  eight<T> w[R * R];
  conv::affine8<T> scale;
  if (i < work) {
#pragma unroll
    for (int k = 0; k < R * R; k++)
      w[k].constant(block + k * 8 * sizeof(T));
    scale = conv::affine_load<T>((const float *)(block + TAPS), (const float *)(block + TAPS) + 8,
                                 0, 8);
  }
  sm90::chain_trigger();
  sm90::chain_wait();
  if (i >= work)
    return;
  int x0 = run * RUN, u0 = x0 * STRIDE - t.pad, y0 = down * DOWN, v0 = y0 * STRIDE - t.pad;
  const T *src =
      (const T *)t.src + ((long long)(n * t.h + v0) * t.w + u0) * t.src_pitch + group * 8;
  T *dst = (T *)t.dst + ((size_t)(n * t.p + y0) * t.q + x0) * t.dst_pitch + group * 8;
  eight<T> in[R][COLS];
#pragma unroll
  for (int d = 0; d < DOWN; d++) {
    /* Row v of the patch lives in in[v % R]; only the rows that are new are loaded. */
#pragma unroll
    for (int v = d == 0 ? 0 : (d - 1) * STRIDE + R; v < d * STRIDE + R; v++) {
      bool inside = (unsigned)(v0 + v) < (unsigned)t.h;
#pragma unroll
      for (int u = 0; u < COLS; u++) {
        in[v % R][u].zero();
        if (inside && (unsigned)(u0 + u) < (unsigned)t.w)
          in[v % R][u].load(src + ((long long)v * t.w + u) * t.src_pitch);
      }
    }
#pragma unroll
    for (int j = 0; j < RUN; j++) {
      sum_t sum[8] = {};
      float v[8];
#pragma unroll
      for (int k = 0; k < R * R; k++)
        add(sum, in[(d * STRIDE + k / R) % R][j * STRIDE + k % R], w[k]);
      conv::affine(v, sum, scale);
#pragma unroll
      for (int e = 0; e < 8; e++)
        v[e] = fminf(fmaxf(v[e], t.lo), t.hi);
      if (y0 + d < t.p && x0 + j < t.q)
        store8(dst + ((size_t)d * t.q + j) * t.dst_pitch, v);
    }
  }
}

template <class T, int R, int STRIDE, int DOWN, int RUN>
int enqueue(const scull_cuda_depthwise_t *t, int chained, void *stream) {
  int runs = (t->q + RUN - 1) / RUN, downs = (t->p + DOWN - 1) / DOWN;
  int work = t->n * downs * runs * (t->c / 8);
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
  return cudaLaunchKernelEx(&config, depthwise<T, R, STRIDE, DOWN, RUN>, *t, runs, downs, work);
}

template <class T, int R, int STRIDE>
int enqueue_shape(const scull_cuda_depthwise_t *t, int chained, void *stream) {
  /* Patches reuse columns and rows; few pixels need more threads instead. */
  if ((long long)t->n * t->p * t->q * t->c < (long long)1 << 21)
    return enqueue<T, R, STRIDE, 1, 1>(t, chained, stream);
  if (R == 5)
    return enqueue<T, R, STRIDE, 1, 2>(t, chained, stream);
  return STRIDE == 1 ? enqueue<T, R, STRIDE, D1, R1>(t, chained, stream)
                     : enqueue<T, R, STRIDE, D2, R2>(t, chained, stream);
}

template <class T> int enqueue_type(const scull_cuda_depthwise_t *t, int chained, void *stream) {
  if (t->r == 3)
    return t->stride == 1 ? enqueue_shape<T, 3, 1>(t, chained, stream)
                          : enqueue_shape<T, 3, 2>(t, chained, stream);
  return t->stride == 1 ? enqueue_shape<T, 5, 1>(t, chained, stream)
                        : enqueue_shape<T, 5, 2>(t, chained, stream);
}

} // namespace

int scull_cuda_depthwise_enqueue(const scull_cuda_depthwise_t *t, int chained, void *stream) {
  if (t->c % 8 || (t->r != 3 && t->r != 5) || (t->stride != 1 && t->stride != 2))
    return cudaErrorInvalidValue;
  return t->type == SCULL_CUDA_S8 ? enqueue_type<int8_t>(t, chained, stream)
                                  : enqueue_type<__half>(t, chained, stream);
}
