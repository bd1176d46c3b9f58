/* lines.cu: the best elements of lines, the places of the best, running sums.
 *
 * Algorithm: top_k sorts a whole line in shared memory (bitonic; keys are the elements as ordered
 * integers, above their index). Places of the best: a thread a line where lines lie side by side,
 * so that neighbours read neighbours, else a block a line. Running sums: a warp a line by shuffles,
 * or a thread a line where lines lie side by side.
 *
 *   tile   a line a block (top_k: 8 bytes of smem an element), a warp or a thread
 *   floor  the bytes, each element read once; top_k: log2(n)^2 / 2 passes over shared memory */
#include "backend/cuda/element.cuh"
#include "backend/cuda/lines.h"

namespace {

enum { THREADS = 128, SORTERS = 1024 };

__device__ __forceinline__ long long first_of(const scull_cuda_lines_t &l, long long line) {
  return line / l.inner * l.extent * l.inner + line % l.inner;
}

/* In the order of the elements; -0 is 0, NaN above all. */
__device__ __forceinline__ uint32_t ordered(const void *p, long long at, int type) {
  if (type == SCULL_CUDA_E_I32)
    return (uint32_t)((const volatile int *)p)[at] ^ 0x80000000u;
  float v = element::load(p, at, type);
  if (v != v)
    return ~0u;
  uint32_t bits = __float_as_uint(v == 0 ? 0.0f : v);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

__device__ __forceinline__ void move(const void *from, long long i, void *to, long long o,
                                     int type) {
  if (type == SCULL_CUDA_E_F32 || type == SCULL_CUDA_E_I32)
    ((uint32_t *)to)[o] = ((const volatile uint32_t *)from)[i];
  else if (type == SCULL_CUDA_E_F16 || type == SCULL_CUDA_E_BF16)
    ((unsigned short *)to)[o] = ((const volatile unsigned short *)from)[i];
  else
    ((uint8_t *)to)[o] = ((const volatile uint8_t *)from)[i];
}

/* `room` is a power of two, at least the extent. */
__global__ void __launch_bounds__(SORTERS)
    top_lines(const __grid_constant__ scull_cuda_lines_t l, int room) {
  extern __shared__ unsigned long long keys[];
  long long first = first_of(l, blockIdx.x);
  sm90::chain_trigger();
  sm90::chain_wait();
  for (int i = threadIdx.x; i < room; i += blockDim.x) {
    unsigned long long key = ~0ull;
    if (i < l.extent) {
      uint32_t value = ordered(l.src, first + (long long)i * l.inner, l.type);
      key = (unsigned long long)(l.smallest ? value : ~value) << 32 | (unsigned)i;
    }
    keys[i] = key;
  }
  for (int size = 2; size <= room; size *= 2)
    for (int step = size / 2; step > 0; step /= 2) {
      __syncthreads();
      for (int i = threadIdx.x; i < room / 2; i += blockDim.x) {
        int a = i / step * 2 * step + i % step, b = a + step;
        unsigned long long x = keys[a], y = keys[b];
        if ((x > y) == ((a & size) == 0))
          keys[a] = y, keys[b] = x;
      }
    }
  __syncthreads();
  long long to = blockIdx.x / l.inner * (long long)l.k * l.inner + blockIdx.x % l.inner;
  for (int i = threadIdx.x; i < l.k; i += blockDim.x) {
    long long at = to + (long long)i * l.inner, from = (long long)(keys[i] & 0xffffffffu);
    move(l.src, first + from * l.inner, l.dst, at, l.type);
    ((long long *)l.index)[at] = from;
  }
}

/* An element and its place. */
struct best {
  uint32_t value;
  int at;
};

/* NaN counts as the worst. */
__device__ __forceinline__ best look(const scull_cuda_lines_t &l, long long first, int i) {
  uint32_t value = ordered(l.src, first + (long long)i * l.inner, l.type);
  if (l.type <= SCULL_CUDA_E_BF16 && value == ~0u)
    return {0, i};
  return {l.smallest ? ~value : value, i};
}

__device__ __forceinline__ best better(best a, best b, int last) {
  bool second = b.value > a.value || (b.value == a.value && (last ? b.at > a.at : b.at < a.at));
  return second ? b : a;
}

__device__ __forceinline__ void put(const scull_cuda_lines_t &l, long long line, int at) {
  if (l.wide)
    ((long long *)l.dst)[line] = at;
  else
    ((int *)l.dst)[line] = at;
}

__global__ void __launch_bounds__(THREADS)
    arg_thread(const __grid_constant__ scull_cuda_lines_t l) {
  long long line = (long long)blockIdx.x * THREADS + threadIdx.x;
  sm90::chain_trigger();
  sm90::chain_wait();
  if (line >= (long long)l.outer * l.inner)
    return;
  long long first = first_of(l, line);
  best b = look(l, first, 0);
  for (int i = 1; i < l.extent; i++)
    b = better(b, look(l, first, i), l.last);
  put(l, line, b.at);
}

__global__ void __launch_bounds__(THREADS) arg_block(const __grid_constant__ scull_cuda_lines_t l) {
  __shared__ best part[THREADS / 32];
  sm90::chain_trigger();
  sm90::chain_wait();
  long long first = first_of(l, blockIdx.x);
  best b = look(l, first, min((int)threadIdx.x, l.extent - 1));
  for (int i = threadIdx.x + THREADS; i < l.extent; i += THREADS)
    b = better(b, look(l, first, i), l.last);
  for (int i = 16; i > 0; i /= 2) {
    best other = {__shfl_xor_sync(~0u, b.value, i), __shfl_xor_sync(~0u, b.at, i)};
    b = better(b, other, l.last);
  }
  if (threadIdx.x % 32 == 0)
    part[threadIdx.x / 32] = b;
  __syncthreads();
  if (threadIdx.x != 0)
    return;
  for (int i = 1; i < THREADS / 32; i++)
    b = better(b, part[i], l.last);
  put(l, blockIdx.x, b.at);
}

__device__ __forceinline__ float joined(float a, float b, int product) {
  return product ? a * b : a + b;
}

__global__ void __launch_bounds__(THREADS)
    cumsum_thread(const __grid_constant__ scull_cuda_lines_t l) {
  long long line = (long long)blockIdx.x * THREADS + threadIdx.x;
  sm90::chain_trigger();
  sm90::chain_wait();
  if (line >= (long long)l.outer * l.inner)
    return;
  long long first = first_of(l, line);
  float sum = (float)l.product;
  for (int i = 0; i < l.extent; i++) {
    long long at = first + (long long)(l.reverse ? l.extent - 1 - i : i) * l.inner;
    float next = joined(sum, element::load(l.src, at, l.type), l.product);
    element::store(l.dst, at, l.type, l.exclusive ? sum : next);
    sum = next;
  }
}

__global__ void __launch_bounds__(THREADS)
    cumsum_warp(const __grid_constant__ scull_cuda_lines_t l) {
  long long line = (long long)blockIdx.x * (THREADS / 32) + threadIdx.x / 32;
  int lane = threadIdx.x % 32;
  sm90::chain_trigger();
  sm90::chain_wait();
  if (line >= (long long)l.outer * l.inner)
    return;
  long long first = first_of(l, line);
  const float none = (float)l.product;
  float before = none;
  for (int i0 = 0; i0 < l.extent; i0 += 32) {
    int i = i0 + lane;
    long long at = first + (long long)(l.reverse ? l.extent - 1 - i : i) * l.inner;
    float v = i < l.extent ? element::load(l.src, at, l.type) : none;
    for (int d = 1; d < 32; d *= 2) {
      float other = __shfl_up_sync(~0u, v, d);
      v = lane >= d ? joined(other, v, l.product) : v;
    }
    float left = __shfl_up_sync(~0u, v, 1);
    float own = joined(before, l.exclusive ? lane == 0 ? none : left : v, l.product);
    if (i < l.extent)
      element::store(l.dst, at, l.type, own);
    before = joined(before, __shfl_sync(~0u, v, 31), l.product);
  }
}

} // namespace

int scull_cuda_top_enqueue(const scull_cuda_lines_t *l, int chained, void *stream) {
  int room = 2;
  if ((long long)l->outer * l->inner == 0 || l->k == 0)
    return cudaSuccess;
  if (l->extent > SCULL_CUDA_TOP_MOST)
    return cudaErrorInvalidValue;
  while (room < l->extent)
    room *= 2;
  size_t bytes = (size_t)room * sizeof(unsigned long long);
  cudaError_t error = cudaFuncSetAttribute(top_lines, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                           SCULL_CUDA_TOP_MOST * (int)sizeof(unsigned long long));
  if (error != cudaSuccess && room > 4096)
    return error;
  int threads = room / 2 < SORTERS ? room / 2 < 32 ? 32 : room / 2 : SORTERS;
  element::launch k(dim3((unsigned)(l->outer * l->inner)), dim3((unsigned)threads), chained,
                    stream);
  k.config.dynamicSmemBytes = bytes;
  return cudaLaunchKernelEx(&k.config, top_lines, *l, room);
}

int scull_cuda_arg_enqueue(const scull_cuda_lines_t *l, int chained, void *stream) {
  long long lines = (long long)l->outer * l->inner;
  if (lines == 0 || l->extent == 0)
    return cudaSuccess;
  bool block = l->inner == 1 && l->extent >= 64;
  element::launch k(dim3((unsigned)(block ? lines : (lines + THREADS - 1) / THREADS)),
                    dim3(THREADS), chained, stream);
  return block ? cudaLaunchKernelEx(&k.config, arg_block, *l)
               : cudaLaunchKernelEx(&k.config, arg_thread, *l);
}

int scull_cuda_cumsum_enqueue(const scull_cuda_lines_t *l, int chained, void *stream) {
  long long lines = (long long)l->outer * l->inner;
  if (lines == 0 || l->extent == 0)
    return cudaSuccess;
  bool warp = l->inner == 1;
  long long each = warp ? THREADS / 32 : THREADS;
  element::launch k(dim3((unsigned)((lines + each - 1) / each)), dim3(THREADS), chained, stream);
  return warp ? cudaLaunchKernelEx(&k.config, cumsum_warp, *l)
              : cudaLaunchKernelEx(&k.config, cumsum_thread, *l);
}
