/* conv_end.cuh: the end of eight neighbouring results of a convolution in FP16 or INT8: bias,
 * scale, residual, and the stored form. For any GPU. */
#ifndef SCULL_CUDA_CONV_END_CUH
#define SCULL_CUDA_CONV_END_CUH

#include <cuda_fp16.h>

#include <cstdint>

#include "backend/cuda/conv.h"

namespace conv {

/* What products of such elements are summed in. */
template <class T> struct sum_of { using type = int; };

template <> struct sum_of<__half> { using type = float; };

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

} // namespace conv
#endif
