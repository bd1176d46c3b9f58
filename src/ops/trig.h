/* Attributes of trig. */
#ifndef SCULL_OPS_TRIG_H
#define SCULL_OPS_TRIG_H

#include "ops/opdef.h"

typedef struct scull_trig_attrs {
  int32_t fn; /* tan, sinh, cosh, asin, acos, atan, asinh, acosh, atanh */
} scull_trig_attrs_t;

#endif
