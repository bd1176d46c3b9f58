/* Attributes of hard_sigmoid. */
#ifndef SCULL_OPS_HARD_SIGMOID_H
#define SCULL_OPS_HARD_SIGMOID_H

#include "ops/opdef.h"

typedef struct scull_hard_sigmoid_attrs {
  double alpha;
  double beta;
} scull_hard_sigmoid_attrs_t;

#endif
