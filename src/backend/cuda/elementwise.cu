/* elementwise.cu: a chain of element-wise operators in one pass.
 *
 * Algorithm: the chain is a short program in the kernel's parameters; every thread runs it on four
 * (flat) or one (broadcast, other orders) element at a time, its value in a register. The branches
 * of the program are the same for all threads.
 *
 *   tile   a thread: 4 neighbouring elements, or one; a block: 256 threads
 *   floor  the bytes: each operand once, each result once. Measured share: docs/kernels.md */
#include "backend/cuda/activation.cuh"
#include "backend/cuda/element.cuh"

namespace {

enum { THREADS = 256, EACH = 4 };

__device__ __forceinline__ float read(const scull_cuda_operand_t &o, long long at) {
  return element::load(o.data, at, o.type) * o.scale;
}

__device__ __forceinline__ void write(const scull_cuda_elementwise_t &e, long long at, float v) {
  if (e.dst_type == SCULL_CUDA_E_I8 || e.dst_type == SCULL_CUDA_E_U8)
    element::store_rounded(e.dst, at, e.dst_type, v * e.dst_factor);
  else
    element::store(e.dst, at, e.dst_type, v);
}

__device__ __forceinline__ float step(float v, const scull_cuda_elementwise_t &e, int k,
                                      long long at, long long third) {
  const scull_cuda_do_t &d = e.chain[k];
  if (d.kind < SCULL_CUDA_DO_BINARY)
    return activation::unary(v, d.kind, d.p);
  const scull_cuda_operand_t &o = e.operand[d.operand];
  float w = read(o, at);
  if (d.kind == SCULL_CUDA_DO_WHERE)
    return w != 0 ? v : read(e.operand[d.swapped], third);
  return d.swapped ? activation::binary(w, v, d.kind) : activation::binary(v, w, d.kind);
}

__global__ void __launch_bounds__(THREADS)
    elementwise_flat(const __grid_constant__ scull_cuda_elementwise_t e) {
  sm90::chain_trigger();
  sm90::chain_wait();
  long long first = (long long)blockIdx.x * THREADS * EACH + threadIdx.x;
  float v[EACH];
#pragma unroll
  for (int i = 0; i < EACH; i++)
    v[i] = first + i * THREADS < e.count ? read(e.operand[0], first + i * THREADS) : 0;
  for (int k = 0; k < e.length; k++)
#pragma unroll
    for (int i = 0; i < EACH; i++)
      if (first + i * THREADS < e.count)
        v[i] = step(v[i], e, k, first + i * THREADS, first + i * THREADS);
#pragma unroll
  for (int i = 0; i < EACH; i++)
    if (first + i * THREADS < e.count)
      write(e, first + i * THREADS, v[i]);
}

__global__ void __launch_bounds__(THREADS)
    elementwise_box(const __grid_constant__ scull_cuda_elementwise_t e) {
  sm90::chain_trigger();
  sm90::chain_wait();
  unsigned i = blockIdx.x * THREADS + threadIdx.x;
  if (i >= (unsigned)e.count)
    return;
  unsigned rest = i;
  long long at[SCULL_CUDA_OPERANDS] = {}, to = 0;
  for (int d = e.rank - 1; d >= 0; d--) {
    unsigned q = rest / (unsigned)e.dim[d], r = rest - q * (unsigned)e.dim[d];
    rest = q;
    to += (long long)r * e.dst_step[d];
#pragma unroll
    for (int o = 0; o < SCULL_CUDA_OPERANDS; o++)
      at[o] += (long long)r * e.operand[o].step[d];
  }
  float v = read(e.operand[0], at[0]);
  for (int k = 0; k < e.length; k++) {
    long long place = at[0], third = at[0];
#pragma unroll
    for (int o = 1; o < SCULL_CUDA_OPERANDS; o++) {
      place = e.chain[k].operand == o ? at[o] : place;
      third = e.chain[k].swapped == o ? at[o] : third;
    }
    v = step(v, e, k, place, third);
  }
  write(e, to, v);
}

} // namespace

int scull_cuda_elementwise_enqueue(const scull_cuda_elementwise_t *e, int chained, void *stream) {
  unsigned each = e->flat ? THREADS * EACH : THREADS;
  element::launch l(dim3(((unsigned)e->count + each - 1) / each), dim3(THREADS), chained, stream);
  if (e->count == 0)
    return cudaSuccess;
  return cudaLaunchKernelEx(&l.config, e->flat ? elementwise_flat : elementwise_box, *e);
}
