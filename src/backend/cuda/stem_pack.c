/* stem_pack.c: weights of a first layer in the order in which stem.cu's warps hold them. K is r
 * rows x 8 (r 7) or 4 (r 3) columns x 4 channels (the last column and the fourth channel are zero),
 * in steps of 16; a warp owns 16 output channels and its lane reads 16 bytes a step: two registers
 * for each of two groups of eight channels, as mma.m16n8k16 wants its second operand. */
#include "backend/cuda/stem.h"

static int steps_of(int r) {
  return r == 7 ? 14 : 3;
}

size_t scull_cuda_stem_pack_size(int k, int r) {
  return (size_t)(k / 16) * (size_t)steps_of(r) * 32 * 16;
}

static uint16_t weight_at(const uint16_t *krsc, int r, int channel, int step, int kk) {
  int row = r == 7 ? step / 2 : step, s = (r == 7 ? step % 2 * 4 : 0) + kk / 4, c = kk % 4;
  return s < r && c < 3 ? krsc[((channel * r + row) * r + s) * 3 + c] : (uint16_t)0;
}

void scull_cuda_stem_pack(const uint16_t *krsc, int k, int r, uint16_t *dst) {
  for (int group = 0; group < k / 16; group++)
    for (int step = 0; step < steps_of(r); step++)
      for (int lane = 0; lane < 32; lane++)
        for (int i = 0; i < 8; i++) {
          int channel = group * 16 + i / 4 * 8 + lane / 4;
          int kk = lane % 4 * 2 + i % 2 + i / 2 % 2 * 8;
          *dst++ = weight_at(krsc, r, channel, step, kk);
        }
}
