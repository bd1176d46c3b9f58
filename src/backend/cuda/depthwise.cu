/* depthwise.cu: depthwise 3x3 and 5x5 convolution, NHWC FP16 (rows of taps summed in FP16, rows in
 * FP32), INT8 or FP32.
 *
 * Algorithm: no tensor cores, there is nothing to reuse but pixels. A thread owns 8 channels and a
 * patch of DOWN x RUN output pixels; the input columns under a row are loaded once and serve all
 * the outputs that see them. INT8 takes whole words: four columns of one channel against a
 * row of taps (dp4a), so nothing is unpacked. Taps, bias and scale
 * are fetched before the wait on the input. Few pixels: one output a thread.
 *
 *   tile   a thread: DOWN x RUN x 8 channels; a block: 128 threads over channels first
 *   floor  the bytes: each input and output once (rows meet in L1/L2). Share: docs/kernels.md */
#include "backend/cuda/depthwise.h"

#include <cuda_runtime.h>

#include "backend/cuda/activation.cuh"
#include "backend/cuda/conv_end.cuh"
#include "backend/cuda/sm90.cuh"

namespace {

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

template <> struct eight<uint8_t> : eight<int8_t> {};

/* Four products of pixels, signed or not, and signed weights. */
template <class T> __device__ __forceinline__ int dp4(uint32_t x, uint32_t w, int sum) {
  if constexpr ((T)-1 < 0)
    return __dp4a((int)x, (int)w, sum);
  int out;
  asm("dp4a.u32.s32 %0, %1, %2, %3;" : "=r"(out) : "r"(x), "r"(w), "r"(sum));
  return out;
}

/* One row of taps. FP16: the row's products are summed in FP16, the rows in FP32. */
template <int R, int COLS>
__device__ __forceinline__ void add_row(float (&sum)[8], const eight<__half> (&x)[COLS], int first,
                                        const eight<__half> *w) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    __half2 row = __hmul2(((const __half2 *)&x[first].v)[i], ((const __half2 *)&w[0].v)[i]);
#pragma unroll
    for (int s = 1; s < R; s++)
      row = __hfma2(((const __half2 *)&x[first + s].v)[i], ((const __half2 *)&w[s].v)[i], row);
    float2 f = __half22float2(row);
    sum[2 * i] += f.x;
    sum[2 * i + 1] += f.y;
  }
}

template <int R, class T, int COLS>
__device__ __forceinline__ void add_row(int (&sum)[8], const eight<T> (&x)[COLS], int first,
                                        const eight<T> *w) {
#pragma unroll
  for (int s = 0; s < R; s++)
#pragma unroll
    for (int i = 0; i < 4; i++) {
      uint2 v = x[first + s].v;
      sum[i] = dp4<T>(v.x, w[s].v.x & 0xffu << 8 * i, sum[i]);
      sum[4 + i] = dp4<T>(v.y, w[s].v.y & 0xffu << 8 * i, sum[4 + i]);
    }
}

template <class T> __device__ __forceinline__ void store8(T *dst, const float (&v)[8], int signs) {
  if constexpr (sizeof(T) == 2)
    *(uint4 *)dst = conv::pack_half(v);
  else
    *(uint2 *)dst = conv::pack_bytes(v, signs);
}

/* ANY: what is behind is no clamp (those have no room for calls). */
template <bool ANY>
__device__ __forceinline__ float end_of(const scull_cuda_depthwise_t &t, float v) {
  if constexpr (ANY)
    return activation::end(v, t.act);
  else
    return fminf(fmaxf(v, t.lo), t.hi);
}

template <class T, int R, int STRIDE, int DOWN, int RUN, bool ANY = false>
__global__ void __launch_bounds__(THREADS)
    depthwise(const __grid_constant__ scull_cuda_depthwise_t t, int runs, int downs, int work) {
  using sum_t = typename conv::sum_of<T>::type;
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
      for (int r = 0; r < R; r++)
        add_row<R>(sum, in[(d * STRIDE + r) % R], j * STRIDE, w + r * R);
      conv::affine(v, sum, scale);
#pragma unroll
      for (int e = 0; e < 8; e++)
        v[e] = end_of<ANY>(t, v[e]);
      if (y0 + d < t.p && x0 + j < t.q)
        store8(dst + ((size_t)d * t.q + j) * t.dst_pitch, v, t.signs);
    }
  }
}

/* Four pixels of eight channels to, a channel a word, four neighbouring pixels of it. */
__device__ __forceinline__ void turn(uint32_t (&t)[8], uint2 a, uint2 b, uint2 c, uint2 d) {
#pragma unroll
  for (int i = 0; i < 2; i++) {
    uint32_t p = i ? a.y : a.x, q = i ? b.y : b.x, r = i ? c.y : c.x, s = i ? d.y : d.x;
    uint32_t pq = __byte_perm(p, q, 0x5140), rs = __byte_perm(r, s, 0x5140);
    t[4 * i] = __byte_perm(pq, rs, 0x5410);
    t[4 * i + 1] = __byte_perm(pq, rs, 0x7632);
    pq = __byte_perm(p, q, 0x7362), rs = __byte_perm(r, s, 0x7362);
    t[4 * i + 2] = __byte_perm(pq, rs, 0x5410);
    t[4 * i + 3] = __byte_perm(pq, rs, 0x7632);
  }
}

/* 3x3 of many INT8 pixels: four columns of a channel make one word, so that one dp4a does a row of
 * taps; such a window serves two outputs at stride 1 (the weights shifted by a byte), one at 2. */
template <class T, int STRIDE, int DOWN, int WINDOWS>
__global__ void __launch_bounds__(THREADS)
    depthwise3_bytes(const __grid_constant__ scull_cuda_depthwise_t t, int runs, int downs,
                     int work) {
  constexpr int EACH = 3 - STRIDE, RUN = WINDOWS * EACH, COLS = 2 * WINDOWS + 2, TAPS = 80;
  int groups = t.c / 8, i = blockIdx.x * THREADS + threadIdx.x;
  int group = i % groups, rest = i / groups;
  int run = rest % runs, down = rest / runs % downs, n = rest / runs / downs;
  const char *block = (const char *)t.weights + group * (TAPS + 64);
  uint32_t w[3][8];
  conv::affine8<int8_t> scale;
  if (i < work) {
    const uint2 *taps = (const uint2 *)block;
#pragma unroll
    for (int r = 0; r < 3; r++)
      turn(w[r], __ldg(taps + 3 * r), __ldg(taps + 3 * r + 1), __ldg(taps + 3 * r + 2),
           make_uint2(0, 0));
    scale = conv::affine_load<int8_t>((const float *)(block + TAPS),
                                      (const float *)(block + TAPS) + 8, 0, 8);
  }
  sm90::chain_trigger();
  sm90::chain_wait();
  if (i >= work)
    return;
  int x0 = run * RUN, u0 = x0 * STRIDE - t.pad, y0 = down * DOWN, v0 = y0 * STRIDE - t.pad;
  const T *src =
      (const T *)t.src + ((long long)(n * t.h + v0) * t.w + u0) * t.src_pitch + group * 8;
  T *dst = (T *)t.dst + ((size_t)(n * t.p + y0) * t.q + x0) * t.dst_pitch + group * 8;
  uint32_t in[3][WINDOWS][8];
#pragma unroll
  for (int d = 0; d < DOWN; d++) {
#pragma unroll
    for (int v = d == 0 ? 0 : (d - 1) * STRIDE + 3; v < d * STRIDE + 3; v++) {
      eight<int8_t> x[COLS];
      bool inside = (unsigned)(v0 + v) < (unsigned)t.h;
#pragma unroll
      for (int u = 0; u < COLS; u++) {
        x[u].zero();
        if (inside && (unsigned)(u0 + u) < (unsigned)t.w && u < (RUN - 1) * STRIDE + 3)
          x[u].load(src + ((long long)v * t.w + u) * t.src_pitch);
      }
#pragma unroll
      for (int g = 0; g < WINDOWS; g++)
        turn(in[v % 3][g], x[2 * g].v, x[2 * g + 1].v, x[2 * g + 2].v, x[2 * g + 3].v);
    }
#pragma unroll
    for (int j = 0; j < RUN; j++) {
      int sum[8] = {};
      float v[8];
#pragma unroll
      for (int r = 0; r < 3; r++)
#pragma unroll
        for (int e = 0; e < 8; e++)
          sum[e] = dp4<T>(in[(d * STRIDE + r) % 3][j / EACH][e], w[r][e] << 8 * (j % EACH), sum[e]);
      conv::affine(v, sum, scale);
#pragma unroll
      for (int e = 0; e < 8; e++)
        v[e] = fminf(fmaxf(v[e], t.lo), t.hi);
      if (y0 + d < t.p && x0 + j < t.q)
        store8(dst + ((size_t)d * t.q + j) * t.dst_pitch, v, t.signs);
    }
  }
}

/* FP32: four channels of RUN neighbouring outputs. */
template <int R, int STRIDE, int RUN, bool ANY>
__global__ void __launch_bounds__(THREADS)
    depthwise_wide(const __grid_constant__ scull_cuda_depthwise_t t, int runs, int downs,
                   int work) {
  constexpr int COLS = (RUN - 1) * STRIDE + R, TAPS = R * R * 32;
  int groups = t.c / 4, i = blockIdx.x * THREADS + threadIdx.x;
  int group = i % groups, rest = i / groups;
  int run = rest % runs, y = rest / runs % downs, n = rest / runs / downs;
  const char *block = (const char *)t.weights + group / 2 * (TAPS + 64) + group % 2 * 16;
  sm90::chain_trigger();
  sm90::chain_wait();
  if (i >= work)
    return;
  int x0 = run * RUN, u0 = x0 * STRIDE - t.pad, v0 = y * STRIDE - t.pad;
  float4 sum[RUN];
  float4 bias = __ldg((const float4 *)(block + TAPS));
#pragma unroll
  for (int j = 0; j < RUN; j++)
    sum[j] = bias;
#pragma unroll
  for (int r = 0; r < R; r++) {
    float4 in[COLS], w[R];
    int v = v0 + r;
    const float *src =
        (const float *)t.src + ((long long)(n * t.h + v) * t.w + u0) * t.src_pitch + group * 4;
#pragma unroll
    for (int u = 0; u < COLS; u++) {
      in[u] = make_float4(0, 0, 0, 0);
      if ((unsigned)v < (unsigned)t.h && (unsigned)(u0 + u) < (unsigned)t.w)
        asm volatile("ld.global.v4.f32 {%0, %1, %2, %3}, [%4];"
                     : "=f"(in[u].x), "=f"(in[u].y), "=f"(in[u].z), "=f"(in[u].w)
                     : "l"(src + (long long)u * t.src_pitch));
    }
#pragma unroll
    for (int s = 0; s < R; s++)
      w[s] = __ldg((const float4 *)(block + (r * R + s) * 32));
#pragma unroll
    for (int j = 0; j < RUN; j++)
#pragma unroll
      for (int s = 0; s < R; s++) {
        const float4 &p = in[j * STRIDE + s];
        sum[j].x = fmaf(p.x, w[s].x, sum[j].x);
        sum[j].y = fmaf(p.y, w[s].y, sum[j].y);
        sum[j].z = fmaf(p.z, w[s].z, sum[j].z);
        sum[j].w = fmaf(p.w, w[s].w, sum[j].w);
      }
  }
  float *dst = (float *)t.dst + ((size_t)(n * t.p + y) * t.q + x0) * t.dst_pitch + group * 4;
#pragma unroll
  for (int j = 0; j < RUN; j++)
    if (x0 + j < t.q)
      *(float4 *)(dst + (size_t)j * t.dst_pitch) =
          make_float4(end_of<ANY>(t, sum[j].x), end_of<ANY>(t, sum[j].y), end_of<ANY>(t, sum[j].z),
                      end_of<ANY>(t, sum[j].w));
}

using kernel_t = void (*)(scull_cuda_depthwise_t, int, int, int);

/* One thread a patch of `down` x `run` outputs of 8 channels. */
int enqueue(kernel_t kernel, int down, int run, const scull_cuda_depthwise_t *t, int chained,
            void *stream) {
  int runs = (t->q + run - 1) / run, downs = (t->p + down - 1) / down;
  int work = t->n * downs * runs * (t->c / (t->type == SCULL_CUDA_F32 ? 4 : 8));
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
  return cudaLaunchKernelEx(&config, kernel, *t, runs, downs, work);
}

/* Patches reuse columns and rows; few pixels need more threads instead. */
template <class T, int R, int STRIDE>
int enqueue_shape(const scull_cuda_depthwise_t *t, int chained, void *stream) {
  bool few = (long long)t->n * t->p * t->q * t->c < (long long)1 << 21;
  if constexpr (sizeof(T) == 2) {
    if (t->any && few)
      return enqueue(depthwise<T, R, STRIDE, 1, 1, true>, 1, 1, t, chained, stream);
    if (t->any)
      return enqueue(depthwise<T, R, STRIDE, 1, 2, true>, 1, 2, t, chained, stream);
  }
  if (few)
    return enqueue(depthwise<T, R, STRIDE, 1, 1>, 1, 1, t, chained, stream);
  if constexpr (R == 5 && sizeof(T) == 1)
    return enqueue(depthwise<T, R, STRIDE, 1, 1>, 1, 1, t, chained, stream);
  else if constexpr (R == 5)
    return enqueue(depthwise<T, R, STRIDE, 1, 2>, 1, 2, t, chained, stream);
  else if constexpr (sizeof(T) == 1)
    return enqueue(depthwise3_bytes<T, STRIDE, 4, 2>, 4, 2 * (3 - STRIDE), t, chained, stream);
  else
    return enqueue(depthwise<T, R, STRIDE, 4, 2>, 4, 2, t, chained, stream);
}

template <int R, int STRIDE>
int enqueue_wide(const scull_cuda_depthwise_t *t, int chained, void *stream) {
  if ((long long)t->n * t->p * t->q * t->c < (long long)1 << 20)
    return t->any ? enqueue(depthwise_wide<R, STRIDE, 1, true>, 1, 1, t, chained, stream)
                  : enqueue(depthwise_wide<R, STRIDE, 1, false>, 1, 1, t, chained, stream);
  return t->any ? enqueue(depthwise_wide<R, STRIDE, 4, true>, 1, 4, t, chained, stream)
                : enqueue(depthwise_wide<R, STRIDE, 4, false>, 1, 4, t, chained, stream);
}

int enqueue_float(const scull_cuda_depthwise_t *t, int chained, void *stream) {
  if (t->r == 3)
    return t->stride == 1 ? enqueue_wide<3, 1>(t, chained, stream)
                          : enqueue_wide<3, 2>(t, chained, stream);
  return t->stride == 1 ? enqueue_wide<5, 1>(t, chained, stream)
                        : enqueue_wide<5, 2>(t, chained, stream);
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
  if (t->c % 8 || (t->any && t->type == SCULL_CUDA_S8) || (t->r != 3 && t->r != 5) ||
      (t->stride != 1 && t->stride != 2))
    return cudaErrorInvalidValue;
  if (t->type == SCULL_CUDA_F32)
    return enqueue_float(t, chained, stream);
  if (t->type != SCULL_CUDA_S8)
    return enqueue_type<__half>(t, chained, stream);
  return t->signs & SCULL_CUDA_UNSIGNED_SRC ? enqueue_type<uint8_t>(t, chained, stream)
                                            : enqueue_type<int8_t>(t, chained, stream);
}
