/* conv_common.cuh: what the convolutions on Hopper's matrix unit share: the element types and the
 * operands of one step in shared memory. */
#ifndef SCULL_CUDA_CONV_COMMON_CUH
#define SCULL_CUDA_CONV_COMMON_CUH

#include "backend/cuda/conv_end.cuh"
#include "backend/cuda/sm90.cuh"
#include "backend/cuda/wgmma_f16.cuh"
#include "backend/cuda/wgmma_s8.cuh"

namespace conv {

enum { STEP_BYTES = 128, GROUP_BYTES = 32 * STEP_BYTES };

template <class T> struct element;

template <> struct element<__half> {
  using sum = sum_of<__half>::type;
  template <int N> using wgmma = wgmma_f16<N>;
  static constexpr int STEP = 64; /* channels a step */
};

template <> struct element<int8_t> {
  using sum = sum_of<int8_t>::type;
  template <int N> using wgmma = wgmma_s8<N>;
  static constexpr int STEP = 128;
};

template <> struct element<uint8_t> {
  using sum = sum_of<uint8_t>::type;
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

/* In how many parts TMA brings a step of pixels of `bytes` each; 0: it cannot. */
inline int parts_of(int bytes) {
  return bytes % 128 == 0 ? 1 : bytes % 64 == 0 ? 2 : bytes % 32 == 0 ? 4 : 0;
}

} // namespace conv
#endif
