/* gemm.cu: the FP32 product, without tensor cores, behind convolutions of one group and matmul.
 *
 * Algorithm: a block makes 64 x 64 results (pixels or rows x channels or columns) over steps of 16
 * of K; both operands of a step stand in shared memory, a thread keeps 4 x 4 sums in registers. The
 * next step's operands are on their way while this one's products run. Where the results are few,
 * the blocks of a cluster share K and add their sums up in the order of their ranks.
 *
 *   tile   64 x 64 x 16, 256 threads, 4 x 4 results a thread; smem 2 x 8.5 KB
 *   floor  67 TFLOP/s of FP32; a thread's 16 products need 8 loads from shared memory */
#include "backend/cuda/activation.cuh"
#include "backend/cuda/element.cuh"
#include "backend/cuda/window.h"

namespace {

enum { THREADS = 256, BM = 64, BN = 64, BK = 16, PITCH = BM + 4 };

struct tiles {
  float a[2][BK][PITCH], b[2][BK][PITCH];
};

__device__ __forceinline__ void multiply(const tiles &t, int buf, float (&sum)[4][4]) {
  int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
#pragma unroll
  for (int k = 0; k < BK; k++) {
    float4 a = *(const float4 *)&t.a[buf][k][ty * 4], b = *(const float4 *)&t.b[buf][k][tx * 4];
    float av[4] = {a.x, a.y, a.z, a.w}, bv[4] = {b.x, b.y, b.z, b.w};
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
      for (int j = 0; j < 4; j++)
        sum[i][j] = fmaf(av[i], bv[j], sum[i][j]);
  }
}

/* K's element `kk` as channel and tap. */
struct tap {
  int c, r, s;
};

__device__ __forceinline__ tap tap_of(const scull_cuda_implicit_t &t, int kk) {
  tap p;
  if (t.channels_last) {
    int rs = kk / t.c;
    p.c = kk - rs * t.c, p.r = rs / t.x.kernel, p.s = rs - p.r * t.x.kernel;
  } else {
    int taps = t.y.kernel * t.x.kernel, rs = kk % taps;
    p.c = kk / taps, p.r = rs / t.x.kernel, p.s = rs - p.r * t.x.kernel;
  }
  return p;
}

/* A pixel's window: its first element's picture and place. */
struct pixel {
  long long base;
  int y, x;
};

/* The thread's pixels: one where channels are planes, four where they are last. */
__device__ __forceinline__ void pixels_of(const scull_cuda_implicit_t &t, int m0, int rows,
                                          pixel (&px)[4]) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    int m = m0 + (t.channels_last ? threadIdx.x / BK + i * 16 : threadIdx.x % BM);
    int x = m % t.x.out, rest = m / t.x.out, y = rest % t.y.out, n = rest / t.y.out;
    px[i].base = n * t.src.n;
    px[i].y = m < rows ? y * t.y.stride - t.y.pad : -(1 << 30);
    px[i].x = x * t.x.stride - t.x.pad;
  }
}

/* The thread's four values of the pixels' side: one pixel and four of K where channels are planes,
 * one of K and four pixels where they are last. */
__device__ __forceinline__ void gather(const scull_cuda_implicit_t &t, const pixel (&px)[4], int k0,
                                       int end_k, float (&v)[4]) {
  tap p = {};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    int kk = k0 + (t.channels_last ? threadIdx.x % BK : threadIdx.x / BM + i * 4);
    if (i == 0 || !t.channels_last)
      p = tap_of(t, kk);
    int row = px[i].y + p.r * t.y.dilation, column = px[i].x + p.s * t.x.dilation;
    v[i] = 0;
    if (kk < end_k && (unsigned)row < (unsigned)t.y.in && (unsigned)column < (unsigned)t.x.in)
      v[i] = element::load(
          t.src.data, px[i].base + p.c * t.src.c + row * t.src.h + column * t.src.w, t.src.type);
  }
}

__device__ __forceinline__ void keep(const scull_cuda_implicit_t &t, float (&a)[BK][PITCH],
                                     const float (&v)[4]) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    int m = t.channels_last ? threadIdx.x / BK + i * 16 : threadIdx.x % BM;
    int kk = t.channels_last ? threadIdx.x % BK : threadIdx.x / BM + i * 4;
    a[kk][m] = v[i];
  }
}

__device__ __forceinline__ float4 weights_of(const scull_cuda_implicit_t &t, int k0, int n0,
                                             int total_k) {
  int kk = k0 + threadIdx.x / 16, n = n0 + threadIdx.x % 16 * 4, pitch = (t.k + 3) / 4 * 4;
  if (kk >= total_k || n >= pitch)
    return make_float4(0, 0, 0, 0);
  return *(const float4 *)(t.weights + (long long)kk * pitch + n);
}

/* This block's share of K's steps. */
struct share {
  int begin, end;
};

__device__ __forceinline__ share share_of(int total_k, int split, int rank) {
  int steps = (total_k + BK - 1) / BK, each = (steps + split - 1) / split;
  return {min(rank * each * BK, total_k), min((rank + 1) * each * BK, total_k)};
}

/* Gives each result of the tile to `finish(row, column, value)` once. Of a split K each rank
 * finishes some rows; `by_row` puts neighbouring threads on neighbouring rows. */
template <class Finish>
__device__ __forceinline__ void finish_tile(tiles &s, const float (&sum)[4][4], int split, int rank,
                                            bool by_row, Finish finish) {
  int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
  if (split <= 1) {
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
      for (int j = 0; j < 4; j++)
        finish(ty * 4 + i, tx * 4 + j, sum[i][j]);
    return;
  }
#if __CUDA_ARCH__ >= 900
  static_assert(sizeof(tiles) >= BM * BN * sizeof(float), "the sums fit in the operands' place");
  float *mine = &s.a[0][0][0];
  uint32_t address = sm90::smem_addr(mine);
  int own = BM / split;
  __syncthreads(); /* products are done */
#pragma unroll
  for (int i = 0; i < 4; i++)
    *(float4 *)&mine[(ty * 4 + i) * BN + tx * 4] =
        make_float4(sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
  sm90::cluster_arrive();
  sm90::cluster_wait();
  for (int e = threadIdx.x; e < own * BN; e += THREADS) {
    int row = rank * own + (by_row ? e % own : e / BN), column = by_row ? e / own : e % BN;
    float value = 0;
    for (int r = 0; r < split; r++)
      value += sm90::peer_load(sm90::peer_addr(address + (row * BN + column) * 4, r));
    finish(row, column, value);
  }
  __syncwarp();
  sm90::cluster_arrive(); /* peers may still read this block's sums */
  sm90::cluster_wait();
#endif
}

__global__ void __launch_bounds__(THREADS)
    implicit(const __grid_constant__ scull_cuda_implicit_t t) {
  __shared__ __align__(16) tiles s;
  int m0 = blockIdx.x * BM, n0 = blockIdx.y * BN, rows = t.n * t.y.out * t.x.out;
  int rank = blockIdx.z;
  share k = share_of(t.c * t.y.kernel * t.x.kernel, max(t.split, 1), rank);
  float sum[4][4] = {}, v[4];
  pixel px[4];
  sm90::chain_trigger();
  float4 w = weights_of(t, k.begin, n0, k.end);
  pixels_of(t, m0, rows, px);
  sm90::chain_wait();
  gather(t, px, k.begin, k.end, v);
  for (int k0 = k.begin, buf = 0; k0 < k.end; k0 += BK, buf ^= 1) {
    keep(t, s.a[buf], v);
    *(float4 *)&s.b[buf][threadIdx.x / 16][threadIdx.x % 16 * 4] = w;
    __syncthreads();
    if (k0 + BK < k.end) {
      gather(t, px, k0 + BK, k.end, v);
      w = weights_of(t, k0 + BK, n0, k.end);
    }
    multiply(s, buf, sum);
  }
  finish_tile(s, sum, t.split, rank, t.dst.c != 1, [&](int row, int column, float value) {
    int m = m0 + row, c = n0 + column;
    if (m >= rows || c >= t.k)
      return;
    int x = m % t.x.out, rest = m / t.x.out, y = rest % t.y.out, n = rest / t.y.out;
    float r = 0;
    value += t.end.bias ? t.end.bias[c] : 0;
    if (t.residual.data)
      r = element::load(t.residual.data,
                        n * t.residual.n + c * t.residual.c + y * t.residual.h + x * t.residual.w,
                        t.residual.type);
    value =
        activation::end(t.end.add_first ? value + r : value, t.end.act) + (t.end.add_first ? 0 : r);
    element::store((void *)t.dst.data, n * t.dst.n + c * t.dst.c + y * t.dst.h + x * t.dst.w,
                   t.dst.type, value);
  });
}

/* Rows of an operand of the plain product into [BK][BM]; fast along whichever step is 1. */
__device__ __forceinline__ void fetch(const void *p, int type, long long base, int count, int total,
                                      long long row, long long column, int r0, int k0,
                                      float (&v)[4]) {
  bool along_k = column == 1;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    int r = r0 + (along_k ? threadIdx.x / BK + i * 16 : threadIdx.x % BM);
    int k = k0 + (along_k ? threadIdx.x % BK : threadIdx.x / BM + i * 4);
    v[i] = r < count && k < total ? element::load(p, base + r * row + k * column, type) : 0;
  }
}

__device__ __forceinline__ void keep_rows(float (&a)[BK][PITCH], long long column,
                                          const float (&v)[4]) {
  bool along_k = column == 1;
#pragma unroll
  for (int i = 0; i < 4; i++)
    a[along_k ? threadIdx.x % BK : threadIdx.x / BM + i * 4]
     [along_k ? threadIdx.x / BK + i * 16 : threadIdx.x % BM] = v[i];
}

__global__ void __launch_bounds__(THREADS) matmul(const __grid_constant__ scull_cuda_matmul_t t) {
  __shared__ __align__(16) tiles s;
  int m0 = blockIdx.x * BM, n0 = blockIdx.y * BN, split = max(t.split, 1);
  int rank = blockIdx.z % split;
  share k = share_of(t.k, split, rank);
  long long batch = blockIdx.z / split, rest = batch, xb = 0, yb = 0;
  for (int d = t.batch_rank - 1; d >= 0; d--) {
    long long i = rest % t.batch_dim[d];
    rest /= t.batch_dim[d];
    xb += i * t.x_batch[d], yb += i * t.y_batch[d];
  }
  sm90::chain_trigger();
  sm90::chain_wait();
  float sum[4][4] = {}, a[4], b[4];
  fetch(t.x, t.x_type, xb, t.m, k.end, t.x_row, t.x_column, m0, k.begin, a);
  fetch(t.y, t.y_type, yb, t.n, k.end, t.y_column, t.y_row, n0, k.begin, b);
  for (int k0 = k.begin, buf = 0; k0 < k.end; k0 += BK, buf ^= 1) {
    keep_rows(s.a[buf], t.x_column, a);
    keep_rows(s.b[buf], t.y_row, b);
    __syncthreads();
    if (k0 + BK < k.end) {
      fetch(t.x, t.x_type, xb, t.m, k.end, t.x_row, t.x_column, m0, k0 + BK, a);
      fetch(t.y, t.y_type, yb, t.n, k.end, t.y_column, t.y_row, n0, k0 + BK, b);
    }
    multiply(s, buf, sum);
  }
  finish_tile(s, sum, split, rank, false, [&](int row, int column, float v) {
    int m = m0 + row, n = n0 + column;
    if (m >= t.m || n >= t.n)
      return;
    long long at = (batch * t.m + m) * t.n + n;
    v += t.end.bias ? t.end.bias[n] : 0;
    float r = t.residual ? element::load(t.residual, at, t.res_type) : 0;
    v = activation::end(t.end.add_first ? v + r : v, t.end.act) + (t.end.add_first ? 0 : r);
    element::store(t.dst, at, t.dst_type, v);
  });
}

} // namespace

int scull_cuda_product_split(int64_t m, int64_t n, int64_t k, int64_t batches) {
  enum { BLOCKS = 264, LEAST_STEPS = 4, MOST = 8 };
  int64_t tiles = (m + BM - 1) / BM * ((n + BN - 1) / BN) * batches, split = 1;
  while (split < MOST && tiles * split * 2 <= BLOCKS && k >= split * 2 * LEAST_STEPS * BK)
    split *= 2;
  return (int)split;
}

int scull_cuda_implicit_enqueue(const scull_cuda_implicit_t *t, int chained, void *stream) {
  long long rows = (long long)t->n * t->y.out * t->x.out;
  if (rows == 0 || t->k == 0)
    return cudaSuccess;
  unsigned split = t->split > 1 ? (unsigned)t->split : 1;
  element::launch l(dim3((unsigned)((rows + BM - 1) / BM), (unsigned)((t->k + BN - 1) / BN), split),
                    dim3(THREADS), chained, stream, (int)split);
  return cudaLaunchKernelEx(&l.config, implicit, *t);
}

int scull_cuda_matmul_enqueue(const scull_cuda_matmul_t *t, int chained, void *stream) {
  if (t->m == 0 || t->n == 0 || t->batches == 0)
    return cudaSuccess;
  unsigned split = t->split > 1 ? (unsigned)t->split : 1;
  if (t->batches * split > 65535 || (t->n + BN - 1) / BN > 65535)
    return cudaErrorInvalidValue;
  element::launch l(dim3((unsigned)((t->m + BM - 1) / BM), (unsigned)((t->n + BN - 1) / BN),
                         (unsigned)t->batches * split),
                    dim3(THREADS), chained, stream, (int)split);
  return cudaLaunchKernelEx(&l.config, matmul, *t);
}
