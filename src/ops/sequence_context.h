/* Attributes of sequence_context. */
#ifndef SCULL_OPS_SEQUENCE_CONTEXT_H
#define SCULL_OPS_SEQUENCE_CONTEXT_H

#include "ops/opdef.h"

typedef struct scull_sequence_context_attrs {
  int64_t start;  /* the first neighbour, counted from the row itself: -1 is the one before */
  int64_t length; /* rows that are joined */
} scull_sequence_context_attrs_t;

#endif
