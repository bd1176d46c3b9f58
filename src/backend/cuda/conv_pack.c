/* conv_pack.c: the order of weights that the convolutions read. Blocks of 32 channels x 128 bytes
 * of K are contiguous (4 KiB, so that one bulk copy fetches one), K fastest among blocks. Inside a
 * block a row is one channel, its 16-byte units XORed with the row as the 128-byte swizzle wants.
 * Where a pixel's channels are an odd multiple of 64 or 32 bytes a block has two or four parts
 * instead, each with the swizzle of that width, since TMA then brings so many bytes of every pixel
 * at a time. Rows are not in the order of the channels: a thread of the matrix unit holds columns
 * 2t, 2t + 1 of every group of eight, so row 8j + 2t + e takes channel 8t + 2j + e and a thread's
 * results are eight neighbours, stored with one write. */
#include "backend/cuda/conv.h"

#include <string.h>

enum { ROWS = 32, ROW_BYTES = 128, BLOCK_BYTES = ROWS * ROW_BYTES, UNIT = 16 };

static int steps_of(int bytes) {
  return (bytes + ROW_BYTES - 1) / ROW_BYTES;
}

static int size_of(scull_cuda_type_t type) {
  return type == SCULL_CUDA_S8 ? 1 : 2;
}

size_t scull_cuda_conv_pack_size(scull_cuda_type_t type, int k, int rs, int c, int c2) {
  size_t groups = (size_t)((k + ROWS - 1) / ROWS);
  return groups * (size_t)(steps_of(rs * c * size_of(type)) + steps_of(c2 * size_of(type))) *
         BLOCK_BYTES;
}

static int channel_of_row(int row) {
  int tile = row >> 3, column = row & 7;
  return 8 * (column >> 1) + 2 * tile + (column & 1);
}

/* Of the unit-th 16 bytes of a row. */
static size_t place_of_unit(int row, int unit, int parts) {
  int units = ROW_BYTES / UNIT / parts, part = unit / units;
  int swizzled = (unit % units) ^ (row / parts & (units - 1));
  return (size_t)(part * (BLOCK_BYTES / parts) + row * (ROW_BYTES / parts) + swizzled * UNIT);
}

/* Rows of `bytes` of one source into the blocks from step `first` on. */
static void pack_source(const unsigned char *src, int k, int bytes, int first, int steps, int parts,
                        unsigned char *dst) {
  for (int row = 0; row < (k + ROWS - 1) / ROWS * ROWS; row++) {
    int group = row / ROWS, channel = group * ROWS + channel_of_row(row % ROWS);
    for (int at = 0; channel < k && at < bytes; at += UNIT) {
      unsigned char *block =
          dst + ((size_t)group * (size_t)steps + (size_t)(first + at / ROW_BYTES)) * BLOCK_BYTES;
      int count = bytes - at < UNIT ? bytes - at : UNIT;
      memcpy(block + place_of_unit(row % ROWS, at % ROW_BYTES / UNIT, parts),
             src + (size_t)channel * (size_t)bytes + (size_t)at, (size_t)count);
    }
  }
}

void scull_cuda_conv_pack(scull_cuda_type_t type, const void *krsc, const void *kc2, int k, int rs,
                          int c, int c2, void *dst) {
  int size = size_of(type), first = steps_of(rs * c * size), steps = first + steps_of(c2 * size);
  int bytes = c * size, parts = bytes % 128 == 0 || bytes % 32 ? 1 : bytes % 64 == 0 ? 2 : 4;
  memset(dst, 0, scull_cuda_conv_pack_size(type, k, rs, c, c2));
  pack_source((const unsigned char *)krsc, k, rs * c * size, 0, steps, parts, (unsigned char *)dst);
  if (kc2)
    pack_source((const unsigned char *)kc2, k, c2 * size, first, steps, parts,
                (unsigned char *)dst);
}
