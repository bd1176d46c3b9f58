/* Attributes of deformable_conv. */
#ifndef SCULL_OPS_DEFORMABLE_CONV_H
#define SCULL_OPS_DEFORMABLE_CONV_H

#include "ops/conv.h"

typedef struct scull_deformable_conv_attrs {
  scull_conv_attrs_t conv;
  int64_t offset_groups; /* parts of the input's channels that have offsets of their own */
} scull_deformable_conv_attrs_t;

#endif
