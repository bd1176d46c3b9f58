/* Attributes of scale. */
#ifndef SCULL_OPS_SCALE_H
#define SCULL_OPS_SCALE_H

#include "ops/opdef.h"

typedef struct scull_scale_attrs {
  double scale;
  double bias;
} scull_scale_attrs_t;

#endif
