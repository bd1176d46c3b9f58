/* attention.cu: softmax(q k^T * scale + mask) v for any float type, sums in FP32.
 *
 * Algorithm: a block owns 16 queries of a head and walks the keys in tiles of 32: scores by eight
 * threads a query, their largest and their sum kept from tile to tile (what was summed before is
 * scaled when a larger score comes), products with the values in registers. No scores in memory.
 *
 *   tile   16 queries, 32 keys, 128 threads; smem 4 * (48 depth + 32 width + 560) bytes
 *   floor  67 TFLOP/s of FP32; a score's multiply-add needs one load from shared memory, so half */
#include "backend/cuda/attention.h"
#include "backend/cuda/element.cuh"

namespace {

enum { THREADS = 128, QUERIES = 16, KEYS = 32, EACH = 8, SMEM = 48 << 10 };

size_t smem_bytes(int64_t depth, int64_t width) {
  return (size_t)(QUERIES * depth + KEYS * (depth + 1) + KEYS * width + QUERIES * (KEYS + 1)) *
         sizeof(float);
}

__device__ __forceinline__ void fetch(float *to, int pitch, const void *from, int type,
                                      long long first, int rows, int left, int columns) {
  for (int i = threadIdx.x; i < rows * columns; i += THREADS) {
    int r = i / columns, c = i - r * columns;
    to[r * pitch + c] = r < left ? element::load(from, first + i, type) : 0;
  }
}

/* Over the eight threads of a query. */
__device__ __forceinline__ float largest(float v) {
  for (int i = 1; i < EACH; i *= 2)
    v = fmaxf(v, __shfl_xor_sync(~0u, v, i));
  return v;
}

__device__ __forceinline__ float total(float v) {
  for (int i = 1; i < EACH; i *= 2)
    v += __shfl_xor_sync(~0u, v, i);
  return v;
}

/* COLUMNS: of the result, a thread. */
template <int COLUMNS>
__global__ void __launch_bounds__(THREADS)
    attention(const __grid_constant__ scull_cuda_attention_t a) {
  extern __shared__ float smem[];
  float *q = smem, *k = q + QUERIES * a.depth, *v = k + KEYS * (a.depth + 1);
  float *p = v + KEYS * a.width;
  int head = blockIdx.y, q0 = blockIdx.x * QUERIES, row = threadIdx.x / EACH;
  int lane = threadIdx.x % EACH, query = q0 + row;
  long long mask = head / a.heads_a_batch * a.mask_step[0] +
                   head % a.heads_a_batch * a.mask_step[1] + query * a.mask_step[2];
  float sum[COLUMNS] = {}, peak = -INFINITY, weight = 0;
  sm90::chain_trigger();
  sm90::chain_wait();
  fetch(q, a.depth, a.q, a.q_type, ((long long)head * a.queries + q0) * a.depth, QUERIES,
        a.queries - q0, a.depth);
  for (int k0 = 0; k0 < a.keys; k0 += KEYS) {
    long long at = (long long)head * a.keys + k0;
    __syncthreads(); /* the tile before has been used */
    fetch(k, a.depth + 1, a.k, a.k_type, at * a.depth, KEYS, a.keys - k0, a.depth);
    fetch(v, a.width, a.v, a.v_type, at * a.width, KEYS, a.keys - k0, a.width);
    __syncthreads();
    float score[KEYS / EACH], top = peak;
#pragma unroll
    for (int j = 0; j < KEYS / EACH; j++) {
      int s = lane + j * EACH;
      float dot = 0;
      for (int d = 0; d < a.depth; d++)
        dot = fmaf(q[row * a.depth + d], k[s * (a.depth + 1) + d], dot);
      dot *= a.scale;
      if (a.mask && k0 + s < a.keys && query < a.queries)
        dot += element::load(a.mask, mask + (k0 + s) * a.mask_step[3], a.mask_type);
      score[j] = k0 + s < a.keys ? dot : -INFINITY;
      top = fmaxf(top, score[j]);
    }
    top = largest(top);
    float base = top == -INFINITY ? 0 : top, shrink = expf(peak - base), part = 0;
#pragma unroll
    for (int j = 0; j < KEYS / EACH; j++) {
      float e = expf(score[j] - base);
      p[row * (KEYS + 1) + lane + j * EACH] = e;
      part += e;
    }
    weight = weight * shrink + total(part);
    peak = top;
    __syncwarp();
#pragma unroll
    for (int i = 0; i < COLUMNS; i++)
      sum[i] *= shrink;
    for (int s = 0; s < KEYS; s++) {
      float e = p[row * (KEYS + 1) + s];
#pragma unroll
      for (int i = 0; i < COLUMNS; i++) {
        int c = lane + i * EACH;
        if (c < a.width)
          sum[i] = fmaf(e, v[s * a.width + c], sum[i]);
      }
    }
  }
  if (query >= a.queries)
    return;
#pragma unroll
  for (int i = 0; i < COLUMNS; i++) {
    int c = lane + i * EACH;
    if (c < a.width)
      element::store(a.dst, ((long long)head * a.queries + query) * a.width + c, a.dst_type,
                     sum[i] / weight);
  }
}

template <int COLUMNS> int launch(const scull_cuda_attention_t *a, int chained, void *stream) {
  element::launch l(dim3((unsigned)((a->queries + QUERIES - 1) / QUERIES), (unsigned)a->heads),
                    dim3(THREADS), chained, stream);
  l.config.dynamicSmemBytes = smem_bytes(a->depth, a->width);
  return cudaLaunchKernelEx(&l.config, attention<COLUMNS>, *a);
}

} // namespace

int scull_cuda_attention_fits(int64_t depth, int64_t width) {
  return depth <= 1024 && width <= 40 * EACH && smem_bytes(depth, width) <= SMEM;
}

int scull_cuda_attention_enqueue(const scull_cuda_attention_t *a, int chained, void *stream) {
  if (a->heads == 0 || a->queries == 0 || a->width == 0)
    return cudaSuccess;
  if (a->heads > 65535 || !scull_cuda_attention_fits(a->depth, a->width))
    return cudaErrorInvalidValue;
  return a->width <= 8 * EACH    ? launch<8>(a, chained, stream)
         : a->width <= 16 * EACH ? launch<16>(a, chained, stream)
                                 : launch<40>(a, chained, stream);
}
