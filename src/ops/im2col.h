/* Attributes of im2col. */
#ifndef SCULL_OPS_IM2COL_H
#define SCULL_OPS_IM2COL_H

#include "ops/shape_rules.h"

typedef struct scull_im2col_attrs {
  scull_ints_t kernel;    /* height, width */
  scull_ints_t strides;   /* empty: 1 */
  scull_ints_t pads;      /* begins, then ends; or one a spatial axis for both; empty: 0 */
  scull_ints_t dilations; /* empty: 1 */
} scull_im2col_attrs_t;

#endif
