/* Attributes of prior_box, density_prior_box and anchor_generator: boxes about the places of a
 * feature map. */
#ifndef SCULL_OPS_PRIOR_BOX_H
#define SCULL_OPS_PRIOR_BOX_H

#include "ops/opdef.h"

typedef struct scull_prior_box_attrs {
  scull_floats_t min_sizes, max_sizes; /* as many, or no max_sizes */
  scull_floats_t aspect_ratios;        /* 1 is always one of them */
  scull_floats_t variances;            /* four */
  bool flip;                           /* 1 / ratio, too */
  bool clip;                           /* into [0, 1] */
  double step_w, step_h;               /* of the image to a place of the map; 0: their quotient */
  double offset;                       /* of a place's centre, in places */
  bool max_second; /* the square of max_sizes comes before the boxes of ratios other than 1 */
} scull_prior_box_attrs_t;

typedef struct scull_density_prior_box_attrs {
  scull_floats_t fixed_sizes, fixed_ratios, variances;
  scull_ints_t densities; /* one a size: boxes a side that share its place */
  bool clip;              /* boxes are always clipped; kept for what a file says */
  double step_w, step_h, offset;
} scull_density_prior_box_attrs_t;

typedef struct scull_anchor_generator_attrs {
  scull_floats_t sizes, aspect_ratios, variances;
  scull_floats_t stride; /* width, height */
  double offset;
} scull_anchor_generator_attrs_t;

/* The part that the three share: outputs boxes and variances [H,W,count,4] for a map [N,C,H,W],
 * input 0; fails when there are not four variances. */
scull_status_t scull_ops_anchors_infer(const scull_op_call_t *call, scull_floats_t variances,
                                       int64_t count) SCULL_MUST_USE;

/* Fills output 1, and output 0 from what `place` writes for one place, `count` boxes at a time. */
void scull_ops_anchors_fill(const scull_op_call_t *call, scull_floats_t variances,
                            void (*place)(const scull_op_call_t *call, int64_t row, int64_t column,
                                          float *boxes));

/* Image size over map size, where the attributes give no step. */
void scull_ops_anchors_step(const scull_op_call_t *call, double *step_w, double *step_h);

#endif
