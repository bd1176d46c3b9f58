/* Attributes of one_hot. */
#ifndef SCULL_OPS_ONE_HOT_H
#define SCULL_OPS_ONE_HOT_H

#include "ops/opdef.h"

typedef struct scull_one_hot_attrs {
  int64_t depth; /* at least 1 */
  scull_dtype_t to;
} scull_one_hot_attrs_t;

#endif
