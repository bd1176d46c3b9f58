/* conv_common.cuh: what the two convolution kernels share: the element types, the products of one
 * step in shared memory, and the end of eight neighbouring results. */
#ifndef SCULL_CUDA_CONV_COMMON_CUH
#define SCULL_CUDA_CONV_COMMON_CUH

#include <cuda_fp16.h>

#include "backend/cuda/conv.h"
#include "backend/cuda/sm90.cuh"
#include "backend/cuda/wgmma_f16.cuh"
#include "backend/cuda/wgmma_s8.cuh"

namespace conv {

enum { STEP_BYTES = 128, GROUP_BYTES = 32 * STEP_BYTES };

template <class T> struct element;

template <> struct element<__half> {
  using sum = float;
  template <int N> using wgmma = wgmma_f16<N>;
  static constexpr int STEP = 64; /* channels a step */
};

template <> struct element<int8_t> {
  using sum = int;
  template <int N> using wgmma = wgmma_s8<N>;
  static constexpr int STEP = 128;
};

template <> struct element<uint8_t> {
  using sum = int;
  template <int N> using wgmma = wgmma_u8<N>;
  static constexpr int STEP = 128;
};

/* The compiler may not read or move the sums before this: wgmma writes them behind its back. */
template <int N> __device__ __forceinline__ void settle(float (&sum)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++)
    asm volatile("" : "+f"(sum[i])::"memory");
}

template <int N> __device__ __forceinline__ void settle(int (&sum)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++)
    asm volatile("" : "+r"(sum[i])::"memory");
}

/* A step lies in PARTS (1, 2, 4) of 128 / PARTS bytes a row, one behind the other (conv_pack.c). */
template <int PARTS> __device__ __forceinline__ uint64_t describe(uint32_t addr) {
  constexpr uint64_t SWIZZLE = PARTS == 1 ? 1 : PARTS == 2 ? 2 : 3;
  return (uint64_t)((addr & 0x3ffff) >> 4) | (uint64_t)1 << 16 | (uint64_t)(64 / PARTS) << 32 |
         SWIZZLE << 62;
}

/* Where the k-th quarter of a step begins, in 16-byte units, in a buffer of `rows` rows. */
template <int PARTS> __device__ __forceinline__ constexpr int quarter(int k, int rows) {
  return k / (4 / PARTS) * rows * (8 / PARTS) + k % (4 / PARTS) * 2;
}

/* One lane fetches the tile's weights of one step. */
template <int BN, int PARTS>
__device__ __forceinline__ void load_weights(const char *weights, int k, int steps, int step,
                                             int n0, uint32_t dst, uint32_t bar) {
  int groups = (k + 31) / 32;
#pragma unroll
  for (int j = 0; j < BN / 32; j++) {
    int group = min(n0 / 32 + j, groups - 1);
    const char *src = weights + ((size_t)group * steps + step) * GROUP_BYTES;
#pragma unroll
    for (int i = 0; i < PARTS; i++)
      sm90::bulk_load(dst + (i * BN + j * 32) * (STEP_BYTES / PARTS),
                      src + i * (GROUP_BYTES / PARTS), GROUP_BYTES / PARTS, bar);
  }
}

/* Bias, and scale for INT8, of eight neighbouring channels. */
template <class T> struct affine8 { float4 bias[2]; };

template <> struct affine8<int8_t> { float4 bias[2], scale[2]; };

template <> struct affine8<uint8_t> : affine8<int8_t> {};

template <class T>
__device__ __forceinline__ affine8<T> affine_load(const float *bias, const float *scale, int ch,
                                                  int k) {
  affine8<T> a;
  ch = min(ch, k - 8);
  for (int i = 0; i < 2; i++)
    a.bias[i] = __ldg((const float4 *)(bias + ch) + i);
  if constexpr (sizeof(T) == 1)
    for (int i = 0; i < 2; i++)
      a.scale[i] = __ldg((const float4 *)(scale + ch) + i);
  return a;
}

/* Residual of eight channels: eight FP16 or, in x and y, eight bytes. */
__device__ __forceinline__ void residual_half(float (&v)[8], uint4 z) {
  const __half2 *h = (const __half2 *)&z;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    float2 f = __half22float2(h[i]);
    v[2 * i] += f.x, v[2 * i + 1] += f.y;
  }
}

__device__ __forceinline__ float byte_of(uint32_t word, int i, bool is_unsigned) {
  uint32_t byte = word >> 8 * i;
  return is_unsigned ? (float)(uint8_t)byte : (float)(int8_t)byte;
}

__device__ __forceinline__ void residual_bytes(float (&v)[8], uint4 z, float scale,
                                               bool is_unsigned) {
  uint32_t word[2] = {z.x, z.y};
#pragma unroll
  for (int i = 0; i < 8; i++)
    v[i] = fmaf(byte_of(word[i / 4], i % 4, is_unsigned), scale, v[i]);
}

template <class T>
__device__ __forceinline__ void residual_add(float (&v)[8], uint4 z, float scale, int signs) {
  if constexpr (sizeof(T) == 2)
    residual_half(v, z);
  else
    residual_bytes(v, z, scale, (signs & SCULL_CUDA_UNSIGNED_RES) != 0);
}

__device__ __forceinline__ void affine(float (&v)[8], const float *sum, const affine8<__half> &a) {
  const float b[8] = {a.bias[0].x, a.bias[0].y, a.bias[0].z, a.bias[0].w,
                      a.bias[1].x, a.bias[1].y, a.bias[1].z, a.bias[1].w};
#pragma unroll
  for (int i = 0; i < 8; i++)
    v[i] = sum[i] + b[i];
}

__device__ __forceinline__ void affine(float (&v)[8], const int *sum, const affine8<int8_t> &a) {
  const float b[8] = {a.bias[0].x, a.bias[0].y, a.bias[0].z, a.bias[0].w,
                      a.bias[1].x, a.bias[1].y, a.bias[1].z, a.bias[1].w};
  const float s[8] = {a.scale[0].x, a.scale[0].y, a.scale[0].z, a.scale[0].w,
                      a.scale[1].x, a.scale[1].y, a.scale[1].z, a.scale[1].w};
#pragma unroll
  for (int i = 0; i < 8; i++)
    v[i] = fmaf((float)sum[i], s[i], b[i]);
}

__device__ __forceinline__ uint4 pack_half(const float (&v)[8]) {
  uint4 out;
  __half2 *o = (__half2 *)&out;
#pragma unroll
  for (int i = 0; i < 4; i++)
    o[i] = __floats2half2_rn(v[2 * i], v[2 * i + 1]);
  return out;
}

/* Rounds half to even and saturates. */
__device__ __forceinline__ uint32_t pack_bytes(float a, float b, float c, float d, int signs) {
  int i = __float2int_rn(a), j = __float2int_rn(b), k = __float2int_rn(c), l = __float2int_rn(d);
  uint32_t high, all;
  if (signs & SCULL_CUDA_UNSIGNED_DST) {
    asm("cvt.pack.sat.u8.s32.b32 %0, %1, %2, 0;" : "=r"(high) : "r"(l), "r"(k));
    asm("cvt.pack.sat.u8.s32.b32 %0, %1, %2, %3;" : "=r"(all) : "r"(j), "r"(i), "r"(high));
  } else {
    asm("cvt.pack.sat.s8.s32.b32 %0, %1, %2, 0;" : "=r"(high) : "r"(l), "r"(k));
    asm("cvt.pack.sat.s8.s32.b32 %0, %1, %2, %3;" : "=r"(all) : "r"(j), "r"(i), "r"(high));
  }
  return all;
}

__device__ __forceinline__ uint2 pack_bytes(const float (&v)[8], int signs) {
  return make_uint2(pack_bytes(v[0], v[1], v[2], v[3], signs),
                    pack_bytes(v[4], v[5], v[6], v[7], signs));
}

/* In how many parts TMA brings a step of pixels of `bytes` each; 0: it cannot. */
inline int parts_of(int bytes) {
  return bytes % 128 == 0 ? 1 : bytes % 64 == 0 ? 2 : bytes % 32 == 0 ? 4 : 0;
}

} // namespace conv
#endif
