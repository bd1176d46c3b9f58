/* Attributes of softplus. */
#ifndef SCULL_OPS_SOFTPLUS_H
#define SCULL_OPS_SOFTPLUS_H

#include "ops/opdef.h"

typedef struct scull_softplus_attrs {
  double beta;
  double threshold; /* above it, compared with beta * x, the result is x */
} scull_softplus_attrs_t;

#endif
