/* What calibration keeps of each channel of a tensor: largest |x|, mean and mean square. */
#ifndef SCULL_QUANT_CHANNELS_H
#define SCULL_QUANT_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct scull_channels {
  size_t count; /* channels */
  float *peak;  /* of |x| */
  double *sum, *square;
  uint64_t rows; /* elements a channel */
} scull_channels_t;

/* How a tensor lies in memory: element (n, c, p) is at
 * ((n * channels / block + c / block) * pixels + p) * block + c % block. Plain order has block 1,
 * channels last has block == channels. */
typedef struct scull_channel_order {
  size_t batch, channels, pixels, block; /* block divides channels */
} scull_channel_order_t;

/* Adds finite numbers; `to` has room for as many channels. */
void scull_quant_channels_add(scull_channels_t *to, const float *values,
                              const scull_channel_order_t *order);

#endif
