/* Attributes of mish. */
#ifndef SCULL_OPS_MISH_H
#define SCULL_OPS_MISH_H

#include "ops/opdef.h"

typedef struct scull_mish_attrs {
  double threshold; /* above it log(1 + e^x) is taken as x */
} scull_mish_attrs_t;

#endif
