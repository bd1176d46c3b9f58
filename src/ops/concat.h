/* Attributes of concat. */
#ifndef SCULL_OPS_CONCAT_H
#define SCULL_OPS_CONCAT_H

#include "ops/opdef.h"

typedef struct scull_concat_attrs {
  int64_t axis;
} scull_concat_attrs_t;

#endif
