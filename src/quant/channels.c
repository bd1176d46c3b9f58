/* Collecting by channel. */
#include "quant/channels.h"

#include <math.h>

/* One channel's neighbours. */
static void add_plane(scull_channels_t *to, size_t c, const float *x, size_t count) {
  enum { LANES = 8 };
  float peak[LANES] = {0}, sum[LANES] = {0}, square[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    for (size_t k = 0; k < LANES; k++) {
      const float v = x[i + k], size = fabsf(v);
      peak[k] = size > peak[k] ? size : peak[k];
      sum[k] += v;
      square[k] += v * v;
    }
  }
  for (; i < count; i++) {
    const float size = fabsf(x[i]);
    peak[0] = size > peak[0] ? size : peak[0];
    sum[0] += x[i];
    square[0] += x[i] * x[i];
  }
  for (size_t k = 0; k < LANES; k++) {
    to->peak[c] = peak[k] > to->peak[c] ? peak[k] : to->peak[c];
    to->sum[c] += (double)sum[k];
    to->square[c] += (double)square[k];
  }
}

/* Pixels of `block` channels each. */
static void add_block(scull_channels_t *to, size_t first, const float *x, size_t pixels,
                      size_t block) {
  for (size_t p = 0; p < pixels; p++) {
    for (size_t k = 0; k < block; k++) {
      const float v = x[p * block + k], size = fabsf(v);
      to->peak[first + k] = size > to->peak[first + k] ? size : to->peak[first + k];
      to->sum[first + k] += (double)v;
      to->square[first + k] += (double)(v * v);
    }
  }
}

void scull_quant_channels_add(scull_channels_t *to, const float *values,
                              const scull_channel_order_t *o) {
  for (size_t n = 0; n < o->batch; n++) {
    for (size_t c = 0; c < o->channels; c += o->block) {
      const float *x = values + (n * o->channels + c) * o->pixels;
      if (o->block == 1)
        add_plane(to, c, x, o->pixels);
      else
        add_block(to, c, x, o->pixels, o->block);
    }
  }
  to->rows += (uint64_t)(o->batch * o->pixels);
}
