/* Attributes of gelu. */
#ifndef SCULL_OPS_GELU_H
#define SCULL_OPS_GELU_H

#include "ops/opdef.h"

typedef struct scull_gelu_attrs {
  bool approximate; /* by tanh, in place of the error function */
} scull_gelu_attrs_t;

#endif
