/* stem_many.cu: the ResNet stem (see stem.cu) for batches: 7x7/2 convolution from 3 channels + bias
 * + clamp + 3x3/2 max pooling with wgmma.
 *
 * Algorithm: as in stem.cu the operand is the image patch itself: with 4 channels a pixel, outputs
 * two pixels apart lie 16 bytes apart, so eight outputs of one row are exactly a core matrix of
 * wgmma's layout without swizzle, and the next four filter columns start 32 bytes on. A block, one
 * an SM, walks tiles of 4 x 28 pooled pixels: 9 convolution rows of 64 columns (57 used) = nine
 * m64n64 products of 14 steps, three for each of three warpgroups. The next tile's pixels are read
 * meanwhile.
 *
 *   tile   9 x 64 x 64 results, K 224 (147 true); smem 25 KB patch, 28 KB weights, 81 KB results
 *   floor  128 images: 128 MB = 30 us, products 61 us. Measured share: docs/kernels.md. */
#include "backend/cuda/stem.h"

#include <cuda_runtime.h>

#include "backend/cuda/conv_common.cuh"

namespace {

enum { PY = 4, PX = 28, ROWS = 2 * PY + 1, THREADS = 384, STEPS = 14 };
enum { IN_ROWS = 2 * ROWS + 5, IN_COLS = 120, PITCH = 136 * 8, OUT_PITCH = 144 };
enum { PATCH_BYTES = IN_ROWS * PITCH + 512, WEIGHT_BYTES = STEPS * 2048 };
enum { OUT_BYTES = ROWS * 64 * OUT_PITCH, SMEM = PATCH_BYTES + WEIGHT_BYTES + OUT_BYTES + 128 };
enum { PIXELS = (IN_ROWS * IN_COLS + THREADS - 1) / THREADS };

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

__device__ __forceinline__ void keep_patch(unsigned char *patch, const float (&v)[PIXELS][3]) {
#pragma unroll
  for (int j = 0; j < PIXELS; j++) {
    int i = threadIdx.x + j * THREADS, row = i / IN_COLS, col = i - row * IN_COLS;
    __half2 two[2] = {__floats2half2_rn(v[j][0], v[j][1]), __floats2half2_rn(v[j][2], 0)};
    if (row < IN_ROWS)
      *(uint2 *)(patch + row * PITCH + col * 8) = *(uint2 *)two;
  }
}

/* From the order of mma's registers (stem_pack.c) to core matrices: [step][half of K][8 channels].
 */
__device__ __forceinline__ void keep_weights(const scull_cuda_stem_t &t, unsigned char *weights) {
  const uint32_t *packed = (const uint32_t *)t.weights + blockIdx.y * 4 * STEPS * 32 * 4;
  for (int i = threadIdx.x; i < 4 * STEPS * 32 * 4; i += THREADS) {
    int word = i & 3, lane = i >> 2 & 31, step = (i >> 7) % STEPS, group = (i >> 7) / STEPS;
    int channel = group * 16 + word / 2 * 8 + lane / 4, half = word & 1, k = lane % 4 * 2;
    *(uint32_t *)(weights + step * 2048 + half * 1024 + channel * 16 + k * 2) = packed[i];
  }
}

/* Core matrices of 8 x 16 bytes: `across` bytes to the next along K, 128 to the next eight rows. */
__device__ __forceinline__ uint64_t plain_desc(uint32_t addr, int across) {
  return (uint64_t)((addr & 0x3ffff) >> 4) | (uint64_t)(across >> 4) << 16 | (uint64_t)8 << 32;
}

__device__ __forceinline__ void convolve(float (&acc)[3][32], uint32_t patch, uint32_t weights,
                                         int first_row) {
  sm90::wgmma_fence();
#pragma unroll
  for (int i = 0; i < 3; i++)
#pragma unroll
    for (int step = 0; step < STEPS; step++) {
      uint32_t from = patch + (2 * (first_row + i) + step / 2) * PITCH + step % 2 * 32;
      wgmma_f16<64>::mma(acc[i], plain_desc(from, 16), plain_desc(weights + step * 2048, 1024),
                         step > 0);
    }
  sm90::wgmma_commit();
  sm90::wgmma_wait<0>();
#pragma unroll
  for (int i = 0; i < 3; i++)
    conv::settle(acc[i]);
}

/* Bias, clamp, FP16; what lies outside the convolution's output loses every maximum. */
__device__ __forceinline__ void keep_results(const scull_cuda_stem_t &t, unsigned char *out,
                                             place at, const float (&acc)[3][32], int first_row,
                                             int k0) {
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5 & 3;
#pragma unroll
  for (int j = 0; j < 8; j++) {
    int ch = j * 8 + (lane & 3) * 2;
    float2 bias = __ldg((const float2 *)(t.bias + k0 + ch));
#pragma unroll
    for (int i = 0; i < 3; i++)
#pragma unroll
      for (int h = 0; h < 2; h++) {
        int row = first_row + i, col = warp * 16 + h * 8 + (lane >> 2);
        bool inside = (unsigned)(2 * at.py - 1 + row) < (unsigned)t.p &&
                      (unsigned)(2 * at.px - 1 + col) < (unsigned)t.q;
        float a = fminf(fmaxf(acc[i][4 * j + 2 * h] + bias.x, t.lo), t.hi);
        float b = fminf(fmaxf(acc[i][4 * j + 2 * h + 1] + bias.y, t.lo), t.hi);
        *(__half2 *)(out + (row * 64 + col) * OUT_PITCH + ch * 2) =
            inside ? __floats2half2_rn(a, b) : __float2half2_rn(-INFINITY);
      }
  }
}

__device__ __forceinline__ void pool(const scull_cuda_stem_t &t, const unsigned char *out, place at,
                                     int k0) {
  for (int i = threadIdx.x; i < PY * PX * 8; i += THREADS) {
    int ch = (i & 7) * 8, pixel = i >> 3, y = pixel / PX, x = pixel - y * PX;
    if (at.py + y >= t.pool_p || at.px + x >= t.pool_q)
      continue;
    const unsigned char *from = out + (2 * y * 64 + 2 * x) * OUT_PITCH + ch * 2;
    uint4 best = *(const uint4 *)from;
    __half2 *b = (__half2 *)&best;
#pragma unroll
    for (int j = 1; j < 9; j++) {
      uint4 other = *(const uint4 *)(from + (j / 3 * 64 + j % 3) * OUT_PITCH);
      const __half2 *o = (const __half2 *)&other;
#pragma unroll
      for (int e = 0; e < 4; e++)
        b[e] = __hmax2(b[e], o[e]);
    }
    size_t dst = (((size_t)at.n * t.pool_p + at.py + y) * t.pool_q + at.px + x) * t.k + k0 + ch;
    if (t.dst_scale == 0) {
      *(uint4 *)((__half *)t.dst + dst) = best;
      continue;
    }
    float v[8];
#pragma unroll
    for (int e = 0; e < 8; e++)
      v[e] = __half2float(((const __half *)&best)[e]) * t.dst_scale;
    *(uint2 *)((int8_t *)t.dst + dst) = conv::pack_bytes(v, t.signs);
  }
}

__global__ void __launch_bounds__(THREADS, 1)
    stem_many(const __grid_constant__ scull_cuda_stem_t t, int tiles) {
  extern __shared__ unsigned char smem_raw[];
  unsigned char *patch = smem_raw + (128 - (sm90::smem_addr(smem_raw) & 127)) % 128;
  unsigned char *weights = patch + PATCH_BYTES, *out = weights + WEIGHT_BYTES;
  int rows = (threadIdx.x >> 7) * 3, k0 = blockIdx.y * 64;
  keep_weights(t, weights);
  sm90::chain_trigger();
  sm90::chain_wait();
  float in[PIXELS][3];
  int tile = blockIdx.x;
  place at = place_of(t, tile);
  read_patch(t, at, in);
  for (;;) {
    keep_patch(patch, in);
    sm90::fence_async();
    __syncthreads();
    int next = tile + gridDim.x;
    place then = place_of(t, next);
    if (next < tiles)
      read_patch(t, then, in);
    float acc[3][32];
    convolve(acc, sm90::smem_addr(patch), sm90::smem_addr(weights), rows);
    keep_results(t, out, at, acc, rows, k0);
    __syncthreads();
    pool(t, out, at, k0);
    if (next >= tiles)
      return;
    tile = next, at = then;
  }
}

} // namespace

int scull_cuda_stem_many_enqueue(const scull_cuda_stem_t *t, int chained, void *stream) {
  int tiles = (t->pool_q + PX - 1) / PX * ((t->pool_p + PY - 1) / PY) * t->n;
  int device = 0, sms = 1;
  cudaError_t e =
      cudaFuncSetAttribute(stem_many, cudaFuncAttributeMaxDynamicSharedMemorySize, SMEM);
  if (e != cudaSuccess)
    return e;
  if (cudaGetDevice(&device) == cudaSuccess)
    cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, device);
  cudaLaunchAttribute attr[1];
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(tiles < sms ? tiles : sms, t->k / 64);
  config.blockDim = dim3(THREADS);
  config.dynamicSmemBytes = SMEM;
  config.stream = (cudaStream_t)stream;
  config.attrs = attr;
  if (chained) {
    attr[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attr[0].val.programmaticStreamSerializationAllowed = 1;
    config.numAttrs = 1;
  }
  return cudaLaunchKernelEx(&config, stem_many, *t, tiles);
}
