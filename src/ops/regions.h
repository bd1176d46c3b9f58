/* Regions [R,4] that belong to pictures: which picture a region is of, for the operators that pool
 * them. Private to ops/. */
#ifndef SCULL_OPS_REGIONS_H
#define SCULL_OPS_REGIONS_H

#include "ops/opdef.h"

/* What the input beside the regions holds: the picture of each region [R], how many regions each
 * picture has [N], or where the regions of each picture begin and, last, end [N+1]. */
enum { SCULL_REGIONS_INDEX, SCULL_REGIONS_COUNTS, SCULL_REGIONS_OFFSETS };
extern const char *const scull_ops_regions_names[];

/* Checks inputs x [N,C,H,W] (0), regions [R,4] (1) and the one beside them (2; may be absent where
 * N is 1): floats, and i32 or i64. */
scull_status_t scull_ops_regions_check(const scull_op_call_t *call, int32_t kind) SCULL_MUST_USE;

/* Walks the regions in their order. */
typedef struct scull_regions {
  const scull_op_call_t *call;
  int32_t kind;
  int64_t picture; /* of the present region */
  int64_t left;    /* regions of that picture that come after it */
} scull_regions_t;

/* The picture of region `r`, to be called for r = 0, 1, ... on a zeroed walk with `call` and
 * `kind` set. Fails when there is none. */
scull_status_t scull_ops_regions_next(scull_regions_t *walk, int64_t r,
                                      int64_t *picture) SCULL_MUST_USE;

/* Bilinear sample of a plane at (y, x): 0 beyond one element around it, the edge within that. */
double scull_ops_sample(const scull_tensor_t *x, int64_t plane, int64_t height, int64_t width,
                        double row, double column);

#endif
