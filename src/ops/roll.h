/* Attributes of roll. */
#ifndef SCULL_OPS_ROLL_H
#define SCULL_OPS_ROLL_H

#include "ops/opdef.h"

typedef struct scull_roll_attrs {
  scull_ints_t shifts; /* towards higher indices; one an axis */
  scull_ints_t axes;   /* empty: the tensor is one long row, with one shift */
} scull_roll_attrs_t;

#endif
