/* Attributes of expand. */
#ifndef SCULL_OPS_EXPAND_H
#define SCULL_OPS_EXPAND_H

#include "ops/opdef.h"

typedef struct scull_expand_attrs {
  scull_ints_t shape; /* right-aligned with the input; -1 or 0: that extent stays */
} scull_expand_attrs_t;

#endif
