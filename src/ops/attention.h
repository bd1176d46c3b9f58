/* Attributes of attention. */
#ifndef SCULL_OPS_ATTENTION_H
#define SCULL_OPS_ATTENTION_H

#include "ops/opdef.h"

typedef struct scull_attention_attrs {
  double scale; /* of the scores, before the mask is added */
} scull_attention_attrs_t;

#endif
