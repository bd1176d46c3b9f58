/* conv_wide.cu: FP32 convolution without tensor cores, channels last, as an implicit product whose
 * tiles are large enough for the multipliers to be the limit.
 *
 * Algorithm: a block makes BM pixels x BN channels over steps of 16 of K (taps outermost, channels
 * fastest), three steps in shared memory at a time, brought by 16-byte asynchronous copies. Warps
 * stand 4 x 2 over the tile, lanes 4 x 8 over a warp's part; a thread keeps up to 8 x 8 sums. Where
 * tiles are few, the blocks of a cluster share K and add their sums up in the order of ranks.
 *
 *   tile   128 x 128, 128 x 64 or 64 x 64; smem 3 x (BM x 80 + BN x 64) bytes
 *   floor  67 TFLOP/s of FP32; 64 products of a thread need 4 loads of 16 bytes from shared memory.
 *          Measured share: docs/kernels.md */
#include "backend/cuda/activation.cuh"
#include "backend/cuda/element.cuh"
#include "backend/cuda/window.h"

namespace {

enum { THREADS = 256, BK = 16, STAGES = 3, PITCH = BK + 4 };

template <int BM, int BN> struct tile {
  static constexpr int ROWS = BM / 64, UNITS = BN / 64; /* what a thread copies in a step */
  static constexpr int TM = BM / 16, TJ = BN / 64;      /* a thread's rows and groups of columns */
  static constexpr int A = BM * PITCH, STAGE = A + BK * BN; /* floats */
  static constexpr int SUMS = BN == 64 ? BM * BN : 0;       /* of a split K */
  static constexpr int FLOATS = STAGES * STAGE > SUMS ? STAGES *STAGE : SUMS;
};

/* What a thread copies of the pixels: rows `threadIdx.x / 4 + 64 i`, four channels of a tap. */
template <int ROWS> struct source {
  int base[ROWS], y[ROWS], x[ROWS];
  int c, r, s;
};

template <int ROWS>
__device__ __forceinline__ void begin(const scull_cuda_implicit_t &t, int m0, int rows, int k0,
                                      source<ROWS> &g) {
#pragma unroll
  for (int i = 0; i < ROWS; i++) {
    int m = m0 + (int)threadIdx.x / 4 + 64 * i;
    int row = m / t.x.out, x = m - row * t.x.out, n = row / t.y.out, y = row - n * t.y.out;
    g.base[i] = (int)(n * t.src.n);
    g.y[i] = m < rows ? y * t.y.stride - t.y.pad : -(1 << 28);
    g.x[i] = x * t.x.stride - t.x.pad;
  }
  int kk = k0 + threadIdx.x % 4 * 4, tap = kk / t.c;
  g.c = kk - tap * t.c;
  g.r = tap / t.x.kernel;
  g.s = tap - g.r * t.x.kernel;
}

template <int BM, int BN>
__device__ __forceinline__ void copy_pixels(const scull_cuda_implicit_t &t,
                                            source<tile<BM, BN>::ROWS> &g, float *stage) {
  bool more = g.r < t.y.kernel;
#pragma unroll
  for (int i = 0; i < tile<BM, BN>::ROWS; i++) {
    int row = g.y[i] + g.r * t.y.dilation, column = g.x[i] + g.s * t.x.dilation;
    bool valid = more && (unsigned)row < (unsigned)t.y.in && (unsigned)column < (unsigned)t.x.in;
    const float *src = (const float *)t.src.data;
    if (valid)
      src += g.base[i] + row * t.src.h + column * t.src.w + g.c;
    sm90::copy16(sm90::smem_addr(stage + (threadIdx.x / 4 + 64 * i) * PITCH + threadIdx.x % 4 * 4),
                 src, valid);
  }
  for (g.c += BK; g.c >= t.c; g.c -= t.c)
    if (++g.s == t.x.kernel)
      g.s = 0, g.r++;
}

template <int BM, int BN>
__device__ __forceinline__ void copy_weights(const scull_cuda_implicit_t &t, int k0, int end_k,
                                             int n0, float *stage) {
  int pitch = (t.k + 3) / 4 * 4;
#pragma unroll
  for (int i = 0; i < tile<BM, BN>::UNITS; i++) {
    int unit = threadIdx.x + THREADS * i, row = unit / (BN / 4), column = unit % (BN / 4) * 4;
    bool valid = k0 + row < end_k && n0 + column < pitch;
    const float *src = t.weights + (valid ? (long long)(k0 + row) * pitch + n0 + column : 0);
    sm90::copy16(sm90::smem_addr(stage + tile<BM, BN>::A + row * BN + column), src, valid);
  }
}

__device__ __forceinline__ void commit() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

template <int LEFT> __device__ __forceinline__ void wait_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory");
}

/* Where the thread's sums lie: row of its i-th, column of its j-th group of four. */
template <int BM> __device__ __forceinline__ int row_of(int i) {
  return (threadIdx.x / 64) * (BM / 4) + (threadIdx.x % 32) / 8 + 4 * i;
}

template <int BN> __device__ __forceinline__ int column_of(int j) {
  return (threadIdx.x / 32 % 2) * (BN / 2) + threadIdx.x % 8 * 4 + 32 * j;
}

template <int BM, int BN>
__device__ __forceinline__ void multiply(const float *stage,
                                         float4 (&sum)[tile<BM, BN>::TM][tile<BM, BN>::TJ]) {
  using T = tile<BM, BN>;
  const float *a = stage + row_of<BM>(0) * PITCH, *b = stage + T::A + column_of<BN>(0);
#pragma unroll 4
  for (int k = 0; k < BK; k += 2) {
    float2 av[T::TM];
#pragma unroll
    for (int i = 0; i < T::TM; i++)
      av[i] = *(const float2 *)(a + i * 4 * PITCH + k);
#pragma unroll
    for (int u = 0; u < 2; u++) {
#pragma unroll
      for (int j = 0; j < T::TJ; j++) {
        float4 bv = *(const float4 *)(b + (k + u) * BN + 32 * j);
#pragma unroll
        for (int i = 0; i < T::TM; i++) {
          float v = u == 0 ? av[i].x : av[i].y;
          float4 &s = sum[i][j];
          s.x = fmaf(v, bv.x, s.x);
          s.y = fmaf(v, bv.y, s.y);
          s.z = fmaf(v, bv.z, s.z);
          s.w = fmaf(v, bv.w, s.w);
        }
      }
    }
  }
}

__device__ __forceinline__ float end_of(const scull_cuda_end_t &e, float v, float r) {
  return activation::end(e.add_first ? v + r : v, e.act) + (e.add_first ? 0 : r);
}

/* Four neighbouring channels of a pixel. */
__device__ __forceinline__ void finish(const scull_cuda_implicit_t &t, int m, int rows, int n,
                                       float4 v) {
  if (m >= rows || n >= t.k)
    return;
  float4 b = make_float4(0, 0, 0, 0), r = b;
  if (t.end.bias)
    b = __ldg((const float4 *)(t.end.bias + n));
  if (t.residual.data)
    asm volatile("ld.global.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(r.x), "=f"(r.y), "=f"(r.z), "=f"(r.w)
                 : "l"((const float *)t.residual.data + (long long)m * t.residual.w + n)
                 : "memory");
  float4 y = make_float4(end_of(t.end, v.x + b.x, r.x), end_of(t.end, v.y + b.y, r.y),
                         end_of(t.end, v.z + b.z, r.z), end_of(t.end, v.w + b.w, r.w));
  *(float4 *)((float *)t.dst.data + (long long)m * t.dst.w + n) = y;
}

#if __CUDA_ARCH__ >= 900
/* Each rank adds up some rows of all ranks' sums. */
template <int BM, int BN>
__device__ __forceinline__ void
finish_split(const scull_cuda_implicit_t &t, float *smem, int m0, int n0, int rows, int rank,
             const float4 (&sum)[tile<BM, BN>::TM][tile<BM, BN>::TJ]) {
  int own = BM / t.split;
  uint32_t address = sm90::smem_addr(smem);
  __syncthreads(); /* products are done */
#pragma unroll
  for (int i = 0; i < tile<BM, BN>::TM; i++)
#pragma unroll
    for (int j = 0; j < tile<BM, BN>::TJ; j++)
      *(float4 *)&smem[row_of<BM>(i) * BN + column_of<BN>(j)] = sum[i][j];
  sm90::cluster_arrive();
  sm90::cluster_wait();
  for (int e = threadIdx.x; e < own * (BN / 4); e += THREADS) {
    int row = rank * own + e / (BN / 4), column = e % (BN / 4) * 4;
    float v[4] = {};
    for (int r = 0; r < t.split; r++)
#pragma unroll
      for (int i = 0; i < 4; i++)
        v[i] += sm90::peer_load(sm90::peer_addr(address + (row * BN + column + i) * 4, r));
    finish(t, m0 + row, rows, n0 + column, make_float4(v[0], v[1], v[2], v[3]));
  }
  __syncwarp();
  sm90::cluster_arrive(); /* peers may still read this block's sums */
  sm90::cluster_wait();
}
#endif

template <int BM, int BN>
__global__ void __launch_bounds__(THREADS, 2)
    conv_wide(const __grid_constant__ scull_cuda_implicit_t t) {
  using T = tile<BM, BN>;
  extern __shared__ __align__(16) float smem[];
  int m0 = blockIdx.x * BM, n0 = blockIdx.y * BN, rows = t.n * t.y.out * t.x.out;
  int total = t.c * t.y.kernel * t.x.kernel, split = max(t.split, 1), rank = blockIdx.z;
  int each = ((total + BK - 1) / BK + split - 1) / split * BK;
  int first = min(rank * each, total), end = min(first + each, total);
  int steps = (end - first + BK - 1) / BK;
  source<T::ROWS> g;
  float4 sum[T::TM][T::TJ];
#pragma unroll
  for (int i = 0; i < T::TM; i++)
#pragma unroll
    for (int j = 0; j < T::TJ; j++)
      sum[i][j] = make_float4(0, 0, 0, 0);
  sm90::chain_trigger();
  for (int i = 0; i < STAGES - 1; i++)
    copy_weights<BM, BN>(t, first + i * BK, end, n0, smem + i * T::STAGE);
  begin<T::ROWS>(t, m0, rows, first, g);
  sm90::chain_wait();
  for (int i = 0; i < STAGES - 1; i++) {
    copy_pixels<BM, BN>(t, g, smem + i * T::STAGE);
    commit();
  }
  for (int i = 0, at = 0, next = STAGES - 1; i < steps; i++) {
    wait_copies<STAGES - 2>();
    __syncthreads(); /* this step is here, and all have read the one before */
    if (i + STAGES - 1 < steps) {
      copy_weights<BM, BN>(t, first + (i + STAGES - 1) * BK, end, n0, smem + next * T::STAGE);
      copy_pixels<BM, BN>(t, g, smem + next * T::STAGE);
    }
    commit();
    multiply<BM, BN>(smem + at * T::STAGE, sum);
    at = at + 1 == STAGES ? 0 : at + 1;
    next = next + 1 == STAGES ? 0 : next + 1;
  }
  wait_copies<0>();
#if __CUDA_ARCH__ >= 900
  if (BN == 64 && split > 1) {
    finish_split<BM, BN>(t, smem, m0, n0, rows, rank, sum);
    return;
  }
#endif
#pragma unroll
  for (int i = 0; i < T::TM; i++)
#pragma unroll
    for (int j = 0; j < T::TJ; j++)
      finish(t, m0 + row_of<BM>(i), rows, n0 + column_of<BN>(j), sum[i][j]);
}

template <int BM, int BN>
int enqueue_as(const scull_cuda_implicit_t *t, int chained, void *stream) {
  long long rows = (long long)t->n * t->y.out * t->x.out;
  unsigned split = t->split > 1 ? (unsigned)t->split : 1;
  int bytes = tile<BM, BN>::FLOATS * (int)sizeof(float);
  cudaError_t error =
      cudaFuncSetAttribute(conv_wide<BM, BN>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
  if (error != cudaSuccess)
    return error;
  element::launch l(dim3((unsigned)((rows + BM - 1) / BM), (unsigned)((t->k + BN - 1) / BN), split),
                    dim3(THREADS), chained, stream, (int)split);
  l.config.dynamicSmemBytes = (size_t)bytes;
  return cudaLaunchKernelEx(&l.config, conv_wide<BM, BN>, *t);
}

} // namespace

int scull_cuda_wide_enqueue(const scull_cuda_implicit_t *t, int tile, int chained, void *stream) {
  if ((long long)t->n * t->y.out * t->x.out == 0 || t->k == 0)
    return cudaSuccess;
  return tile == SCULL_CUDA_WIDE_128x128  ? enqueue_as<128, 128>(t, chained, stream)
         : tile == SCULL_CUDA_WIDE_128x64 ? enqueue_as<128, 64>(t, chained, stream)
                                          : enqueue_as<64, 64>(t, chained, stream);
}
