/* Attributes of reverse_sequence. */
#ifndef SCULL_OPS_REVERSE_SEQUENCE_H
#define SCULL_OPS_REVERSE_SEQUENCE_H

#include "ops/opdef.h"

typedef struct scull_reverse_sequence_attrs {
  int64_t batch_axis, time_axis; /* 0 and 1, either way round */
} scull_reverse_sequence_attrs_t;

#endif
