/* Attributes of collect_fpn_proposals. */
#ifndef SCULL_OPS_COLLECT_FPN_PROPOSALS_H
#define SCULL_OPS_COLLECT_FPN_PROPOSALS_H

#include "ops/opdef.h"

typedef struct scull_collect_fpn_proposals_attrs {
  int64_t levels; /* of the pyramid; a third of the inputs */
  int64_t top_n;  /* regions that stay, of all pictures together */
} scull_collect_fpn_proposals_attrs_t;

#endif
