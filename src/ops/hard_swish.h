/* Attributes of hard_swish. */
#ifndef SCULL_OPS_HARD_SWISH_H
#define SCULL_OPS_HARD_SWISH_H

#include "ops/opdef.h"

typedef struct scull_hard_swish_attrs {
  double threshold;
  double scale;
  double offset;
} scull_hard_swish_attrs_t;

#endif
