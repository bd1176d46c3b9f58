/* Attributes of batch_norm. */
#ifndef SCULL_OPS_BATCH_NORM_H
#define SCULL_OPS_BATCH_NORM_H

#include "ops/opdef.h"

typedef struct scull_batch_norm_attrs {
  double epsilon;
} scull_batch_norm_attrs_t;

#endif
