/* wgmma_s8.cuh: as wgmma_f16.cuh for m64nNk32, bytes in (pixels signed or not, weights
 * signed), 32-bit integers accumulated. */
#ifndef SCULL_CUDA_WGMMA_S8_CUH
#define SCULL_CUDA_WGMMA_S8_CUH

#include <cstdint>

#define D4(i) "+r"(d[i]), "+r"(d[i + 1]), "+r"(d[i + 2]), "+r"(d[i + 3])
#define D16(i) D4(i), D4(i + 4), D4(i + 8), D4(i + 12)
#define D64(i) D16(i), D16(i + 16), D16(i + 32), D16(i + 48)

// clang-format off
#define BYTES(NAME, KIND) \
template <int N> struct NAME; \
template <> struct NAME<32> { \
  static __device__ __forceinline__ void mma(int *d, uint64_t a, uint64_t b, int accumulate) { \
    asm volatile("{ .reg .pred p; setp.ne.b32 p, %18, 0; " \
                 "wgmma.mma_async.sync.aligned.m64n32k32.s32." KIND ".s8 {" \
                 "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15" \
                 "}, %16, %17, p; }" \
                 : D16(0) : "l"(a), "l"(b), "r"(accumulate)); \
  } \
}; \
template <> struct NAME<64> { \
  static __device__ __forceinline__ void mma(int *d, uint64_t a, uint64_t b, int accumulate) { \
    asm volatile("{ .reg .pred p; setp.ne.b32 p, %34, 0; " \
                 "wgmma.mma_async.sync.aligned.m64n64k32.s32." KIND ".s8 {" \
                 "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
                 "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31" \
                 "}, %32, %33, p; }" \
                 : D16(0), D16(16) : "l"(a), "l"(b), "r"(accumulate)); \
  } \
}; \
template <> struct NAME<128> { \
  static __device__ __forceinline__ void mma(int *d, uint64_t a, uint64_t b, int accumulate) { \
    asm volatile("{ .reg .pred p; setp.ne.b32 p, %66, 0; " \
                 "wgmma.mma_async.sync.aligned.m64n128k32.s32." KIND ".s8 {" \
                 "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
                 "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
                 "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
                 "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63" \
                 "}, %64, %65, p; }" \
                 : D64(0) : "l"(a), "l"(b), "r"(accumulate)); \
  } \
}; \
template <> struct NAME<256> { \
  static __device__ __forceinline__ void mma(int *d, uint64_t a, uint64_t b, int accumulate) { \
    asm volatile("{ .reg .pred p; setp.ne.b32 p, %130, 0; " \
                 "wgmma.mma_async.sync.aligned.m64n256k32.s32." KIND ".s8 {" \
                 "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
                 "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
                 "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
                 "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, " \
                 "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, " \
                 "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, " \
                 "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, " \
                 "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127" \
                 "}, %128, %129, p; }" \
                 : D64(0), D64(64) : "l"(a), "l"(b), "r"(accumulate)); \
  } \
};
// clang-format on

BYTES(wgmma_s8, "s8")
BYTES(wgmma_u8, "u8")

#undef BYTES
#undef D4
#undef D16
#undef D64
#endif
