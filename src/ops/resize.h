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
  double cubic_a;        /* cubic: the kernel's parameter */
  bool exclude_outside;  /* taps beyond the edge count nothing, and the others more */
  scull_floats_t crop;   /* crop: the part of x that is resized: begins, then ends, in parts of x */
  double outside;        /* crop: what lies beyond x */
  bool antialias; /* linear and cubic: where the result is smaller, the kernel is as much wider */
} scull_resize_attrs_t;

enum { SCULL_RESIZE_NEAREST, SCULL_RESIZE_LINEAR, SCULL_RESIZE_CUBIC };

/* Where output d lies in the input. The ratio is 1 / scale where `scales` is given, else in / out.
 *   half_pixel            ratio * (d + 0.5) - 0.5
 *   align_corners         (in - 1) / (out - 1) * d
 *   asymmetric            ratio * d
 *   half_pixel_one        as half_pixel, but 0 where out is 1 (PyTorch)
 *   half_pixel_symmetric  as half_pixel, about the centre of what was asked for: scale * in
 *   half_pixel_shifted    ratio * (d + 0.5) (TensorFlow 1, nearest)
 *   align_scaled_corners  (in - 1) / (scale * in - 1) * d
 *   crop                  begin * (in - 1) + (end - begin) * (in - 1) / (out - 1) * d, of `crop`;
 *                         where out is 1 the middle of the two */
enum {
  SCULL_COORDS_HALF_PIXEL,
  SCULL_COORDS_ALIGN_CORNERS,
  SCULL_COORDS_ASYMMETRIC,
  SCULL_COORDS_HALF_PIXEL_ONE,
  SCULL_COORDS_HALF_PIXEL_SYMMETRIC,
  SCULL_COORDS_HALF_PIXEL_SHIFTED,
  SCULL_COORDS_ALIGN_SCALED_CORNERS,
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
  float ratio;  /* f32 like everywhere, so that `nearest` meets the same neighbour */
  float shift;  /* of the positions, where the coordinates have one */
  double scale; /* as it was asked for, else out / in */
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
 * number, at most SCULL_RESIZE_MAX_TAPS; 0 when it lies outside and is `outside`. Not where
 * scull_ops_resize_is_wide. */
int32_t scull_ops_resize_taps(const scull_resize_attrs_t *attrs, const scull_resize_axis_t *axis,
                              int64_t d, int64_t *index, double *weight);

/* True when an element is made of more taps than that: for antialiasing. */
bool scull_ops_resize_is_wide(const scull_resize_attrs_t *attrs);

#endif
