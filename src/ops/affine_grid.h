/* Attributes of affine_grid. */
#ifndef SCULL_OPS_AFFINE_GRID_H
#define SCULL_OPS_AFFINE_GRID_H

#include "ops/opdef.h"

typedef struct scull_affine_grid_attrs {
  scull_ints_t size;  /* of the picture that is sampled: N, C, H, W; or N, C, D, H, W */
  bool align_corners; /* -1 and 1 are the centres of the corner elements, not their outer edges */
} scull_affine_grid_attrs_t;

#endif
