/* Attributes of generate_proposals. */
#ifndef SCULL_OPS_GENERATE_PROPOSALS_H
#define SCULL_OPS_GENERATE_PROPOSALS_H

#include "ops/opdef.h"

typedef struct scull_generate_proposals_attrs {
  int64_t pre_top_n, post_top_n; /* candidates before and boxes after suppression, a picture */
  double threshold;              /* a box goes when it overlaps a better one by more; <= 0: none */
  double eta;                    /* below 1: the threshold shrinks by it while above 0.5 */
  double min_size;               /* of a box that counts, in elements of the picture */
  bool pixel_offset;             /* a width is x2 - x1 + 1; a box's centre must lie inside */
  bool scaled; /* sizes are (height, width, scale): min_size is in the unscaled picture */
} scull_generate_proposals_attrs_t;

#endif
