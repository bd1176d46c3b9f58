/* tensor_map.cuh: the two kinds of TMA descriptor that the convolutions use, made on the host by
 * the driver's encoders, which are looked up at run time. */
#ifndef SCULL_CUDA_TENSOR_MAP_CUH
#define SCULL_CUDA_TENSOR_MAP_CUH

#include <cuda.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "backend/cuda/conv.h"

using encode_tiled_t = decltype(&cuTensorMapEncodeTiled);
using encode_im2col_t = decltype(&cuTensorMapEncodeIm2col);

inline void *driver_function(const char *name) {
  void *fn = nullptr;
  cudaDriverEntryPointQueryResult found;
  if (cudaGetDriverEntryPointByVersion(name, &fn, 12000, cudaEnableDefault, &found) !=
          cudaSuccess ||
      found != cudaDriverEntryPointSuccess)
    return nullptr;
  return fn;
}

/* Drivers up to CUDA 13.1 encode maps of small tensors wrongly; others who build such maps clear
 * this bit, and so do we. */
inline void mend_small(CUtensorMap *map, size_t bytes) {
  if (bytes < 131072)
    ((uint64_t *)map)[1] &= ~(1ull << 21);
}

inline CUtensorMapDataType data_type(int type) {
  return type == SCULL_CUDA_S8 ? CU_TENSOR_MAP_DATA_TYPE_UINT8 : CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
}

inline CUtensorMapSwizzle swizzle_of(int row_bytes) {
  return row_bytes == 128  ? CU_TENSOR_MAP_SWIZZLE_128B
         : row_bytes == 64 ? CU_TENSOR_MAP_SWIZZLE_64B
                           : CU_TENSOR_MAP_SWIZZLE_32B;
}

/* `column` pixels x `part` channels (32, 64 or 128 bytes) as one filter tap sees them: windows
 * begin -pad from the corner and rows x columns of them are `stride` apart, however the far sides
 * are padded. */
inline bool map_pixels(CUtensorMap *map, int type, int part, int column, const void *p, int n,
                       int h, int w, int c, int pitch, int pad_h, int pad_w, int rows, int columns,
                       int stride_h, int stride_w) {
  static const encode_im2col_t encode = (encode_im2col_t)driver_function("cuTensorMapEncodeIm2col");
  int size = type == SCULL_CUDA_S8 ? 1 : 2;
  cuuint64_t dims[4] = {(cuuint64_t)c, (cuuint64_t)w, (cuuint64_t)h, (cuuint64_t)n};
  cuuint64_t bytes[3] = {(cuuint64_t)pitch * size, (cuuint64_t)w * pitch * size,
                         (cuuint64_t)h * w * pitch * size};
  int lower[2] = {-pad_w, -pad_h};
  int upper[2] = {(columns - 1) * stride_w - pad_w - (w - 1),
                  (rows - 1) * stride_h - pad_h - (h - 1)};
  cuuint32_t strides[4] = {1, (cuuint32_t)stride_w, (cuuint32_t)stride_h, 1};
  if (!encode ||
      encode(map, data_type(type), 4, (void *)p, dims, bytes, lower, upper, (cuuint32_t)part,
             (cuuint32_t)column, strides, CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle_of(part * size),
             CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) != CUDA_SUCCESS)
    return false;
  mend_small(map, (size_t)n * h * w * pitch * size);
  return true;
}

/* `column` rows x `part` channels (32, 64 or 128 bytes) of a matrix. */
inline bool map_rows(CUtensorMap *map, int type, int part, int column, const void *p, int rows,
                     int k, int pitch) {
  static const encode_tiled_t encode = (encode_tiled_t)driver_function("cuTensorMapEncodeTiled");
  int size = type == SCULL_CUDA_S8 ? 1 : 2;
  cuuint64_t dims[2] = {(cuuint64_t)k, (cuuint64_t)rows}, bytes[1] = {(cuuint64_t)pitch * size};
  cuuint32_t box[2] = {(cuuint32_t)part, (cuuint32_t)column}, strides[2] = {1, 1};
  if (!encode ||
      encode(map, data_type(type), 2, (void *)p, dims, bytes, box, strides,
             CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle_of(part * size),
             CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) != CUDA_SUCCESS)
    return false;
  mend_small(map, (size_t)rows * pitch * size);
  return true;
}

#endif
