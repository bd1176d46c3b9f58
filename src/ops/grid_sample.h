/* Attributes of grid_sample. */
#ifndef SCULL_OPS_GRID_SAMPLE_H
#define SCULL_OPS_GRID_SAMPLE_H

#include "ops/opdef.h"

typedef struct scull_grid_sample_attrs {
  int32_t mode;       /* SCULL_GRID_LINEAR, _NEAREST, _CUBIC (a = -0.75), _NEAREST_EVEN */
  int32_t padding;    /* SCULL_GRID_ZEROS, _BORDER, _REFLECT: what lies outside the picture */
  bool align_corners; /* -1 and 1 are the centres of the corner elements, not their outer edges */
} scull_grid_sample_attrs_t;

enum { SCULL_GRID_LINEAR, SCULL_GRID_NEAREST, SCULL_GRID_CUBIC, SCULL_GRID_NEAREST_EVEN };
enum { SCULL_GRID_ZEROS, SCULL_GRID_BORDER, SCULL_GRID_REFLECT };

#endif
