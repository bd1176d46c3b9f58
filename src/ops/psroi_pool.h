/* Attributes of psroi_pool. */
#ifndef SCULL_OPS_PSROI_POOL_H
#define SCULL_OPS_PSROI_POOL_H

#include "ops/regions.h"

typedef struct scull_psroi_pool_attrs {
  int64_t channels;      /* of the result */
  int64_t height, width; /* of the result, in bins */
  double scale;          /* from the regions' coordinates to elements of x */
  int32_t regions;       /* SCULL_REGIONS_*: what input 2 holds */
} scull_psroi_pool_attrs_t;

#endif
