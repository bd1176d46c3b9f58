/* depthwise_pack.c: the order of a depthwise filter's taps and bias; see depthwise.h. */
#include "depthwise.h"

#include <string.h>

enum { CHANNELS = 64 };

static size_t block_bytes(int r) {
  return (size_t)(r * r) * CHANNELS * 2 + CHANNELS * 4;
}

size_t scull_cuda_depthwise_pack_size(int c, int r) {
  return (size_t)((c + CHANNELS - 1) / CHANNELS) * block_bytes(r);
}

void scull_cuda_depthwise_pack(const uint16_t *crs, const float *bias, int c, int r, void *dst) {
  memset(dst, 0, scull_cuda_depthwise_pack_size(c, r));
  for (int i = 0; i < c; i++) {
    unsigned char *block = (unsigned char *)dst + (size_t)(i / CHANNELS) * block_bytes(r);
    for (int tap = 0; tap < r * r; tap++)
      memcpy(block + (tap * CHANNELS + i % CHANNELS) * 2, crs + i * r * r + tap, 2);
    memcpy(block + (r * r * CHANNELS) * 2 + i % CHANNELS * 4, bias + i, 4);
  }
}
