/* Attributes of einsum. */
#ifndef SCULL_OPS_EINSUM_H
#define SCULL_OPS_EINSUM_H

#include "ops/opdef.h"

typedef struct scull_einsum_attrs {
  const char *equation; /* "bij,bjk->bik"; without an arrow letters that stand once, by alphabet */
} scull_einsum_attrs_t;

#endif
