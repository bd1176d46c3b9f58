/* Attributes of leaky_relu. */
#ifndef SCULL_OPS_LEAKY_RELU_H
#define SCULL_OPS_LEAKY_RELU_H

#include "ops/opdef.h"

typedef struct scull_leaky_relu_attrs {
  double alpha;
} scull_leaky_relu_attrs_t;

#endif
