/* mma.cuh: the matrix unit of any GPU since 8.0: fragments out of shared memory, the product of
 * two, and the asynchronous copies around them. No policy. */
#ifndef SCULL_CUDA_MMA_CUH
#define SCULL_CUDA_MMA_CUH

#include <cstdint>

#include "backend/cuda/mma.h"

namespace mma {

/* What the products of a kind (SCULL_CUDA_MMA_*) are summed in. */
template <int KIND> struct numbers { using sum = float; };
template <> struct numbers<SCULL_CUDA_MMA_S8> { using sum = int; };
template <> struct numbers<SCULL_CUDA_MMA_U8> { using sum = int; };

#define SCULL_CUDA_MMA(shape, constraint)                                                          \
  asm("mma.sync.aligned." shape " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "                         \
      "{%0,%1,%2,%3};"                                                                             \
      : constraint(d[0]), constraint(d[1]), constraint(d[2]), constraint(d[3])                     \
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1))

/* 16 x 8 sums of 32 bytes of K. */
template <int KIND>
__device__ __forceinline__ void multiply(float (&d)[4], const uint32_t (&a)[4], uint32_t b0,
                                         uint32_t b1) {
  if constexpr (KIND == SCULL_CUDA_MMA_F16)
    SCULL_CUDA_MMA("m16n8k16.row.col.f32.f16.f16.f32", "+f");
  else if constexpr (KIND == SCULL_CUDA_MMA_BF16)
    SCULL_CUDA_MMA("m16n8k16.row.col.f32.bf16.bf16.f32", "+f");
  else
    SCULL_CUDA_MMA("m16n8k8.row.col.f32.tf32.tf32.f32", "+f");
}

template <int KIND>
__device__ __forceinline__ void multiply(int (&d)[4], const uint32_t (&a)[4], uint32_t b0,
                                         uint32_t b1) {
  if constexpr (KIND == SCULL_CUDA_MMA_S8)
    SCULL_CUDA_MMA("m16n8k32.row.col.s32.s8.s8.s32", "+r");
  else
    SCULL_CUDA_MMA("m16n8k32.row.col.s32.u8.s8.s32", "+r");
}
#undef SCULL_CUDA_MMA

/* Four matrices of 8 rows of 16 bytes; lanes 8i to 8i + 7 give the addresses of the i-th's rows. */
__device__ __forceinline__ void load_matrices(uint32_t (&v)[4], uint32_t addr) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(v[0]), "=r"(v[1]), "=r"(v[2]), "=r"(v[3])
               : "r"(addr)
               : "memory");
}

/* The same for elements of two bytes, transposed. */
__device__ __forceinline__ void load_transposed(uint32_t (&v)[4], uint32_t addr) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(v[0]), "=r"(v[1]), "=r"(v[2]), "=r"(v[3])
               : "r"(addr)
               : "memory");
}

__device__ __forceinline__ void commit() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

template <int LEFT> __device__ __forceinline__ void wait_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory");
}

/* Two floats as FP16 or BF16, the first in the low half. */
__device__ __forceinline__ uint32_t pair(float a, float b, bool is_half) {
  uint32_t word;
  if (is_half)
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(b), "f"(a));
  else
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(b), "f"(a));
  return word;
}

} // namespace mma
#endif
