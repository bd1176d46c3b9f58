/* Attributes of pad. */
#ifndef SCULL_OPS_PAD_H
#define SCULL_OPS_PAD_H

#include "ops/opdef.h"

enum { SCULL_PAD_CONSTANT = 0, SCULL_PAD_REFLECT = 1, SCULL_PAD_EDGE = 2, SCULL_PAD_WRAP = 3 };

typedef struct scull_pad_attrs {
  scull_ints_t pads; /* all begins, then all ends, for all dimensions; constant: negative crops */
  int32_t mode;      /* SCULL_PAD_* */
  double value;      /* constant */
} scull_pad_attrs_t;

#endif
