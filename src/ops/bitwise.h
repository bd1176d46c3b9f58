/* Attributes of bitwise. */
#ifndef SCULL_OPS_BITWISE_H
#define SCULL_OPS_BITWISE_H

#include "ops/opdef.h"

typedef struct scull_bitwise_attrs {
  int32_t fn; /* and, or, xor, shift_left, shift_right */
} scull_bitwise_attrs_t;

#endif
