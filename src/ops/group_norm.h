/* Attributes of group_norm. */
#ifndef SCULL_OPS_GROUP_NORM_H
#define SCULL_OPS_GROUP_NORM_H

#include "ops/opdef.h"

typedef struct scull_group_norm_attrs {
  int64_t groups; /* of neighbouring channels */
  double epsilon;
} scull_group_norm_attrs_t;

#endif
