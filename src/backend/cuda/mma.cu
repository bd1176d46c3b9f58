/* mma.cu: convolution as an implicit product on the matrix units of any GPU since 8.0 (mma.sync),
 * channels last, FP16, BF16, TF32 and INT8; a product of matrices is one over one pixel.
 *
 * Algorithm: a block makes BM pixels x BN channels over steps of 64 bytes of K (taps outermost,
 * channels fastest). Four steps stand in shared memory, brought by 16-byte asynchronous copies that
 * write zeros for what lies outside of the picture; units of 16 bytes are XORed with their row so
 * that ldmatrix meets no bank twice. Seen in bytes all types have the same fragments, so that one
 * kernel serves them. Channels are packed in an order that gives a thread eight neighbouring
 * results. Where tiles are few, blocks share K: their sums go through memory, and a second kernel
 * adds them up in the order of ranks.
 *
 *   tile   128 x 128 (8 warps of 64 x 32), 128 x 64 (4), 64 x 64 (4 of 32 x 32), 64 x 32 (4 of
 *          16 x 32); smem 4 x (BM + BN) x 64 bytes
 *   floor  the matrix unit: mma.sync reaches some 60 % of what wgmma does on Hopper. Measured
 *          share: docs/kernels.md */
#include "backend/cuda/activation.cuh"
#include "backend/cuda/element.cuh"
#include "backend/cuda/mma.cuh"

namespace {

enum { STEP = SCULL_CUDA_MMA_STEP, STAGES = 4, UNITS = STEP / 16, ADDERS = 256 };

template <int BM_, int BN_, int WM_, int WN_> struct tile {
  static constexpr int BM = BM_, BN = BN_, WM = WM_, WN = WN_;
  static constexpr int ACROSS = BN / WN, WARPS = BM / WM * ACROSS, THREADS = 32 * WARPS;
  static constexpr int LINES = THREADS / UNITS; /* rows that all threads copy at once */
  static constexpr int A = BM / LINES, B = BN / LINES;
  static constexpr int TM = WM / 16, TN = WN / 8;
  static constexpr int STAGE = (BM + BN) * STEP, SMEM = STAGES * STAGE;
};

/* Where 16 bytes of a row lie in its operand. */
__device__ __forceinline__ uint32_t place(int row, int unit) {
  return (uint32_t)(row * STEP + (unit ^ (row >> 1 & 3)) * 16);
}

/* What a thread copies of the pixels: rows threadIdx.x / UNITS + LINES * i, one unit of a step. */
template <int ROWS> struct source {
  const char *picture[ROWS];
  int y[ROWS], x[ROWS];
  int c, r, s; /* c in bytes */
};

template <class T>
__device__ __forceinline__ void begin(const scull_cuda_mma_t &t, int size, int m0, int rows,
                                      int first, source<T::A> &g) {
#pragma unroll
  for (int i = 0; i < T::A; i++) {
    int m = m0 + (int)threadIdx.x / UNITS + T::LINES * i;
    int row = m / t.q, x = m - row * t.q, n = row / t.p, y = row - n * t.p;
    g.picture[i] = (const char *)t.src + (size_t)n * t.h * t.w * t.src_pitch * size;
    g.y[i] = m < rows ? y * t.stride_h - t.pad_h : -(1 << 28);
    g.x[i] = x * t.stride_w - t.pad_w;
  }
  int at = first * STEP + threadIdx.x % UNITS * 16, bytes = t.c * size, tap = at / bytes;
  g.c = at - tap * bytes;
  g.r = tap / t.s;
  g.s = tap - g.r * t.s;
}

template <class T>
__device__ __forceinline__ void copy_pixels(const scull_cuda_mma_t &t, int size, source<T::A> &g,
                                            uint32_t stage) {
  bool more = g.r < t.r;
#pragma unroll
  for (int i = 0; i < T::A; i++) {
    int y = g.y[i] + g.r * t.dil_h, x = g.x[i] + g.s * t.dil_w;
    bool valid = more && (unsigned)y < (unsigned)t.h && (unsigned)x < (unsigned)t.w;
    const char *src = (const char *)t.src;
    if (valid)
      src = g.picture[i] + ((size_t)y * t.w + x) * t.src_pitch * size + g.c;
    sm90::copy16(stage + place((int)threadIdx.x / UNITS + T::LINES * i, threadIdx.x % UNITS), src,
                 valid);
  }
  int bytes = t.c * size;
  for (g.c += STEP; g.c >= bytes; g.c -= bytes)
    if (++g.s == t.s)
      g.s = 0, g.r++;
}

template <class T>
__device__ __forceinline__ void copy_weights(const scull_cuda_mma_t &t, int row_bytes, int n0,
                                             int step, uint32_t stage) {
  int at = step * STEP + threadIdx.x % UNITS * 16, padded = (t.k + 31) / 32 * 32;
#pragma unroll
  for (int i = 0; i < T::B; i++) {
    int line = (int)threadIdx.x / UNITS + T::LINES * i;
    bool valid = at < row_bytes && n0 + line < padded;
    const char *src = (const char *)t.weights;
    if (valid)
      src += (size_t)(n0 + line) * row_bytes + at;
    sm90::copy16(stage + T::BM * STEP + place(line, threadIdx.x % UNITS), src, valid);
  }
}

/* --- the end of eight neighbouring results ---------------------------------------------------- */

__device__ __forceinline__ void unpack(float (&r)[8], uint4 z, int type) {
  const uint32_t w[4] = {z.x, z.y, z.z, z.w};
#pragma unroll
  for (int i = 0; i < 8; i++) {
    uint32_t bits = w[i / 2] >> i % 2 * 16 & 0xffff;
    if (type == SCULL_CUDA_E_F16) {
      __half_raw h;
      h.x = (unsigned short)bits;
      r[i] = __half2float(__half(h));
    } else {
      r[i] = __uint_as_float(bits << 16);
    }
  }
}

__device__ __forceinline__ void load8(float (&r)[8], const void *p, long long at, int type,
                                      bool even, int count) {
  if (even && type == SCULL_CUDA_E_F32) {
    const float *f = (const float *)p + at;
#pragma unroll
    for (int i = 0; i < 8; i += 4)
      asm volatile("ld.global.v4.f32 {%0, %1, %2, %3}, [%4];"
                   : "=f"(r[i]), "=f"(r[i + 1]), "=f"(r[i + 2]), "=f"(r[i + 3])
                   : "l"(f + i)
                   : "memory");
  } else if (even && type <= SCULL_CUDA_E_BF16) {
    uint4 z;
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(z.x), "=r"(z.y), "=r"(z.z), "=r"(z.w)
                 : "l"((const unsigned short *)p + at)
                 : "memory");
    unpack(r, z, type);
  } else {
#pragma unroll
    for (int i = 0; i < 8; i++)
      r[i] = i < count ? element::load(p, at + i, type) : 0;
  }
}

__device__ __forceinline__ uint32_t bytes4(const float *v, bool is_unsigned) {
  uint32_t word = 0;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    float f = v[i] == v[i] ? rintf(v[i]) : 0;
    int b = (int)(is_unsigned ? fminf(fmaxf(f, 0), 255) : fminf(fmaxf(f, -127), 127));
    word |= (uint32_t)(b & 0xff) << 8 * i;
  }
  return word;
}

__device__ __forceinline__ void store8(void *p, long long at, int type, bool even, int count,
                                       const float (&v)[8]) {
  bool bytes = type == SCULL_CUDA_E_I8 || type == SCULL_CUDA_E_U8;
  if (even && type == SCULL_CUDA_E_F32) {
    float4 *to = (float4 *)((float *)p + at);
    to[0] = make_float4(v[0], v[1], v[2], v[3]);
    to[1] = make_float4(v[4], v[5], v[6], v[7]);
  } else if (even && !bytes) {
    bool half = type == SCULL_CUDA_E_F16;
    *(uint4 *)((unsigned short *)p + at) =
        make_uint4(mma::pair(v[0], v[1], half), mma::pair(v[2], v[3], half),
                   mma::pair(v[4], v[5], half), mma::pair(v[6], v[7], half));
  } else if (even) {
    *(uint2 *)((char *)p + at) =
        make_uint2(bytes4(v, type == SCULL_CUDA_E_U8), bytes4(v + 4, type == SCULL_CUDA_E_U8));
  } else {
#pragma unroll
    for (int i = 0; i < 8; i++)
      if (i < count)
        element::store_rounded(p, at + i, type, v[i]);
  }
}

/* Of channels n to n + 7 of pixel m. */
__device__ __forceinline__ void finish(const scull_cuda_mma_t &t, int m, int n, float (&v)[8]) {
  int count = min(8, t.k - n);
  float r[8] = {};
  if (t.residual)
    load8(r, t.residual, (long long)m * t.res_pitch + n, t.res_type, t.even, count);
#pragma unroll
  for (int i = 0; i < 8; i++) {
    float b = __ldg(t.bias + n + i);
    v[i] = t.scale ? fmaf(v[i], __ldg(t.scale + n + i), b) : v[i] + b;
    r[i] *= t.res_scale;
    v[i] = activation::end(t.add_first ? v[i] + r[i] : v[i], t.act);
    v[i] += t.add_first ? 0 : r[i];
    v[i] *= t.dst_factor;
  }
  store8(t.dst, (long long)m * t.dst_pitch + n, t.dst_type, t.even, count, v);
}

/* --- the kernels ------------------------------------------------------------------------------ */

template <class T, int KIND>
__device__ __forceinline__ void
multiply_step(uint32_t stage, typename mma::numbers<KIND>::sum (&sum)[T::TM][T::TN][4]) {
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int row = warp / T::ACROSS * T::WM, column = warp % T::ACROSS * T::WN;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    uint32_t a[T::TM][4], b[T::TN / 2][4];
#pragma unroll
    for (int i = 0; i < T::TM; i++)
      mma::load_matrices(a[i], stage + place(row + i * 16 + lane % 16, half * 2 + lane / 16));
#pragma unroll
    for (int j = 0; j < T::TN / 2; j++)
      mma::load_matrices(
          b[j], stage + T::BM * STEP +
                    place(column + j * 16 + lane / 16 * 8 + lane % 8, half * 2 + lane / 8 % 2));
    if constexpr (KIND == SCULL_CUDA_MMA_TF32)
    /* The unit cuts the lower bits off: half of the last that stays makes that rounding. */
#pragma unroll
      for (int i = 0; i < T::TM; i++)
#pragma unroll
        for (int e = 0; e < 4; e++)
          a[i][e] += 0x1000;
#pragma unroll
    for (int i = 0; i < T::TM; i++)
#pragma unroll
      for (int j = 0; j < T::TN; j++)
        mma::multiply<KIND>(sum[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
  }
}

template <class T, int KIND>
__global__ void __launch_bounds__(T::THREADS) conv_mma(const __grid_constant__ scull_cuda_mma_t t) {
  using sum_t = typename mma::numbers<KIND>::sum;
  constexpr int SIZE = KIND == SCULL_CUDA_MMA_TF32 ? 4 : KIND >= SCULL_CUDA_MMA_S8 ? 1 : 2;
  extern __shared__ __align__(128) char smem[];
  uint32_t stages = sm90::smem_addr(smem);
  int m0 = blockIdx.x * T::BM, n0 = blockIdx.y * T::BN, rows = t.n * t.p * t.q;
  int row_bytes = t.r * t.s * t.c * SIZE, total = (row_bytes + STEP - 1) / STEP;
  int each = (total + t.split - 1) / t.split, first = min((int)blockIdx.z * each, total);
  int steps = min(first + each, total) - first;
  source<T::A> g;
  sum_t sum[T::TM][T::TN][4] = {};
  sm90::chain_trigger();
#pragma unroll
  for (int s = 0; s < STAGES - 1; s++)
    if (s < steps)
      copy_weights<T>(t, row_bytes, n0, first + s, stages + s * T::STAGE);
  begin<T>(t, SIZE, m0, rows, first, g);
  sm90::chain_wait();
#pragma unroll
  for (int s = 0; s < STAGES - 1; s++) {
    if (s < steps)
      copy_pixels<T>(t, SIZE, g, stages + s * T::STAGE);
    mma::commit();
  }
  for (int s = 0; s < steps; s++) {
    int next = s + STAGES - 1;
    mma::wait_copies<STAGES - 2>();
    __syncthreads(); /* the step is there, and the one before has been used */
    if (next < steps) {
      copy_weights<T>(t, row_bytes, n0, first + next, stages + next % STAGES * T::STAGE);
      copy_pixels<T>(t, SIZE, g, stages + next % STAGES * T::STAGE);
    }
    mma::commit();
    multiply_step<T, KIND>(stages + s % STAGES * T::STAGE, sum);
  }
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32, padded = (t.k + 31) / 32 * 32;
#pragma unroll
  for (int i = 0; i < T::TM; i++)
#pragma unroll
    for (int h = 0; h < 2; h++)
#pragma unroll
      for (int j = 0; j < T::TN; j += 4) {
        int m = m0 + warp / T::ACROSS * T::WM + i * 16 + h * 8 + lane / 4;
        int n = n0 + warp % T::ACROSS * T::WN + j * 8 + lane % 4 * 8;
        sum_t v[8];
#pragma unroll
        for (int e = 0; e < 8; e++)
          v[e] = sum[i][j + e / 2][h * 2 + e % 2];
        if (m >= rows || n >= t.k)
          continue;
        if (t.split > 1) {
          sum_t *to = (sum_t *)t.partial + ((long long)blockIdx.z * rows + m) * padded + n;
#pragma unroll
          for (int e = 0; e < 8; e++)
            to[e] = v[e];
        } else {
          float f[8];
#pragma unroll
          for (int e = 0; e < 8; e++)
            f[e] = (float)v[e];
          finish(t, m, n, f);
        }
      }
}

template <class Sum>
__global__ void __launch_bounds__(ADDERS) conv_add(const __grid_constant__ scull_cuda_mma_t t) {
  int units = (t.k + 7) / 8, padded = (t.k + 31) / 32 * 32, rows = t.n * t.p * t.q;
  long long i = (long long)blockIdx.x * ADDERS + threadIdx.x;
  sm90::chain_trigger();
  sm90::chain_wait();
  if (i >= (long long)rows * units)
    return;
  int m = (int)(i / units), n = (int)(i - (long long)m * units) * 8;
  Sum sum[8] = {};
  for (int rank = 0; rank < t.split; rank++) {
    const volatile Sum *from =
        (const volatile Sum *)t.partial + ((long long)rank * rows + m) * padded + n;
#pragma unroll
    for (int e = 0; e < 8; e++)
      sum[e] += from[e];
  }
  float v[8];
#pragma unroll
  for (int e = 0; e < 8; e++)
    v[e] = (float)sum[e];
  finish(t, m, n, v);
}

template <class T, int KIND> int enqueue_as(const scull_cuda_mma_t *t, int chained, void *stream) {
  long long rows = (long long)t->n * t->p * t->q;
  cudaError_t error =
      cudaFuncSetAttribute(conv_mma<T, KIND>, cudaFuncAttributeMaxDynamicSharedMemorySize, T::SMEM);
  if (error != cudaSuccess)
    return error;
  element::launch l(dim3((unsigned)((rows + T::BM - 1) / T::BM),
                         (unsigned)((t->k + T::BN - 1) / T::BN), (unsigned)t->split),
                    dim3(T::THREADS), chained, stream);
  l.config.dynamicSmemBytes = T::SMEM;
  return cudaLaunchKernelEx(&l.config, conv_mma<T, KIND>, *t);
}

template <class T> int enqueue_tile(const scull_cuda_mma_t *t, int chained, void *stream) {
  switch (t->kind) {
  case SCULL_CUDA_MMA_F16: return enqueue_as<T, SCULL_CUDA_MMA_F16>(t, chained, stream);
  case SCULL_CUDA_MMA_BF16: return enqueue_as<T, SCULL_CUDA_MMA_BF16>(t, chained, stream);
  case SCULL_CUDA_MMA_TF32: return enqueue_as<T, SCULL_CUDA_MMA_TF32>(t, chained, stream);
  case SCULL_CUDA_MMA_S8: return enqueue_as<T, SCULL_CUDA_MMA_S8>(t, chained, stream);
  default: return enqueue_as<T, SCULL_CUDA_MMA_U8>(t, chained, stream);
  }
}

} // namespace

int scull_cuda_mma_enqueue(const scull_cuda_mma_t *t, int tile_, int chained, void *stream) {
  if ((long long)t->n * t->p * t->q == 0 || t->k == 0)
    return cudaSuccess;
  switch (tile_) {
  case SCULL_CUDA_MMA_128x128: return enqueue_tile<tile<128, 128, 64, 32>>(t, chained, stream);
  case SCULL_CUDA_MMA_128x64: return enqueue_tile<tile<128, 64, 64, 32>>(t, chained, stream);
  case SCULL_CUDA_MMA_64x64: return enqueue_tile<tile<64, 64, 32, 32>>(t, chained, stream);
  default: return enqueue_tile<tile<64, 32, 16, 32>>(t, chained, stream);
  }
}

int scull_cuda_mma_add_enqueue(const scull_cuda_mma_t *t, int chained, void *stream) {
  long long count = (long long)t->n * t->p * t->q * ((t->k + 7) / 8);
  if (count == 0)
    return cudaSuccess;
  element::launch l(dim3((unsigned)((count + ADDERS - 1) / ADDERS)), dim3(ADDERS), chained, stream);
  return t->kind >= SCULL_CUDA_MMA_S8 ? cudaLaunchKernelEx(&l.config, conv_add<int>, *t)
                                      : cudaLaunchKernelEx(&l.config, conv_add<float>, *t);
}
