/* conv_pack.c: the order of weights that conv_igemm.cu reads. Blocks of 32 channels x 64 K-values
 * are contiguous (4 KiB, so that one bulk copy fetches one), K fastest among blocks. Inside a block
 * a row is one channel, its 16-byte units XORed with the row as the 128-byte swizzle wants. Rows
 * are not in the order of the channels: a thread of the matrix unit holds columns 2t, 2t+1 of every
 * group of eight, so row 8j + 2t + e takes channel 8t + 2j + e and a thread's results are eight
 * neighbours, stored with one 16-byte write. */
#include "conv_igemm.h"

#include <string.h>

enum { BLOCK_ROWS = 32, BLOCK_K = 64 };

static int steps_of(int count) {
  return (count + BLOCK_K - 1) / BLOCK_K;
}

size_t scull_cuda_conv_pack_size(int k, int rs, int c, int c2) {
  size_t groups = (size_t)((k + BLOCK_ROWS - 1) / BLOCK_ROWS);
  return groups * (size_t)(steps_of(rs * c) + steps_of(c2)) * BLOCK_ROWS * BLOCK_K * 2;
}

static int channel_of_row(int row) {
  int tile = row >> 3, column = row & 7;
  return 8 * (column >> 1) + 2 * tile + (column & 1);
}

static void pack_source(const uint16_t *src, int k, int depth, int first, int steps,
                        uint16_t *dst) {
  for (int channel_block = 0; channel_block * BLOCK_ROWS < k; channel_block++) {
    for (int row = 0; row < BLOCK_ROWS; row++) {
      int channel = channel_block * BLOCK_ROWS + channel_of_row(row);
      if (channel >= k)
        continue;
      for (int i = 0; i < depth; i++) {
        size_t block = (size_t)channel_block * (size_t)steps + (size_t)(first + i / BLOCK_K);
        int unit = (i % BLOCK_K / 8) ^ (row & 7);
        size_t at = (block * BLOCK_ROWS + (size_t)row) * BLOCK_K + (size_t)(unit * 8 + i % 8);
        dst[at] = src[(size_t)channel * (size_t)depth + (size_t)i];
      }
    }
  }
}

void scull_cuda_conv_pack(const uint16_t *krsc, const uint16_t *kc2, int k, int rs, int c, int c2,
                          uint16_t *dst) {
  int first = steps_of(rs * c), steps = first + steps_of(c2);
  memset(dst, 0, scull_cuda_conv_pack_size(k, rs, c, c2));
  pack_source(krsc, k, rs * c, 0, steps, dst);
  if (kc2)
    pack_source(kc2, k, c2, first, steps, dst);
}
