/* Attributes of transpose. */
#ifndef SCULL_OPS_TRANSPOSE_H
#define SCULL_OPS_TRANSPOSE_H

#include "ops/opdef.h"

typedef struct scull_transpose_attrs {
  scull_ints_t perm; /* axis i of the output is axis perm[i] of the input; empty: reversed */
} scull_transpose_attrs_t;

#endif
