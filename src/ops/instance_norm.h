/* Attributes of instance_norm. */
#ifndef SCULL_OPS_INSTANCE_NORM_H
#define SCULL_OPS_INSTANCE_NORM_H

#include "ops/opdef.h"

typedef struct scull_instance_norm_attrs {
  double epsilon;
} scull_instance_norm_attrs_t;

#endif
