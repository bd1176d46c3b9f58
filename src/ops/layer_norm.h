/* Attributes of layer_norm. */
#ifndef SCULL_OPS_LAYER_NORM_H
#define SCULL_OPS_LAYER_NORM_H

#include "ops/opdef.h"

typedef struct scull_layer_norm_attrs {
  int64_t axis; /* the first of the dimensions that are normalized together */
  double epsilon;
} scull_layer_norm_attrs_t;

#endif
