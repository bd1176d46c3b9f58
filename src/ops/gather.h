/* Attributes of gather. */
#ifndef SCULL_OPS_GATHER_H
#define SCULL_OPS_GATHER_H

#include "ops/opdef.h"

typedef struct scull_gather_attrs {
  int64_t axis;
} scull_gather_attrs_t;

#endif
