/* Attributes of ctc_align. */
#ifndef SCULL_OPS_CTC_ALIGN_H
#define SCULL_OPS_CTC_ALIGN_H

#include "ops/opdef.h"

typedef struct scull_ctc_align_attrs {
  int64_t blank;
  bool merge; /* equal neighbours count as one */
} scull_ctc_align_attrs_t;

#endif
