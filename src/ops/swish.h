/* Attributes of swish. */
#ifndef SCULL_OPS_SWISH_H
#define SCULL_OPS_SWISH_H

#include "ops/opdef.h"

typedef struct scull_swish_attrs {
  double beta;
} scull_swish_attrs_t;

#endif
