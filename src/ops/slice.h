/* Attributes of slice: NumPy's start:end:step on some axes. */
#ifndef SCULL_OPS_SLICE_H
#define SCULL_OPS_SLICE_H

#include "ops/opdef.h"

typedef struct scull_slice_attrs {
  scull_ints_t axes;         /* empty: 0, 1, ... */
  scull_ints_t starts, ends; /* one an axis; negative: from the end; clamped */
  scull_ints_t steps;        /* not 0; empty: 1 */
} scull_slice_attrs_t;

#endif
