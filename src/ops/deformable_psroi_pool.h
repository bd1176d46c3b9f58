/* Attributes of deformable_psroi_pool. */
#ifndef SCULL_OPS_DEFORMABLE_PSROI_POOL_H
#define SCULL_OPS_DEFORMABLE_PSROI_POOL_H

#include "ops/regions.h"

typedef struct scull_deformable_psroi_pool_attrs {
  int64_t channels;                  /* of the result */
  int64_t height, width;             /* of the result, in bins */
  int64_t group_height, group_width; /* channels of x for each of the result: one a group of bins */
  int64_t part_height, part_width;   /* what of the shifts belongs to a bin */
  int64_t samples;                   /* a side of a bin */
  double scale;                      /* from the regions' coordinates to elements of x */
  double shift_scale;                /* of the shifts, in sizes of the region */
  int32_t regions;                   /* SCULL_REGIONS_*: what input 2 holds */
} scull_deformable_psroi_pool_attrs_t;

#endif
