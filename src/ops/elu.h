/* Attributes of elu. */
#ifndef SCULL_OPS_ELU_H
#define SCULL_OPS_ELU_H

#include "ops/opdef.h"

typedef struct scull_elu_attrs {
  double alpha;
} scull_elu_attrs_t;

#endif
