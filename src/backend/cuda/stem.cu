/* stem.cu: 7x7/2 convolution from 3 channels + bias + clamp + 3x3/2 max pooling.
 *
 * Algorithm: a block, one an SM, walks tiles and makes 4 x 7 pooled pixels of 64 channels. It reads
 * the 23 x 38 input pixels under them (planar FP32, converted and interleaved to 4 channels on the
 * way), so that 16 K-values = 4 columns x 4 channels of one filter row lie side by side, and two
 * output columns are 16 bytes apart: ldmatrix reads the operand straight out of the image patch, no
 * im2col. Nine convolution rows of 15 (16) columns are nine m16 tiles; 12 warps = 3 row groups x 4
 * channel groups; weights wait in registers, loaded before the wait on the input. The convolution's
 * result meets the pooling in shared memory and never goes out.
 *
 *   tile   9 x 16 x 64 results, K 224 (147 true), smem 28 KB, 112 blocks an image of 224 x 224
 *   floor  1 image: latency (2 us); 128 images: 77 MB in, 51 MB out = 30 us, products 100 us.
 *          Measured share: docs/kernels.md. */
#include "backend/cuda/stem.h"

#include <cuda_runtime.h>

#include "backend/cuda/conv_common.cuh"

namespace {

enum { PY = 4, PX = 7, ROWS = 2 * PY + 1, IN_ROWS = 2 * ROWS + 5, IN_COLS = 38 };
enum { PATCH_PITCH = IN_COLS * 4, OUT_PITCH = 72, THREADS = 384, STEPS = 14 };

enum { PIXELS = (IN_ROWS * IN_COLS + THREADS - 1) / THREADS };

/* A tile of pooled pixels. */
struct place {
  int py, px, n;
};

__device__ __forceinline__ place place_of(const scull_cuda_stem_t &t, int tile) {
  int tiles_x = (t.pool_q + PX - 1) / PX, tiles_y = (t.pool_p + PY - 1) / PY;
  int row = tile / tiles_x;
  return {row % tiles_y * PY, (tile - row * tiles_x) * PX, row / tiles_y};
}

__device__ __forceinline__ void read_patch(const scull_cuda_stem_t &t, place at,
                                           float (&v)[PIXELS][3]) {
  const size_t plane = (size_t)t.h * t.w;
  const float *src = t.src + (size_t)at.n * 3 * plane;
#pragma unroll
  for (int j = 0; j < PIXELS; j++) {
    int i = threadIdx.x + j * THREADS, row = i / IN_COLS, col = i - row * IN_COLS;
    int y = 4 * at.py - 5 + row, x = 4 * at.px - 5 + col;
    bool inside = (unsigned)y < (unsigned)t.h && (unsigned)x < (unsigned)t.w && row < IN_ROWS;
#pragma unroll
    for (int c = 0; c < 3; c++) {
      v[j][c] = 0;
      if (inside)
        asm volatile("ld.global.f32 %0, [%1];"
                     : "=f"(v[j][c])
                     : "l"(src + c * plane + (size_t)y * t.w + x));
    }
  }
}

__device__ __forceinline__ void keep_patch(__half *patch, const float (&v)[PIXELS][3]) {
#pragma unroll
  for (int j = 0; j < PIXELS; j++) {
    int i = threadIdx.x + j * THREADS, row = i / IN_COLS, col = i - row * IN_COLS;
    __half2 two[2] = {__floats2half2_rn(v[j][0], v[j][1]), __floats2half2_rn(v[j][2], 0)};
    if (row < IN_ROWS)
      *(uint2 *)(patch + row * PATCH_PITCH + col * 4) = *(uint2 *)two;
  }
}

__device__ __forceinline__ void multiply16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0,
                                           uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, "
               "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ __forceinline__ void convolve(float (&acc)[3][2][4], const uint4 (&w)[STEPS],
                                         uint32_t patch, int first_row) {
  int lane = threadIdx.x & 31, row = (lane & 7) + (lane & 8), half = lane >> 4;
#pragma unroll
  for (int step = 0; step < STEPS; step++) {
#pragma unroll
    for (int i = 0; i < 3; i++) {
      int y = 2 * (first_row + i) + step / 2, x = 2 * row + step % 2 * 4 + 2 * half;
      uint32_t a[4];
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                   : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3])
                   : "r"(patch + (y * PATCH_PITCH + x * 4) * 2));
#pragma unroll
      for (int j = 0; j < 2; j++) {
        multiply16(acc[i][j], a, j ? w[step].z : w[step].x, j ? w[step].w : w[step].y);
      }
    }
  }
}

/* Bias, clamp, FP16; what lies outside the convolution's output loses every maximum. */
__device__ __forceinline__ void keep_results(const scull_cuda_stem_t &t, __half *out, place at,
                                             const float (&acc)[3][2][4], int first_row, int group,
                                             const float2 (&bias)[2]) {
  int lane = threadIdx.x & 31;
#pragma unroll
  for (int i = 0; i < 3; i++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      int row = first_row + i, col = (lane >> 2) + 8 * h;
      bool inside = (unsigned)(2 * at.py - 1 + row) < (unsigned)t.p &&
                    (unsigned)(2 * at.px - 1 + col) < (unsigned)t.q;
#pragma unroll
      for (int j = 0; j < 2; j++) {
        float a = fminf(fmaxf(acc[i][j][2 * h] + bias[j].x, t.lo), t.hi);
        float b = fminf(fmaxf(acc[i][j][2 * h + 1] + bias[j].y, t.lo), t.hi);
        *(__half2 *)(out + (row * 16 + col) * OUT_PITCH + group * 16 + j * 8 + (lane & 3) * 2) =
            inside ? __floats2half2_rn(a, b) : __float2half2_rn(-INFINITY);
      }
    }
}

__device__ __forceinline__ void pool(const scull_cuda_stem_t &t, const __half *out, place at,
                                     int k0) {
  int i = threadIdx.x >> 3, ch = (threadIdx.x & 7) * 8;
  int y = i / PX, x = i - y * PX;
  if (i >= PY * PX || at.py + y >= t.pool_p || at.px + x >= t.pool_q)
    return;
  uint4 best = *(const uint4 *)(out + (2 * y * 16 + 2 * x) * OUT_PITCH + ch);
  __half2 *b = (__half2 *)&best;
#pragma unroll
  for (int j = 1; j < 9; j++) {
    uint4 other = *(const uint4 *)(out + ((2 * y + j / 3) * 16 + 2 * x + j % 3) * OUT_PITCH + ch);
    const __half2 *o = (const __half2 *)&other;
#pragma unroll
    for (int e = 0; e < 4; e++)
      b[e] = __hmax2(b[e], o[e]);
  }
  size_t pixel = ((size_t)at.n * t.pool_p + at.py + y) * t.pool_q + at.px + x;
  if (t.dst_scale == 0) {
    *(uint4 *)((__half *)t.dst + pixel * t.k + k0 + ch) = best;
    return;
  }
  float v[8];
#pragma unroll
  for (int e = 0; e < 8; e++)
    v[e] = __half2float(((const __half *)&best)[e]) * t.dst_scale;
  *(uint2 *)((int8_t *)t.dst + pixel * t.k + k0 + ch) = conv::pack_bytes(v, t.signs);
}

__global__ void __launch_bounds__(THREADS, 1)
    stem_kernel(const __grid_constant__ scull_cuda_stem_t t, int tiles) {
  __shared__ __align__(16) __half patch[IN_ROWS * PATCH_PITCH];
  __shared__ __align__(16) __half out[ROWS * 16 * OUT_PITCH];
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  int rows = warp / 4 * 3, group = warp % 4, k0 = blockIdx.y * 64;
  uint4 w[STEPS];
  const uint4 *packed = (const uint4 *)t.weights + ((blockIdx.y * 4 + group) * STEPS * 32 + lane);
#pragma unroll
  for (int i = 0; i < STEPS; i++)
    w[i] = __ldg(packed + i * 32);
  float2 bias[2];
#pragma unroll
  for (int j = 0; j < 2; j++)
    bias[j] = *(const float2 *)(t.bias + k0 + group * 16 + j * 8 + (lane & 3) * 2);
  sm90::chain_trigger();
  sm90::chain_wait();
  float in[PIXELS][3];
  int tile = blockIdx.x;
  place at = place_of(t, tile);
  read_patch(t, at, in);
  for (;;) {
    keep_patch(patch, in);
    __syncthreads();
    int next = tile + gridDim.x;
    place then = place_of(t, next);
    if (next < tiles)
      read_patch(t, then, in);
    float acc[3][2][4] = {};
    convolve(acc, w, sm90::smem_addr(patch), rows);
    keep_results(t, out, at, acc, rows, group, bias);
    __syncthreads();
    pool(t, out, at, k0);
    if (next >= tiles)
      return;
    tile = next, at = then;
  }
}

enum { F_ROWS = 8, F_IN_ROWS = 2 * F_ROWS + 1, F_COLS = 34, F_PITCH = F_COLS * 4 };

/* 3x3/2: a block makes 8 x 16 pixels of 32 channels, a warp one row of them. */
__global__ void __launch_bounds__(256) first_kernel(const __grid_constant__ scull_cuda_first_t t) {
  __shared__ __align__(16) __half patch[F_IN_ROWS * F_PITCH];
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, k0 = blockIdx.y * 32;
  int tiles_x = (t.q + 15) / 16, tiles_y = (t.p + F_ROWS - 1) / F_ROWS;
  int x0 = blockIdx.x % tiles_x * 16, y0 = blockIdx.x / tiles_x % tiles_y * F_ROWS;
  int n = blockIdx.x / tiles_x / tiles_y;
  uint4 w[2][3];
  float2 bias[4];
#pragma unroll
  for (int i = 0; i < 6; i++)
    w[i / 3][i % 3] = __ldg((const uint4 *)t.weights + (blockIdx.y * 6 + i) * 32 + lane);
#pragma unroll
  for (int j = 0; j < 4; j++)
    bias[j] = *(const float2 *)(t.bias + k0 + j * 8 + (lane & 3) * 2);
  sm90::chain_trigger();
  sm90::chain_wait();
  const size_t plane = (size_t)t.h * t.w;
  const float *src = t.src + (size_t)n * 3 * plane;
#pragma unroll
  for (int j = 0; j < 3; j++) {
    int i = threadIdx.x + j * 256, row = i / F_COLS, col = i - row * F_COLS;
    int y = 2 * y0 - t.pad + row, x = 2 * x0 - t.pad + col;
    float v[3] = {0, 0, 0};
    if (row < F_IN_ROWS && (unsigned)y < (unsigned)t.h && (unsigned)x < (unsigned)t.w)
#pragma unroll
      for (int c = 0; c < 3; c++)
        v[c] = src[c * plane + (size_t)y * t.w + x];
    __half2 two[2] = {__floats2half2_rn(v[0], v[1]), __floats2half2_rn(v[2], 0)};
    if (row < F_IN_ROWS)
      *(uint2 *)(patch + row * F_PITCH + col * 4) = *(uint2 *)two;
  }
  __syncthreads();
  float acc[4][4] = {};
  int row = (lane & 7) + (lane & 8), half = lane >> 4;
#pragma unroll
  for (int step = 0; step < 3; step++) {
    uint32_t a[4];
    uint32_t at = sm90::smem_addr(patch + (2 * warp + step) * F_PITCH + (2 * row + 2 * half) * 4);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3])
                 : "r"(at));
#pragma unroll
    for (int j = 0; j < 4; j++) {
      const uint4 &b = w[j / 2][step];
      multiply16(acc[j], a, j % 2 ? b.z : b.x, j % 2 ? b.w : b.y);
    }
  }
#pragma unroll
  for (int h = 0; h < 2; h++) {
    int y = y0 + warp, x = x0 + (lane >> 2) + 8 * h;
    if (y >= t.p || x >= t.q)
      continue;
    size_t at = (((size_t)n * t.p + y) * t.q + x) * t.k + k0 + (lane & 3) * 2;
#pragma unroll
    for (int j = 0; j < 4; j++) {
      float a = fminf(fmaxf(acc[j][2 * h] + bias[j].x, t.lo), t.hi);
      float b = fminf(fmaxf(acc[j][2 * h + 1] + bias[j].y, t.lo), t.hi);
      if (t.dst_scale == 0)
        *(__half2 *)((__half *)t.dst + at + j * 8) = __floats2half2_rn(a, b);
      else
        *(uint16_t *)((int8_t *)t.dst + at + j * 8) =
            (uint16_t)conv::pack_bytes(a * t.dst_scale, b * t.dst_scale, 0, 0, t.signs);
    }
  }
}

} // namespace

int scull_cuda_stem_enqueue(const scull_cuda_stem_t *t, int chained, void *stream) {
  if (t->k % 64)
    return cudaErrorInvalidValue;
  /* Four times the tiles fill the device sooner; from 4 images on the larger ones are enough. */
  if (t->n >= 4)
    return scull_cuda_stem_many_enqueue(t, chained, stream);
  cudaLaunchAttribute attr[1];
  cudaLaunchConfig_t config = {};
  int tiles = (t->pool_q + PX - 1) / PX * ((t->pool_p + PY - 1) / PY) * t->n;
  int device = 0, sms = 1;
  if (cudaGetDevice(&device) == cudaSuccess)
    cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, device);
  config.gridDim = dim3(tiles < sms ? tiles : sms, t->k / 64);
  config.blockDim = dim3(THREADS);
  config.stream = (cudaStream_t)stream;
  config.attrs = attr;
  if (chained) {
    attr[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attr[0].val.programmaticStreamSerializationAllowed = 1;
    config.numAttrs = 1;
  }
  return cudaLaunchKernelEx(&config, stem_kernel, *t, tiles);
}

int scull_cuda_first_enqueue(const scull_cuda_first_t *t, int chained, void *stream) {
  if (t->k % 32)
    return cudaErrorInvalidValue;
  cudaLaunchAttribute attr[1];
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3((t->q + 15) / 16 * ((t->p + F_ROWS - 1) / F_ROWS) * t->n, t->k / 32);
  config.blockDim = dim3(256);
  config.stream = (cudaStream_t)stream;
  config.attrs = attr;
  if (chained) {
    attr[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attr[0].val.programmaticStreamSerializationAllowed = 1;
    config.numAttrs = 1;
  }
  return cudaLaunchKernelEx(&config, first_kernel, *t);
}
