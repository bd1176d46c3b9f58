/* Attributes of distribute_fpn_proposals. */
#ifndef SCULL_OPS_DISTRIBUTE_FPN_PROPOSALS_H
#define SCULL_OPS_DISTRIBUTE_FPN_PROPOSALS_H

#include "ops/opdef.h"

typedef struct scull_distribute_fpn_proposals_attrs {
  int64_t min_level, max_level;
  int64_t refer_level; /* where a box of refer_scale by refer_scale belongs */
  int64_t refer_scale;
  bool pixel_offset; /* a width is x2 - x1 + 1 */
} scull_distribute_fpn_proposals_attrs_t;

#endif
