/* Attributes of pixel_shuffle. */
#ifndef SCULL_OPS_PIXEL_SHUFFLE_H
#define SCULL_OPS_PIXEL_SHUFFLE_H

#include "ops/opdef.h"

typedef struct scull_pixel_shuffle_attrs {
  int64_t factor; /* how much higher and wider the picture becomes */
} scull_pixel_shuffle_attrs_t;

#endif
