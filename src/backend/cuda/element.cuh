/* element.cuh: loads and stores of one element by its type, and the walk over a merged box. */
#ifndef SCULL_CUDA_ELEMENT_CUH
#define SCULL_CUDA_ELEMENT_CUH

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "backend/cuda/element.h"
#include "backend/cuda/sm90.cuh"

namespace element {

/* The kernel before may have written it: no read-only path (see griddepcontrol.wait). */
__device__ __forceinline__ float load(const void *p, long long i, int type) {
  switch (type) {
  case SCULL_CUDA_E_F32: return ((const volatile float *)p)[i];
  case SCULL_CUDA_E_F16: {
    __half_raw h;
    h.x = ((const volatile unsigned short *)p)[i];
    return __half2float(__half(h));
  }
  case SCULL_CUDA_E_BF16:
    return __uint_as_float((uint32_t)((const volatile unsigned short *)p)[i] << 16);
  case SCULL_CUDA_E_I32: return (float)((const volatile int *)p)[i];
  case SCULL_CUDA_E_U8: return (float)((const volatile uint8_t *)p)[i];
  default: return (float)((const volatile int8_t *)p)[i];
  }
}

__device__ __forceinline__ void store(void *p, long long i, int type, float v) {
  switch (type) {
  case SCULL_CUDA_E_F32: ((float *)p)[i] = v; break;
  case SCULL_CUDA_E_F16: ((__half *)p)[i] = __float2half(v); break;
  case SCULL_CUDA_E_BF16: ((__nv_bfloat16 *)p)[i] = __float2bfloat16(v); break;
  case SCULL_CUDA_E_I32: ((int *)p)[i] = (int)v; break;
  case SCULL_CUDA_E_U8: ((uint8_t *)p)[i] = (uint8_t)v; break;
  default: ((int8_t *)p)[i] = (int8_t)v; break;
  }
}

/* As store, but integers are rounded, ties to even, and clamped; NaN becomes 0. */
__device__ __forceinline__ void store_rounded(void *p, long long i, int type, float v) {
  if (type == SCULL_CUDA_E_I8)
    ((int8_t *)p)[i] = (int8_t)fminf(fmaxf(v == v ? rintf(v) : 0, -127), 127);
  else if (type == SCULL_CUDA_E_U8)
    ((uint8_t *)p)[i] = (uint8_t)fminf(fmaxf(v == v ? rintf(v) : 0, 0), 255);
  else
    store(p, i, type, v);
}

/* How every general kernel is launched. */
struct launch {
  cudaLaunchConfig_t config;
  cudaLaunchAttribute attr[2];
  launch(dim3 grid, dim3 block, int chained, void *stream, int cluster_z = 1) : config{}, attr{} {
    config.gridDim = grid;
    config.blockDim = block;
    config.stream = (cudaStream_t)stream;
    config.attrs = attr;
    if (chained) {
      attr[config.numAttrs].id = cudaLaunchAttributeProgrammaticStreamSerialization;
      attr[config.numAttrs++].val.programmaticStreamSerializationAllowed = 1;
    }
    if (cluster_z > 1) {
      attr[config.numAttrs].id = cudaLaunchAttributeClusterDimension;
      attr[config.numAttrs].val.clusterDim.x = attr[config.numAttrs].val.clusterDim.y = 1;
      attr[config.numAttrs++].val.clusterDim.z = (unsigned)cluster_z;
    }
  }
};

} // namespace element
#endif
