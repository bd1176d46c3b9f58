/* Attributes of non_max_suppression. */
#ifndef SCULL_OPS_NON_MAX_SUPPRESSION_H
#define SCULL_OPS_NON_MAX_SUPPRESSION_H

#include "ops/opdef.h"

typedef struct scull_non_max_suppression_attrs {
  bool centred; /* boxes are (x, y, width, height) about their centre, else two corners (y, x, y, x)
                   in any order */
} scull_non_max_suppression_attrs_t;

#endif
