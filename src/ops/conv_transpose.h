/* Attributes of conv_transpose: the adjoint of conv with respect to its input. */
#ifndef SCULL_OPS_CONV_TRANSPOSE_H
#define SCULL_OPS_CONV_TRANSPOSE_H

#include "ops/shape_rules.h"

typedef struct scull_conv_transpose_attrs {
  scull_ints_t strides;   /* one a spatial axis; empty: 1 */
  scull_ints_t pads;      /* taken off the output: begins, then ends; or one for both; empty: 0 */
  scull_ints_t dilations; /* empty: 1 */
  int64_t groups;
  int32_t auto_pad;         /* SCULL_AUTO_PAD_* */
  scull_ints_t output_pads; /* elements added at the ends; empty: 0 */
  scull_ints_t output_size; /* chooses output_pads; empty: none */
} scull_conv_transpose_attrs_t;

enum { SCULL_CONV_TRANSPOSE_MAX_SPATIAL = 3 };

/* Sizes, resolved. The windows are those of the conv that goes the other way: `in` is an extent of
 * y, `out` one of x. */
typedef struct scull_conv_transpose_geometry {
  int64_t batch, in_channels, out_channels, groups;
  int32_t spatial;
  scull_window_t window[SCULL_CONV_TRANSPOSE_MAX_SPATIAL];
} scull_conv_transpose_geometry_t;

/* From the types of x [N,C,...] and filter [C,O/groups,...]; fails as the shape rule does. */
scull_status_t
scull_ops_conv_transpose_geometry(const scull_op_call_t *call,
                                  scull_conv_transpose_geometry_t *out) SCULL_MUST_USE;

#endif
