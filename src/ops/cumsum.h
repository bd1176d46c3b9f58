/* Attributes of cumsum. */
#ifndef SCULL_OPS_CUMSUM_H
#define SCULL_OPS_CUMSUM_H

#include "ops/opdef.h"

typedef struct scull_cumsum_attrs {
  int64_t axis;
  bool exclusive; /* element i is the sum before it */
  bool reverse;   /* sums from the end */
  bool product;   /* of the elements instead of their sum */
} scull_cumsum_attrs_t;

#endif
