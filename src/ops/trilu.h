/* Attributes of trilu. */
#ifndef SCULL_OPS_TRILU_H
#define SCULL_OPS_TRILU_H

#include "ops/opdef.h"

typedef struct scull_trilu_attrs {
  bool upper;       /* keep the triangle above the diagonal, else the one below */
  int64_t diagonal; /* 0: the main one; above it positive, below it negative; it is kept */
} scull_trilu_attrs_t;

#endif
