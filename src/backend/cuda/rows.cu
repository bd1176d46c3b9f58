/* rows.cu: reductions, softmax and normalization, sums in FP32.
 *
 * Algorithm: a block owns one result (reduction) or one row (softmax, normalization) and its
 * threads share the elements; sums meet by shuffles and in shared memory. Many short rows: a thread
 * a result. Rows are read again from L1/L2 in the second pass.
 *
 *   tile   a row a block of 256 (128, 32 for shorter rows), or a result a thread
 *   floor  the bytes: each element read once, each result written once */
#include "backend/cuda/element.cuh"
#include "backend/cuda/rows.h"

namespace {

enum { MAX_THREADS = 256 };

__device__ __forceinline__ float fold(float a, float b, int how) {
  return how == SCULL_CUDA_FOLD_MAX    ? fmaxf(a, b)
         : how == SCULL_CUDA_FOLD_MIN  ? fminf(a, b)
         : how == SCULL_CUDA_FOLD_PROD ? a * b
                                       : a + b;
}

__device__ __forceinline__ float first_of(int how) {
  return how == SCULL_CUDA_FOLD_MAX    ? -INFINITY
         : how == SCULL_CUDA_FOLD_MIN  ? INFINITY
         : how == SCULL_CUDA_FOLD_PROD ? 1.0f
                                       : 0.0f;
}

/* What is folded of an element. */
__device__ __forceinline__ float taken(float v, int how) {
  return how == SCULL_CUDA_FOLD_L1                                     ? fabsf(v)
         : how == SCULL_CUDA_FOLD_L2 || how == SCULL_CUDA_FOLD_SQUARES ? v * v
                                                                       : v;
}

/* The fold of all threads' values, in every thread. */
__device__ float meet(float v, int how) {
  __shared__ float part[MAX_THREADS / 32];
  int warps = (blockDim.x + 31) / 32;
#pragma unroll
  for (int i = 16; i > 0; i /= 2)
    v = fold(v, __shfl_xor_sync(~0u, v, i), how);
  __syncthreads();
  if ((threadIdx.x & 31) == 0)
    part[threadIdx.x >> 5] = v;
  __syncthreads();
  v = part[0];
  for (int i = 1; i < warps; i++)
    v = fold(v, part[i], how);
  return v;
}

__device__ __forceinline__ long long walk(long long i, int rank, const int32_t *dim,
                                          const int64_t *step) {
  unsigned rest = (unsigned)i;
  long long at = 0;
  for (int d = rank - 1; d >= 0; d--) {
    unsigned q = rest / (unsigned)dim[d];
    at += (rest - q * (unsigned)dim[d]) * step[d];
    rest = q;
  }
  return at;
}

__device__ __forceinline__ void put(const scull_cuda_reduce_t &r, long long i, float v) {
  if (r.fold == SCULL_CUDA_FOLD_MEAN)
    v /= (float)r.folded;
  if (r.fold == SCULL_CUDA_FOLD_L2)
    v = sqrtf(v);
  element::store(r.dst, walk(i, r.kept_rank, r.kept_dim, r.dst_step), r.dst_type, v);
}

__global__ void reduce_block(const __grid_constant__ scull_cuda_reduce_t r) {
  sm90::chain_trigger();
  sm90::chain_wait();
  long long i = blockIdx.x, from = walk(i, r.kept_rank, r.kept_dim, r.kept_step);
  float v = first_of(r.fold);
  for (long long k = threadIdx.x; k < r.folded; k += blockDim.x)
    v = fold(v,
             taken(element::load(r.src, from + walk(k, r.fold_rank, r.fold_dim, r.fold_step),
                                 r.src_type),
                   r.fold),
             r.fold);
  v = meet(v, r.fold);
  if (threadIdx.x == 0)
    put(r, i, v);
}

__global__ void reduce_thread(const __grid_constant__ scull_cuda_reduce_t r) {
  sm90::chain_trigger();
  sm90::chain_wait();
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= r.kept)
    return;
  long long from = walk(i, r.kept_rank, r.kept_dim, r.kept_step);
  float v = first_of(r.fold);
  for (long long k = 0; k < r.folded; k++)
    v = fold(v,
             taken(element::load(r.src, from + walk(k, r.fold_rank, r.fold_dim, r.fold_step),
                                 r.src_type),
                   r.fold),
             r.fold);
  put(r, i, v);
}

__global__ void softmax_row(const __grid_constant__ scull_cuda_softmax_t s) {
  sm90::chain_trigger();
  sm90::chain_wait();
  long long row = blockIdx.x, at = row / s.step * s.n * s.step + row % s.step;
  float most = -INFINITY, sum = 0;
  for (long long i = threadIdx.x; i < s.n; i += blockDim.x)
    most = fmaxf(most, element::load(s.src, at + i * s.step, s.src_type));
  most = meet(most, SCULL_CUDA_FOLD_MAX);
  for (long long i = threadIdx.x; i < s.n; i += blockDim.x)
    sum += expf(element::load(s.src, at + i * s.step, s.src_type) - most);
  sum = meet(sum, SCULL_CUDA_FOLD_SUM);
  float shift = s.logarithm ? logf(sum) : 0, scale = 1 / sum;
  for (long long i = threadIdx.x; i < s.n; i += blockDim.x) {
    float v = element::load(s.src, at + i * s.step, s.src_type) - most;
    element::store(s.dst, at + i * s.step, s.dst_type, s.logarithm ? v - shift : expf(v) * scale);
  }
}

__global__ void normalize_group(const __grid_constant__ scull_cuda_normalize_t g) {
  sm90::chain_trigger();
  sm90::chain_wait();
  long long first = blockIdx.x * g.count;
  float sum = 0, square = 0;
  for (long long i = threadIdx.x; i < g.count; i += blockDim.x)
    sum += element::load(g.src, first + i, g.src_type);
  float mean = meet(sum, SCULL_CUDA_FOLD_SUM) / (float)g.count;
  for (long long i = threadIdx.x; i < g.count; i += blockDim.x) {
    float v = element::load(g.src, first + i, g.src_type) - mean;
    square += v * v;
  }
  float scale = 1 / sqrtf(meet(square, SCULL_CUDA_FOLD_SUM) / (float)g.count + g.epsilon);
  for (long long i = threadIdx.x; i < g.count; i += blockDim.x) {
    long long k = (first + i) / g.run % g.period;
    float v = (element::load(g.src, first + i, g.src_type) - mean) * scale;
    element::store(g.dst, first + i, g.dst_type, fmaf(v, g.packed[k], g.packed[g.period + k]));
  }
}

/* The same for groups that a block can hold in registers: read once, and what scales them before
 * the wait for the input. */
template <int EACH>
__global__ void normalize_held(const __grid_constant__ scull_cuda_normalize_t g) {
  long long first = blockIdx.x * g.count;
  bool plain = g.run == 1 && g.period == g.count;
  float v[EACH], scale[EACH], shift[EACH], sum = 0, square = 0;
  sm90::chain_trigger();
#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int i = threadIdx.x + e * blockDim.x;
    long long k = i >= g.count ? 0 : plain ? i : (first + i) / g.run % g.period;
    scale[e] = __ldg(g.packed + k);
    shift[e] = __ldg(g.packed + g.period + k);
  }
  sm90::chain_wait();
#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int i = threadIdx.x + e * blockDim.x;
    v[e] = i < g.count ? element::load(g.src, first + i, g.src_type) : 0;
    sum += v[e];
  }
  float mean = meet(sum, SCULL_CUDA_FOLD_SUM) / (float)g.count;
#pragma unroll
  for (int e = 0; e < EACH; e++) {
    float d = v[e] - mean;
    square += threadIdx.x + e * blockDim.x < g.count ? d * d : 0;
  }
  float norm = 1 / sqrtf(meet(square, SCULL_CUDA_FOLD_SUM) / (float)g.count + g.epsilon);
#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int i = threadIdx.x + e * blockDim.x;
    if (i < g.count)
      element::store(g.dst, first + i, g.dst_type, fmaf((v[e] - mean) * norm, scale[e], shift[e]));
  }
}

unsigned threads_for(long long count) {
  return count <= 32 ? 32 : count <= 512 ? 128 : MAX_THREADS;
}

} // namespace

int scull_cuda_reduce_enqueue(const scull_cuda_reduce_t *r, int chained, void *stream) {
  if (r->kept == 0)
    return cudaSuccess;
  bool thread = r->folded <= 16 || (r->folded <= 256 && r->kept >= 1 << 17);
  unsigned block = thread ? MAX_THREADS : threads_for(r->folded);
  long long grid = thread ? (r->kept + block - 1) / block : r->kept;
  element::launch l(dim3((unsigned)grid), dim3(block), chained, stream);
  return cudaLaunchKernelEx(&l.config, thread ? reduce_thread : reduce_block, *r);
}

int scull_cuda_softmax_enqueue(const scull_cuda_softmax_t *s, int chained, void *stream) {
  if (s->rows == 0 || s->n == 0)
    return cudaSuccess;
  element::launch l(dim3((unsigned)s->rows), dim3(threads_for(s->n)), chained, stream);
  return cudaLaunchKernelEx(&l.config, softmax_row, *s);
}

int scull_cuda_normalize_enqueue(const scull_cuda_normalize_t *g, int chained, void *stream) {
  if (g->groups == 0 || g->count == 0)
    return cudaSuccess;
  enum { EACH = 8 };
  bool held = g->count <= MAX_THREADS * EACH;
  long long threads = held ? (g->count + EACH * 32 - 1) / (EACH * 32) * 32 : threads_for(g->count);
  element::launch l(dim3((unsigned)g->groups), dim3((unsigned)threads), chained, stream);
  return cudaLaunchKernelEx(&l.config, held ? normalize_held<EACH> : normalize_group, *g);
}
