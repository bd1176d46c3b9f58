/* Attributes of eye_like. */
#ifndef SCULL_OPS_EYE_LIKE_H
#define SCULL_OPS_EYE_LIKE_H

#include "ops/opdef.h"

typedef struct scull_eye_like_attrs {
  int64_t diagonal; /* where the ones stand: 0 the main diagonal, positive above it */
  scull_dtype_t to; /* NONE: that of x */
} scull_eye_like_attrs_t;

#endif
