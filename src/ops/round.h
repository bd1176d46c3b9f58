/* Attributes of round. */
#ifndef SCULL_OPS_ROUND_H
#define SCULL_OPS_ROUND_H

#include "ops/opdef.h"

typedef struct scull_round_attrs {
  bool even; /* halves go to the even neighbour, else away from zero */
} scull_round_attrs_t;

#endif
