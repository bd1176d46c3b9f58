/* Attributes of conv: cross-correlation over 1 to 3 spatial axes, channels first. */
#ifndef SCULL_OPS_CONV_H
#define SCULL_OPS_CONV_H

#include "ops/shape_rules.h"

typedef struct scull_conv_attrs {
  scull_ints_t strides;   /* one a spatial axis; empty: 1 */
  scull_ints_t pads;      /* begins, then ends; or one a spatial axis for both; empty: 0 */
  scull_ints_t dilations; /* empty: 1 */
  int64_t groups;
  int32_t auto_pad; /* SCULL_AUTO_PAD_* */
} scull_conv_attrs_t;

enum { SCULL_CONV_MAX_SPATIAL = 3 };

/* A convolution's sizes, resolved. x is [batch, in_channels, window[].in...]. */
typedef struct scull_conv_geometry {
  int64_t batch, in_channels, out_channels, groups;
  int32_t spatial; /* number of spatial axes */
  scull_window_t window[SCULL_CONV_MAX_SPATIAL];
} scull_conv_geometry_t;

/* From the types of x [N,C,...] and filter [O,C/groups,...]; fails as the shape rule does. */
scull_status_t scull_ops_conv_geometry(const scull_op_call_t *call,
                                       scull_conv_geometry_t *out) SCULL_MUST_USE;

#endif
