/* Attributes of top_k. */
#ifndef SCULL_OPS_TOP_K_H
#define SCULL_OPS_TOP_K_H

#include "ops/opdef.h"

typedef struct scull_top_k_attrs {
  int64_t k;
  int64_t axis;
  bool largest; /* else the smallest */
  bool sorted;  /* false: any order would do; ours is always sorted */
} scull_top_k_attrs_t;

#endif
