/* Attributes of clip. */
#ifndef SCULL_OPS_CLIP_H
#define SCULL_OPS_CLIP_H

#include "ops/opdef.h"

typedef struct scull_clip_attrs {
  double min;
  double max;
} scull_clip_attrs_t;

#endif
