/* Attributes of reshape. */
#ifndef SCULL_OPS_RESHAPE_H
#define SCULL_OPS_RESHAPE_H

#include "ops/opdef.h"

typedef struct scull_reshape_attrs {
  scull_ints_t shape; /* 0: that dimension of the input; one -1: what is left */
  bool allow_zero;    /* 0 means no elements instead */
} scull_reshape_attrs_t;

#endif
