/* Attributes of squeeze and unsqueeze. */
#ifndef SCULL_OPS_SQUEEZE_H
#define SCULL_OPS_SQUEEZE_H

#include "ops/opdef.h"

typedef struct scull_squeeze_attrs {
  scull_ints_t axes; /* squeeze: of the input, empty = all of extent 1; unsqueeze: of the output */
} scull_squeeze_attrs_t;

#endif
