/* Attributes of roi_align and roi_pool. */
#ifndef SCULL_OPS_ROI_ALIGN_H
#define SCULL_OPS_ROI_ALIGN_H

#include "ops/regions.h"

typedef struct scull_roi_align_attrs {
  int64_t height, width; /* of the result, in bins */
  double scale;          /* from the regions' coordinates to elements of x */
  int64_t samples;       /* a side of a bin; 0 or less: as many as a bin has elements, rounded up */
  bool aligned;          /* a region is shifted by half an element, and may be smaller than one */
  bool largest;          /* of the samples' corners, weighted; else the mean of the samples */
  int32_t regions;       /* SCULL_REGIONS_*: what input 2 holds */
} scull_roi_align_attrs_t;

/* A region in elements of x, along one axis: where it begins, how long a bin is, samples a bin. */
typedef struct scull_roi_side {
  double begin, bin;
  int64_t samples;
} scull_roi_side_t;

/* Of a region from `begin` to `end`, in its own coordinates, cut into `bins`. */
scull_roi_side_t scull_ops_roi_side(const scull_roi_align_attrs_t *attrs, double begin, double end,
                                    int64_t bins);

/* The rule of both: [R,C,height,width]. */
scull_status_t scull_ops_roi_infer(const scull_op_call_t *call, int64_t height, int64_t width,
                                   int32_t regions) SCULL_MUST_USE;

typedef struct scull_roi_pool_attrs {
  int64_t height, width;
  double scale;
  int32_t regions;
} scull_roi_pool_attrs_t;

#endif
