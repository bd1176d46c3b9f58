/* Attributes of cast. */
#ifndef SCULL_OPS_CAST_H
#define SCULL_OPS_CAST_H

#include "ops/opdef.h"

typedef struct scull_cast_attrs {
  scull_dtype_t to;
} scull_cast_attrs_t;

#endif
