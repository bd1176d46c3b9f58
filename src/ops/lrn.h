/* Attributes of lrn. */
#ifndef SCULL_OPS_LRN_H
#define SCULL_OPS_LRN_H

#include "ops/opdef.h"

typedef struct scull_lrn_attrs {
  int64_t size; /* neighbouring channels, (size - 1) / 2 of them before */
  double k, alpha, beta;
} scull_lrn_attrs_t;

#endif
