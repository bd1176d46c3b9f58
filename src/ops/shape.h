/* Attributes of shape. */
#ifndef SCULL_OPS_SHAPE_H
#define SCULL_OPS_SHAPE_H

#include "ops/opdef.h"

typedef struct scull_shape_attrs {
  scull_dtype_t to; /* i64 or i32 */
} scull_shape_attrs_t;

#endif
