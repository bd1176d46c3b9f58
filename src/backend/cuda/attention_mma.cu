/* attention_mma.cu: softmax(q k^T * scale + mask) v on the matrix units of any GPU since 8.0, FP16
 * and BF16, sums in FP32.
 *
 * Algorithm: a warp owns 16 queries of a head, whose fragments stay in registers; the block walks
 * the keys in tiles of 64, which asynchronous copies bring one tile ahead. Scores stay in the
 * registers in which the first product leaves them: rounded to the operands' type they are the
 * fragments of the second. Largest score and sum of a query go from tile to tile (what was summed
 * before is scaled when a larger score comes). Rows are padded by 16 bytes, so that ldmatrix meets
 * no bank twice. Few queries: the four warps of a block own the same 16 and take the tiles in turn,
 * each in a place of its own; at the end their sums are brought to one scale and added.
 *
 *   tile   16 queries a warp and 64 keys; 2 or 4 warps, smem 4 x 64 rows of keys and values and the
 *          queries' rows of 2 D + 16 bytes; split: smem 8 x 64 rows and 16
 *   floor  the matrix unit: 4 x queries x keys x depth operations a head; at batch 1 the latency of
 *          keys / 64 (split: / 256) tiles. Measured share: docs/kernels.md */
#include "backend/cuda/attention.h"
#include "backend/cuda/element.cuh"
#include "backend/cuda/mma.cuh"

namespace {

enum { KEYS = 64 };

/* D: the depth and width of a head, rounded up. */
template <int D> struct room { static constexpr int PITCH = D * 2 + 16, TILE = KEYS * PITCH; };

/* `rows` rows of `columns` elements (a multiple of 8) from row `first` on; zeros around them. */
template <int D>
__device__ __forceinline__ void copy_rows(const void *from, long long first, int left, int columns,
                                          int rows, uint32_t to, int thread, int threads) {
  for (int i = thread; i < rows * (D / 8); i += threads) {
    int row = i / (D / 8), unit = i % (D / 8);
    bool valid = row < left && unit * 8 < columns;
    const unsigned short *src = (const unsigned short *)from;
    if (valid)
      src += (first + row) * columns + unit * 8;
    sm90::copy16(to + row * room<D>::PITCH + unit * 16, src, valid);
  }
}

/* Over the four threads of a query. */
__device__ __forceinline__ float largest(float v) {
  v = fmaxf(v, __shfl_xor_sync(~0u, v, 1));
  return fmaxf(v, __shfl_xor_sync(~0u, v, 2));
}

__device__ __forceinline__ float total(float v) {
  v += __shfl_xor_sync(~0u, v, 1);
  return v + __shfl_xor_sync(~0u, v, 2);
}

/* Scores of a tile: score[j][e] is that of query row e / 2 and key 8j + 2 * (lane % 4) + e % 2. */
template <int D, int KIND>
__device__ __forceinline__ void multiply_keys(const uint32_t (&q)[D / 16][4], uint32_t keys,
                                              float (&score)[KEYS / 8][4]) {
  int lane = threadIdx.x % 32;
#pragma unroll
  for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
    for (int e = 0; e < 4; e++)
      score[j][e] = 0;
#pragma unroll
  for (int d = 0; d < D / 16; d++) {
    uint32_t b[KEYS / 16][4];
#pragma unroll
    for (int j = 0; j < KEYS / 16; j++)
      mma::load_matrices(b[j], keys + (j * 16 + lane / 16 * 8 + lane % 8) * room<D>::PITCH +
                                   d * 32 + lane / 8 % 2 * 16);
#pragma unroll
    for (int j = 0; j < KEYS / 16; j++) {
      mma::multiply<KIND>(score[2 * j], q[d], b[j][0], b[j][1]);
      mma::multiply<KIND>(score[2 * j + 1], q[d], b[j][2], b[j][3]);
    }
  }
}

template <int D, int KIND>
__device__ __forceinline__ void multiply_values(const float (&weight)[KEYS / 8][4], uint32_t values,
                                                float (&sum)[D / 8][4]) {
  constexpr bool HALF = KIND == SCULL_CUDA_MMA_F16;
  int lane = threadIdx.x % 32;
#pragma unroll
  for (int s = 0; s < KEYS / 16; s++) {
    const float(&low)[4] = weight[2 * s], (&high)[4] = weight[2 * s + 1];
    const uint32_t a[4] = {mma::pair(low[0], low[1], HALF), mma::pair(low[2], low[3], HALF),
                           mma::pair(high[0], high[1], HALF), mma::pair(high[2], high[3], HALF)};
    uint32_t b[D / 16][4];
#pragma unroll
    for (int j = 0; j < D / 16; j++)
      mma::load_transposed(b[j], values + (s * 16 + lane % 16) * room<D>::PITCH + j * 32 +
                                     lane / 16 * 16);
#pragma unroll
    for (int j = 0; j < D / 16; j++) {
      mma::multiply<KIND>(sum[2 * j], a, b[j][0], b[j][1]);
      mma::multiply<KIND>(sum[2 * j + 1], a, b[j][2], b[j][3]);
    }
  }
}

__device__ __noinline__ float masked(const void *mask, long long at, int type, float v) {
  return v + element::load(mask, at, type);
}

/* Scales and masks the scores, -infinity past the last key. */
__device__ __forceinline__ void mask_scores(const scull_cuda_attention_t &a, int query, int k0,
                                            float (&score)[KEYS / 8][4]) {
  int key = k0 + threadIdx.x % 4 * 2;
#pragma unroll
  for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
    for (int e = 0; e < 4; e++)
      score[j][e] = key + j * 8 + e % 2 < a.keys ? score[j][e] * a.scale : -INFINITY;
  if (!a.mask)
    return;
  long long head = (long long)(blockIdx.y / a.heads_a_batch) * a.mask_step[0] +
                   (blockIdx.y % a.heads_a_batch) * a.mask_step[1];
#pragma unroll
  for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
    for (int e = 0; e < 4; e++) {
      int at = key + j * 8 + e % 2, row = query + e / 2 * 8;
      if (at < a.keys && row < a.queries)
        score[j][e] = masked(a.mask, head + row * a.mask_step[2] + at * a.mask_step[3], a.mask_type,
                             score[j][e]);
    }
}

/* What a warp has summed of its 16 queries; a thread holds rows lane / 4 and 8 more. */
template <int D> struct summed { float sum[D / 8][4], peak[2], weight[2]; };

template <int D> __device__ __forceinline__ void clear(summed<D> &s) {
#pragma unroll
  for (int j = 0; j < D / 8; j++)
#pragma unroll
    for (int e = 0; e < 4; e++)
      s.sum[j][e] = 0;
  s.peak[0] = s.peak[1] = -INFINITY;
  s.weight[0] = s.weight[1] = 0;
}

/* One tile of keys and values in shared memory. */
template <int D, int KIND>
__device__ __forceinline__ void take_tile(const scull_cuda_attention_t &a,
                                          const uint32_t (&q)[D / 16][4], uint32_t keys,
                                          uint32_t values, int query, int k0, summed<D> &s) {
  float score[KEYS / 8][4];
  multiply_keys<D, KIND>(q, keys, score);
  mask_scores(a, query, k0, score);
#pragma unroll
  for (int r = 0; r < 2; r++) {
    float top = s.peak[r], part = 0;
#pragma unroll
    for (int j = 0; j < KEYS / 8; j++)
      top = fmaxf(top, fmaxf(score[j][r * 2], score[j][r * 2 + 1]));
    top = largest(top);
    float base = top == -INFINITY ? 0 : top, shrink = __expf(s.peak[r] - base);
#pragma unroll
    for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
      for (int e = r * 2; e < r * 2 + 2; e++) {
        score[j][e] = __expf(score[j][e] - base);
        part += score[j][e];
      }
    s.weight[r] = s.weight[r] * shrink + total(part);
    s.peak[r] = top;
#pragma unroll
    for (int j = 0; j < D / 8; j++)
      s.sum[j][r * 2] *= shrink, s.sum[j][r * 2 + 1] *= shrink;
  }
  multiply_values<D, KIND>(score, values, s.sum);
}

__device__ __forceinline__ void put(const scull_cuda_attention_t &a, long long at, float x,
                                    float y) {
  if (a.dst_type == SCULL_CUDA_E_F32)
    *(float2 *)((float *)a.dst + at) = make_float2(x, y);
  else
    *(uint32_t *)((unsigned short *)a.dst + at) = mma::pair(x, y, a.dst_type == SCULL_CUDA_E_F16);
}

template <int D>
__device__ __forceinline__ void write(const scull_cuda_attention_t &a, int query,
                                      const summed<D> &s) {
#pragma unroll
  for (int r = 0; r < 2; r++) {
    int row = query + r * 8;
    float factor = 1 / s.weight[r];
    long long at = ((long long)blockIdx.y * a.queries + row) * a.width;
#pragma unroll
    for (int j = 0; j < D / 8; j++) {
      int column = j * 8 + threadIdx.x % 4 * 2;
      if (row < a.queries && column < a.width)
        put(a, at + column, s.sum[j][r * 2] * factor, s.sum[j][r * 2 + 1] * factor);
    }
  }
}

template <int D>
__device__ __forceinline__ void load_queries(uint32_t (&q)[D / 16][4], uint32_t rows) {
  int lane = threadIdx.x % 32;
#pragma unroll
  for (int d = 0; d < D / 16; d++)
    mma::load_matrices(q[d], rows + lane % 16 * room<D>::PITCH + d * 32 + lane / 16 * 16);
}

template <int D, int KIND, int WARPS>
__global__ void __launch_bounds__(WARPS * 32)
    attention_mma(const __grid_constant__ scull_cuda_attention_t a) {
  using R = room<D>;
  extern __shared__ __align__(128) char smem[];
  uint32_t keys = sm90::smem_addr(smem), values = keys + 2 * R::TILE, own = values + 2 * R::TILE;
  int warp = threadIdx.x / 32, q0 = blockIdx.x * WARPS * 16;
  int query = q0 + warp * 16 + threadIdx.x % 32 / 4;
  long long head = blockIdx.y;
  uint32_t q[D / 16][4];
  summed<D> s;
  clear(s);
  sm90::chain_trigger();
  sm90::chain_wait();
  copy_rows<D>(a.q, head * a.queries + q0, a.queries - q0, a.depth, WARPS * 16, own, threadIdx.x,
               WARPS * 32);
  copy_rows<D>(a.k, head * a.keys, a.keys, a.depth, KEYS, keys, threadIdx.x, WARPS * 32);
  copy_rows<D>(a.v, head * a.keys, a.keys, a.width, KEYS, values, threadIdx.x, WARPS * 32);
  mma::commit();
  for (int k0 = 0, at = 0; k0 < a.keys; k0 += KEYS, at ^= 1) {
    if (k0 + KEYS < a.keys) {
      long long next = head * a.keys + k0 + KEYS;
      int left = a.keys - k0 - KEYS;
      copy_rows<D>(a.k, next, left, a.depth, KEYS, keys + (at ^ 1) * R::TILE, threadIdx.x,
                   WARPS * 32);
      copy_rows<D>(a.v, next, left, a.width, KEYS, values + (at ^ 1) * R::TILE, threadIdx.x,
                   WARPS * 32);
    }
    mma::commit();
    mma::wait_copies<1>();
    __syncthreads();
    if (k0 == 0)
      load_queries<D>(q, own + warp * 16 * R::PITCH);
    take_tile<D, KIND>(a, q, keys + at * R::TILE, values + at * R::TILE, query, k0, s);
    __syncthreads(); /* the tile has been used */
  }
  write<D>(a, query, s);
}

/* Brings the sums of all warps to one scale; `pool` has room for them. */
template <int D, int WARPS>
__device__ __forceinline__ void join_warps(const scull_cuda_attention_t &a, float *pool, int q0,
                                           const summed<D> &s) {
  constexpr int PITCH = D + 4, EACH = WARPS * 32 / 16;
  float *peaks = pool + WARPS * 16 * PITCH, *weights = peaks + WARPS * 16;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
#pragma unroll
  for (int r = 0; r < 2; r++) {
    int row = warp * 16 + lane / 4 + r * 8;
    if (lane % 4 == 0)
      peaks[row] = s.peak[r], weights[row] = s.weight[r];
#pragma unroll
    for (int j = 0; j < D / 8; j++)
      *(float2 *)(pool + row * PITCH + j * 8 + lane % 4 * 2) =
          make_float2(s.sum[j][r * 2], s.sum[j][r * 2 + 1]);
  }
  __syncthreads();
  int row = threadIdx.x / EACH;
  float top = -INFINITY, weight = 0, factor[WARPS];
#pragma unroll
  for (int w = 0; w < WARPS; w++)
    top = fmaxf(top, peaks[w * 16 + row]);
#pragma unroll
  for (int w = 0; w < WARPS; w++) {
    factor[w] = top == -INFINITY ? 0 : __expf(peaks[w * 16 + row] - top);
    weight += factor[w] * weights[w * 16 + row];
  }
  if (q0 + row >= a.queries)
    return;
  long long at = ((long long)blockIdx.y * a.queries + q0 + row) * a.width;
  for (int column = threadIdx.x % EACH * 2; column < a.width; column += EACH * 2) {
    float x = 0, y = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
      float2 part = *(const float2 *)(pool + (w * 16 + row) * PITCH + column);
      x = fmaf(part.x, factor[w], x);
      y = fmaf(part.y, factor[w], y);
    }
    put(a, at + column, x / weight, y / weight);
  }
}

template <int D, int KIND, int WARPS>
__global__ void __launch_bounds__(WARPS * 32)
    attention_split(const __grid_constant__ scull_cuda_attention_t a) {
  using R = room<D>;
  extern __shared__ __align__(128) char smem[];
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, q0 = blockIdx.x * 16;
  uint32_t own = sm90::smem_addr(smem), keys = own + 16 * R::PITCH + warp * 2 * R::TILE;
  long long head = blockIdx.y;
  uint32_t q[D / 16][4];
  summed<D> s;
  clear(s);
  sm90::chain_trigger();
  sm90::chain_wait();
  copy_rows<D>(a.q, head * a.queries + q0, a.queries - q0, a.depth, 16, own, threadIdx.x,
               WARPS * 32);
  for (int k0 = warp * KEYS, first = 1; first || k0 < a.keys; k0 += WARPS * KEYS, first = 0) {
    __syncwarp(); /* the tile before has been used */
    copy_rows<D>(a.k, head * a.keys + k0, a.keys - k0, a.depth, KEYS, keys, lane, 32);
    copy_rows<D>(a.v, head * a.keys + k0, a.keys - k0, a.width, KEYS, keys + R::TILE, lane, 32);
    mma::commit();
    mma::wait_copies<0>();
    if (first) {
      __syncthreads();
      load_queries<D>(q, own);
    }
    __syncwarp();
    if (k0 < a.keys)
      take_tile<D, KIND>(a, q, keys, keys + R::TILE, q0 + lane / 4, k0, s);
  }
  __syncthreads(); /* all tiles have been used */
  join_warps<D, WARPS>(a, (float *)smem, q0, s);
}

template <int D, int KIND, int WARPS>
int launch(const scull_cuda_attention_t *a, int chained, void *stream) {
  int bytes = 4 * room<D>::TILE + WARPS * 16 * room<D>::PITCH;
  cudaError_t error = cudaFuncSetAttribute(attention_mma<D, KIND, WARPS>,
                                           cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
  if (error != cudaSuccess)
    return error;
  element::launch l(
      dim3((unsigned)((a->queries + WARPS * 16 - 1) / (WARPS * 16)), (unsigned)a->heads),
      dim3(WARPS * 32), chained, stream);
  l.config.dynamicSmemBytes = (size_t)bytes;
  return cudaLaunchKernelEx(&l.config, attention_mma<D, KIND, WARPS>, *a);
}

template <int D, int KIND>
int launch_split(const scull_cuda_attention_t *a, int chained, void *stream) {
  constexpr int WARPS = 4, BYTES = 16 * room<D>::PITCH + WARPS * 2 * room<D>::TILE;
  static_assert(BYTES >= WARPS * 16 * (D + 6) * (int)sizeof(float), "the sums fit into the tiles");
  cudaError_t error = cudaFuncSetAttribute(attention_split<D, KIND, WARPS>,
                                           cudaFuncAttributeMaxDynamicSharedMemorySize, BYTES);
  if (error != cudaSuccess)
    return error;
  element::launch l(dim3((unsigned)((a->queries + 15) / 16), (unsigned)a->heads), dim3(WARPS * 32),
                    chained, stream);
  l.config.dynamicSmemBytes = BYTES;
  return cudaLaunchKernelEx(&l.config, attention_split<D, KIND, WARPS>, *a);
}

template <int D, int KIND>
int launch_warps(const scull_cuda_attention_t *a, int warps, int chained, void *stream) {
  if constexpr (D <= 64)
    if (warps == SCULL_CUDA_ATTENTION_SPLIT)
      return launch_split<D, KIND>(a, chained, stream);
  return warps == 4 ? launch<D, KIND, 4>(a, chained, stream)
                    : launch<D, KIND, 2>(a, chained, stream);
}

template <int KIND>
int launch_kind(const scull_cuda_attention_t *a, int warps, int chained, void *stream) {
  int most = a->depth > a->width ? a->depth : a->width;
  return most <= 32   ? launch_warps<32, KIND>(a, warps, chained, stream)
         : most <= 64 ? launch_warps<64, KIND>(a, warps, chained, stream)
                      : launch_warps<128, KIND>(a, warps, chained, stream);
}

} // namespace

int scull_cuda_attention_mma_enqueue(const scull_cuda_attention_t *a, int warps, int chained,
                                     void *stream) {
  if (a->heads == 0 || a->queries == 0 || a->width == 0)
    return cudaSuccess;
  if (a->heads > 65535 || a->keys == 0 || a->depth > 128 || a->width > 128 || a->depth % 8 != 0 ||
      a->width % 8 != 0)
    return cudaErrorInvalidValue;
  return a->q_type == SCULL_CUDA_E_F16
             ? launch_kind<SCULL_CUDA_MMA_F16>(a, warps, chained, stream)
             : launch_kind<SCULL_CUDA_MMA_BF16>(a, warps, chained, stream);
}
