/* Attributes of compress. */
#ifndef SCULL_OPS_COMPRESS_H
#define SCULL_OPS_COMPRESS_H

#include "ops/opdef.h"

typedef struct scull_compress_attrs {
  int64_t axis;
  bool flat; /* x counts as one long row; `axis` is not read */
} scull_compress_attrs_t;

#endif
