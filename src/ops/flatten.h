/* Attributes of flatten. */
#ifndef SCULL_OPS_FLATTEN_H
#define SCULL_OPS_FLATTEN_H

#include "ops/opdef.h"

typedef struct scull_flatten_attrs {
  int64_t start, stop; /* first and last axis of those that become one */
} scull_flatten_attrs_t;

#endif
