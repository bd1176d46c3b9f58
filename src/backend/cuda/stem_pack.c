/* stem_pack.c: weights of the 7x7 first layer in the order in which stem.cu's warps hold them. K is
 * 7 rows x 8 columns x 4 channels (the eighth column and the fourth channel are zero), in 14 steps
 * of 16; a warp owns 16 output channels and its lane reads 16 bytes a step: two registers for each
 * of two groups of eight channels, as mma.m16n8k16 wants its second operand. */
#include "stem.h"

static uint16_t weight_at(const uint16_t *krsc, int channel, int step, int kk) {
  int r = step / 2, s = step % 2 * 4 + kk / 4, c = kk % 4;
  return s < 7 && c < 3 ? krsc[((channel * 7 + r) * 7 + s) * 3 + c] : 0;
}

void scull_cuda_stem_pack(const uint16_t *krsc, int k, uint16_t *dst) {
  for (int group = 0; group < k / 16; group++)
    for (int step = 0; step < 14; step++)
      for (int lane = 0; lane < 32; lane++)
        for (int i = 0; i < 8; i++) {
          int channel = group * 16 + i / 4 * 8 + lane / 4;
          int kk = lane % 4 * 2 + i % 2 + i / 2 % 2 * 8;
          *dst++ = weight_at(krsc, channel, step, kk);
        }
}
