/* Attributes of fill. */
#ifndef SCULL_OPS_FILL_H
#define SCULL_OPS_FILL_H

#include "ops/opdef.h"

typedef struct scull_fill_attrs {
  scull_ints_t shape; /* empty: a scalar */
  double value;
  scull_dtype_t to;
} scull_fill_attrs_t;

#endif
