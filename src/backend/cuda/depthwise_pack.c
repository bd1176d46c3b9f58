/* depthwise_pack.c: the order of a depthwise filter's taps, bias and scale; see depthwise.h. */
#include "backend/cuda/depthwise.h"

#include <string.h>

enum { CHANNELS = 8 };

static size_t size_of(scull_cuda_type_t type) {
  return type == SCULL_CUDA_S8 ? 1 : type == SCULL_CUDA_F32 ? 4 : 2;
}

/* A multiple of 16, so that every block begins aligned. */
static size_t taps_bytes(scull_cuda_type_t type, int r) {
  return ((size_t)(r * r) * CHANNELS * size_of(type) + 15) / 16 * 16;
}

static size_t block_bytes(scull_cuda_type_t type, int r) {
  return taps_bytes(type, r) + 2 * CHANNELS * sizeof(float);
}

size_t scull_cuda_depthwise_pack_size(scull_cuda_type_t type, int c, int r) {
  return (size_t)((c + CHANNELS - 1) / CHANNELS) * block_bytes(type, r);
}

void scull_cuda_depthwise_pack(scull_cuda_type_t type, const void *crs, const float *bias,
                               const float *scale, int c, int r, void *dst) {
  size_t size = size_of(type);
  memset(dst, 0, scull_cuda_depthwise_pack_size(type, c, r));
  for (int i = 0; i < c; i++) {
    unsigned char *block = (unsigned char *)dst + (size_t)(i / CHANNELS) * block_bytes(type, r);
    unsigned char *floats = block + taps_bytes(type, r) + (size_t)(i % CHANNELS) * sizeof(float);
    const unsigned char *from = (const unsigned char *)crs + (size_t)(i * r * r) * size;
    for (int tap = 0; tap < r * r; tap++)
      memcpy(block + (size_t)(tap * CHANNELS + i % CHANNELS) * size, from + (size_t)tap * size,
             size);
    memcpy(floats, bias + i, sizeof(float));
    if (type == SCULL_CUDA_S8)
      memcpy(floats + CHANNELS * sizeof(float), scale + i, sizeof(float));
  }
}
