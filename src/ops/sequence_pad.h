/* Attributes of sequence_pad. */
#ifndef SCULL_OPS_SEQUENCE_PAD_H
#define SCULL_OPS_SEQUENCE_PAD_H

#include "ops/opdef.h"

typedef struct scull_sequence_pad_attrs {
  int64_t length; /* of every padded sequence; -1: that of the longest */
} scull_sequence_pad_attrs_t;

#endif
