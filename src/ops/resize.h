/* Attributes of resize: pictures brought to another size by nearest, linear or cubic sampling. */
#ifndef SCULL_OPS_RESIZE_H
#define SCULL_OPS_RESIZE_H

#include "ops/shape_rules.h"

typedef struct scull_resize_attrs {
  scull_ints_t size;     /* of the result, one a spatial axis; empty: in * scale, rounded down */
  scull_floats_t scales; /* one a spatial axis, or one for all; empty: out / in */
  int32_t mode;          /* SCULL_RESIZE_* */
  int32_t coords;        /* SCULL_COORDS_* */
  int32_t rounding;      /* nearest: SCULL_ROUNDING_* */
  double cubic_a;        /* cubic: the coefficient of Keys' convolution */
  bool exclude_outside;  /* taps beyond the edge weigh nothing, and the others make up for it */
  scull_floats_t
      region;     /* crop: where the result begins on each axis, then where it ends; 0 to 1 */
  double outside; /* crop: the value of what lies outside of the picture */
} scull_resize_attrs_t;

enum { SCULL_RESIZE_NEAREST, SCULL_RESIZE_LINEAR, SCULL_RESIZE_CUBIC };

/* Where output d lies in the input. half_pixel: ratio * (d + 0.5) - 0.5; align_corners: (in - 1) /
 * (out - 1) * d; asymmetric: ratio * d. The ratio is 1 / scale where `scales` is given, else
 * in / out. Others, all but one of ONNX only: half_pixel_one is half_pixel, and 0 for a single
 * output; half_pixel_shifted is ratio * (d + 0.5); half_pixel_symmetric keeps the middle where it
 * is when in * scale is not whole; align_corners_scaled divides by in * scale - 1 in place of
 * out - 1; crop spreads the outputs over `region`. */
enum {
  SCULL_COORDS_HALF_PIXEL,
  SCULL_COORDS_ALIGN_CORNERS,
  SCULL_COORDS_ASYMMETRIC,
  SCULL_COORDS_HALF_PIXEL_ONE,
  SCULL_COORDS_HALF_PIXEL_SHIFTED,
  SCULL_COORDS_HALF_PIXEL_SYMMETRIC,
  SCULL_COORDS_ALIGN_CORNERS_SCALED,
  SCULL_COORDS_CROP
};

/* round takes halves up, round_prefer_floor takes them down. */
enum {
  SCULL_ROUNDING_FLOOR,
  SCULL_ROUNDING_ROUND,
  SCULL_ROUNDING_CEIL,
  SCULL_ROUNDING_ROUND_PREFER_FLOOR
};

enum { SCULL_RESIZE_MAX_SPATIAL = 3, SCULL_RESIZE_MAX_TAPS = 4 };

/* One spatial axis, resolved. */
typedef struct scull_resize_axis {
  int64_t in, out;
  float ratio; /* f32 like everywhere, so that `nearest` meets the same neighbour */
  float begin; /* crop, half_pixel_symmetric: where output 0 lies, or what is added */
} scull_resize_axis_t;

typedef struct scull_resize_geometry {
  int64_t planes; /* batch * channels */
  int32_t spatial;
  scull_resize_axis_t axis[SCULL_RESIZE_MAX_SPATIAL];
} scull_resize_geometry_t;

/* From the type of x [N,C,...] and, where its bytes are known, input 1 (the size); fails as the
 * shape rule does. In `reference` the sizes are those of the output. */
scull_status_t scull_ops_resize_geometry(const scull_op_call_t *call,
                                         scull_resize_geometry_t *out) SCULL_MUST_USE;

/* The input elements that output `d` of an axis is made of, and their weights. Returns their
 * number, at most SCULL_RESIZE_MAX_TAPS; 0 where the result is `outside`. */
int32_t scull_ops_resize_taps(const scull_resize_attrs_t *attrs, const scull_resize_axis_t *axis,
                              int64_t d, int64_t *index, double *weight);

#endif
