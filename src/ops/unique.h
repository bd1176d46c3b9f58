/* Attributes of unique. */
#ifndef SCULL_OPS_UNIQUE_H
#define SCULL_OPS_UNIQUE_H

#include "ops/opdef.h"

typedef struct scull_unique_attrs {
  int64_t axis;
  bool flat;       /* x counts as one long row; `axis` is not read */
  bool sorted;     /* ascending, else as they first come */
  bool neighbours; /* only equal slices that follow each other count as one; the order stays */
} scull_unique_attrs_t;

#endif
