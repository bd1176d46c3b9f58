/* Attributes of box_decoder_and_assign. */
#ifndef SCULL_OPS_BOX_DECODER_AND_ASSIGN_H
#define SCULL_OPS_BOX_DECODER_AND_ASSIGN_H

#include "ops/opdef.h"

typedef struct scull_box_decoder_and_assign_attrs {
  double most; /* the largest logarithm by which a side may grow */
} scull_box_decoder_and_assign_attrs_t;

#endif
