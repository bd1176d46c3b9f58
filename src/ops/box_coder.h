/* Attributes of box_coder. */
#ifndef SCULL_OPS_BOX_CODER_H
#define SCULL_OPS_BOX_CODER_H

#include "ops/opdef.h"

typedef struct scull_box_coder_attrs {
  bool encode;             /* boxes to offsets from priors, else back */
  bool normalized;         /* a width is x2 - x1, else x2 - x1 + 1 */
  int64_t axis;            /* decode: 0: a prior a column of the target, 1: a prior a row */
  scull_floats_t variance; /* four, where no tensor gives them; empty: 1 */
} scull_box_coder_attrs_t;

#endif
