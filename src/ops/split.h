/* Attributes of split. */
#ifndef SCULL_OPS_SPLIT_H
#define SCULL_OPS_SPLIT_H

#include "ops/opdef.h"

typedef struct scull_split_attrs {
  int64_t axis;
  scull_ints_t sections; /* extents of the outputs, one may be -1; empty: equal parts */
} scull_split_attrs_t;

#endif
