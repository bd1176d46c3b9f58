/* Attributes of is_special. */
#ifndef SCULL_OPS_IS_SPECIAL_H
#define SCULL_OPS_IS_SPECIAL_H

#include "ops/opdef.h"

/* Which values count. */
typedef struct scull_is_special_attrs {
  bool nan;
  bool positive; /* plus infinity */
  bool negative; /* minus infinity */
} scull_is_special_attrs_t;

#endif
