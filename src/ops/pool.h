/* Attributes and geometry of max_pool and avg_pool: windows over 1 to 3 spatial axes. */
#ifndef SCULL_OPS_POOL_H
#define SCULL_OPS_POOL_H

#include "ops/shape_rules.h"

/* Fields that an operator's table does not name stay zero. */
typedef struct scull_pool_attrs {
  scull_ints_t kernel;    /* one a spatial axis; not read when `global` */
  scull_ints_t strides;   /* empty: 1 */
  scull_ints_t pads;      /* begins, then ends; or one a spatial axis for both; empty: 0 */
  scull_ints_t dilations; /* max_pool; empty: 1 */
  int32_t auto_pad;       /* SCULL_AUTO_PAD_* */
  bool ceil_mode;         /* a last window that is not filled counts; it may lie in the padding */
  bool clip;        /* ceil_mode: but a window that begins behind the picture does not count */
  bool global;      /* one window over the whole picture, without padding */
  bool include_pad; /* avg_pool: divide by the taps inside the padded picture */
} scull_pool_attrs_t;

enum { SCULL_POOL_MAX_SPATIAL = 3 };

typedef struct scull_pool_geometry {
  int64_t planes;  /* batch * channels */
  int32_t spatial; /* number of spatial axes */
  scull_window_t window[SCULL_POOL_MAX_SPATIAL];
} scull_pool_geometry_t;

/* From the type of x [N,C,...]; fails as the shape rule does. */
scull_status_t scull_ops_pool_geometry(const scull_op_call_t *call,
                                       scull_pool_geometry_t *out) SCULL_MUST_USE;

/* The shape rule of both. */
scull_status_t scull_ops_pool_infer(const scull_op_call_t *call) SCULL_MUST_USE;

/* Taps of all windows: the flops of both. */
double scull_ops_pool_flops(const scull_op_call_t *call);

#endif
