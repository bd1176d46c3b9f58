/* Attributes of sequence_pool. */
#ifndef SCULL_OPS_SEQUENCE_POOL_H
#define SCULL_OPS_SEQUENCE_POOL_H

#include "ops/opdef.h"

typedef struct scull_sequence_pool_attrs {
  int32_t mode;     /* sum, mean, sqrt (sum over the root of the length), max, first, last */
  double pad_value; /* of an empty sequence */
} scull_sequence_pool_attrs_t;

#endif
