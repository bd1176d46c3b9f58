/* Attributes of slice_assign: the slice that gets other elements. */
#ifndef SCULL_OPS_SLICE_ASSIGN_H
#define SCULL_OPS_SLICE_ASSIGN_H

#include "ops/opdef.h"

typedef struct scull_slice_assign_attrs {
  scull_ints_t axes;         /* empty: 0, 1, ... */
  scull_ints_t starts, ends; /* one an axis; negative: from the end; clamped */
  scull_ints_t steps;        /* not 0; empty: 1 */
  scull_ints_t dropped;      /* axes of the slice that the value lacks */
} scull_slice_assign_attrs_t;

#endif
