/* Attributes of channel_shuffle. */
#ifndef SCULL_OPS_CHANNEL_SHUFFLE_H
#define SCULL_OPS_CHANNEL_SHUFFLE_H

#include "ops/opdef.h"

typedef struct scull_channel_shuffle_attrs {
  int64_t groups;
} scull_channel_shuffle_attrs_t;

#endif
