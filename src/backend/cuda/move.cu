/* move.cu: transposes, slices, concats, layouts: everything that only moves elements.
 *
 * Algorithm: a box has a step on either side for each dimension. Where both sides are dense along
 * the last one, a thread takes one unit of up to 16 bytes; where the source is dense along another,
 * tiles of 32 x 32 turn in shared memory, so that both sides are read and written in rows.
 *
 *   tile   32 x 32 elements in 32 x 33 words; or one unit a thread
 *   floor  the bytes: each element read once and written once. Measured share: docs/kernels.md */
#include "backend/cuda/element.cuh"
#include "backend/cuda/move.h"

namespace {

enum { THREADS = 256, TILE = 32 };

__device__ __forceinline__ void one(const scull_cuda_move_t &m, long long from, long long to) {
  if (m.src_type != SCULL_CUDA_E_NONE) {
    element::store_rounded(m.dst, to, m.dst_type,
                           element::load(m.src, from, m.src_type) * m.factor);
    return;
  }
  switch (m.size) {
  case 1: ((uint8_t *)m.dst)[to] = ((const volatile uint8_t *)m.src)[from]; break;
  case 2: ((uint16_t *)m.dst)[to] = ((const volatile uint16_t *)m.src)[from]; break;
  case 4: ((uint32_t *)m.dst)[to] = ((const volatile uint32_t *)m.src)[from]; break;
  case 8: ((uint64_t *)m.dst)[to] = ((const volatile uint64_t *)m.src)[from]; break;
  default: {
    uint4 v;
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "l"((const uint4 *)m.src + from)
                 : "memory");
    ((uint4 *)m.dst)[to] = v;
  }
  }
}

__global__ void __launch_bounds__(THREADS) move_box(const __grid_constant__ scull_cuda_move_t m,
                                                    unsigned count) {
  sm90::chain_trigger();
  sm90::chain_wait();
  unsigned i = blockIdx.x * THREADS + threadIdx.x;
  if (i >= count)
    return;
  long long from = 0, to = 0;
  for (int d = m.rank - 1; d >= 0; d--) {
    unsigned q = i / (unsigned)m.dim[d], r = i - q * (unsigned)m.dim[d];
    i = q;
    from += r * m.src_step[d];
    to += r * m.dst_step[d];
  }
  one(m, from, to);
}

/* As move_box; the grid's second dimension tells which. */
__global__ void __launch_bounds__(THREADS) move_boxes(const __grid_constant__ scull_cuda_moves_t m) {
  sm90::chain_trigger();
  sm90::chain_wait();
  const scull_cuda_move_t &b = m.move[blockIdx.y];
  unsigned count = 1, i = blockIdx.x * THREADS + threadIdx.x;
  for (int d = 0; d < b.rank; d++)
    count *= (unsigned)b.dim[d];
  if (i >= count)
    return;
  long long from = 0, to = 0;
  for (int d = b.rank - 1; d >= 0; d--) {
    unsigned q = i / (unsigned)b.dim[d], r = i - q * (unsigned)b.dim[d];
    i = q;
    from += r * b.src_step[d];
    to += r * b.dst_step[d];
  }
  one(b, from, to);
}

/* The last dimension is the destination's dense one, `turn` the source's. */
__global__ void __launch_bounds__(TILE * 8) move_turn(const __grid_constant__ scull_cuda_move_t m,
                                                      int turn, int tiles_a, int tiles_b) {
  __shared__ float tile[TILE][TILE + 1];
  sm90::chain_trigger();
  sm90::chain_wait();
  int last = m.rank - 1;
  unsigned block = blockIdx.x, ta = block % tiles_a, rest = block / tiles_a, tb = rest % tiles_b;
  rest /= tiles_b;
  long long from = 0, to = 0;
  for (int d = last - 1; d >= 0; d--) {
    if (d == turn)
      continue;
    unsigned q = rest / (unsigned)m.dim[d], r = rest - q * (unsigned)m.dim[d];
    rest = q;
    from += r * m.src_step[d];
    to += r * m.dst_step[d];
  }
  int a0 = ta * TILE, b0 = tb * TILE;
  for (int j = threadIdx.y; j < TILE; j += 8) {
    int a = a0 + j, b = b0 + threadIdx.x; /* a along the destination's rows, b the source's */
    if (a >= m.dim[last] || b >= m.dim[turn])
      continue;
    long long at = from + a * m.src_step[last] + b * m.src_step[turn];
    if (m.src_type != SCULL_CUDA_E_NONE)
      tile[j][threadIdx.x] = element::load(m.src, at, m.src_type);
    else if (m.size == 4)
      tile[j][threadIdx.x] = __uint_as_float(((const volatile uint32_t *)m.src)[at]);
    else
      tile[j][threadIdx.x] = __uint_as_float(((const volatile uint16_t *)m.src)[at]);
  }
  __syncthreads();
  for (int j = threadIdx.y; j < TILE; j += 8) {
    int a = a0 + threadIdx.x, b = b0 + j;
    if (a >= m.dim[last] || b >= m.dim[turn])
      continue;
    long long at = to + a * m.dst_step[last] + b * m.dst_step[turn];
    if (m.src_type != SCULL_CUDA_E_NONE)
      element::store_rounded(m.dst, at, m.dst_type, tile[threadIdx.x][j] * m.factor);
    else if (m.size == 4)
      ((uint32_t *)m.dst)[at] = __float_as_uint(tile[threadIdx.x][j]);
    else
      ((uint16_t *)m.dst)[at] = (uint16_t)__float_as_uint(tile[threadIdx.x][j]);
  }
}

template <class T>
__global__ void __launch_bounds__(THREADS) gather(const __grid_constant__ scull_cuda_gather_t g,
                                                  long long units) {
  sm90::chain_trigger();
  sm90::chain_wait();
  long long each = g.size / (long long)sizeof(T);
  for (long long i = (long long)blockIdx.x * THREADS + threadIdx.x; i < units;
       i += (long long)gridDim.x * THREADS) {
    long long unit = i % each, row = i / each, k = row % g.count, outer = row / g.count;
    long long index = g.wide ? ((const volatile long long *)g.index)[k]
                             : (long long)((const volatile int *)g.index)[k];
    index = index < 0 ? index + g.rows : index;
    index = index < 0 ? 0 : index >= g.rows ? g.rows - 1 : index;
    ((T *)g.dst)[i] = ((const volatile T *)g.src)[(outer * g.rows + index) * each + unit];
  }
}

template <class T>
__global__ void __launch_bounds__(THREADS) fill(T *dst, T value, long long count) {
  sm90::chain_trigger();
  sm90::chain_wait();
  for (long long i = (long long)blockIdx.x * THREADS + threadIdx.x; i < count;
       i += (long long)gridDim.x * THREADS)
    dst[i] = value;
}

template <class T>
int gather_as(const scull_cuda_gather_t *g, int chained, void *stream) {
  long long units = g->outer * g->count * (g->size / (long long)sizeof(T));
  long long blocks = (units + THREADS - 1) / THREADS;
  if (units == 0)
    return cudaSuccess;
  element::launch l(dim3((unsigned)(blocks < 65535 ? blocks : 65535)), dim3(THREADS), chained,
                    stream);
  return cudaLaunchKernelEx(&l.config, gather<T>, *g, units);
}

template <class T> int fill_as(void *dst, uint64_t value, int64_t count, int chained, void *stream) {
  long long blocks = (count + THREADS - 1) / THREADS;
  element::launch l(dim3((unsigned)(blocks < 65535 ? blocks : 65535)), dim3(THREADS), chained,
                    stream);
  return cudaLaunchKernelEx(&l.config, fill<T>, (T *)dst, (T)value, (long long)count);
}

} // namespace

int scull_cuda_move_enqueue(const scull_cuda_move_t *m, int chained, void *stream) {
  long long count = 1;
  int last = m->rank - 1, turn = -1;
  for (int d = 0; d < m->rank; d++) {
    count *= m->dim[d];
    if (d < last && m->src_step[d] == 1 && m->dim[d] >= 8)
      turn = d;
  }
  if (count == 0)
    return cudaSuccess;
  bool small = m->src_type != SCULL_CUDA_E_NONE || m->size == 4 || m->size == 2;
  if (turn >= 0 && small && m->src_step[last] != 1 && m->dst_step[last] == 1 && m->dim[last] >= 4) {
    int tiles_a = (m->dim[last] + TILE - 1) / TILE, tiles_b = (m->dim[turn] + TILE - 1) / TILE;
    long long blocks = count / m->dim[last] / m->dim[turn] * tiles_a * tiles_b;
    element::launch l(dim3((unsigned)blocks), dim3(TILE, 8), chained, stream);
    return cudaLaunchKernelEx(&l.config, move_turn, *m, turn, tiles_a, tiles_b);
  }
  element::launch l(dim3((unsigned)((count + THREADS - 1) / THREADS)), dim3(THREADS), chained,
                    stream);
  return cudaLaunchKernelEx(&l.config, move_box, *m, (unsigned)count);
}

int scull_cuda_moves_enqueue(const scull_cuda_moves_t *m, int chained, void *stream) {
  long long most = 0;
  for (int i = 0; i < m->count; i++) {
    long long count = 1;
    for (int d = 0; d < m->move[i].rank; d++)
      count *= m->move[i].dim[d];
    most = count > most ? count : most;
  }
  if (most == 0)
    return cudaSuccess;
  element::launch l(dim3((unsigned)((most + THREADS - 1) / THREADS), (unsigned)m->count),
                    dim3(THREADS), chained, stream);
  return cudaLaunchKernelEx(&l.config, move_boxes, *m);
}

int scull_cuda_gather_enqueue(const scull_cuda_gather_t *g, int chained, void *stream) {
  return g->unit == 8   ? gather_as<uint64_t>(g, chained, stream)
         : g->unit == 4 ? gather_as<uint32_t>(g, chained, stream)
         : g->unit == 2 ? gather_as<uint16_t>(g, chained, stream)
                        : gather_as<uint8_t>(g, chained, stream);
}

int scull_cuda_fill_enqueue(void *dst, uint64_t value, int size, int64_t count, int chained,
                            void *stream) {
  if (count == 0)
    return cudaSuccess;
  return size == 8   ? fill_as<uint64_t>(dst, value, count, chained, stream)
         : size == 4 ? fill_as<uint32_t>(dst, value, count, chained, stream)
         : size == 2 ? fill_as<uint16_t>(dst, value, count, chained, stream)
                     : fill_as<uint8_t>(dst, value, count, chained, stream);
}
