/* Boxes: extents with one step a dimension on either side, which is what every operator that only
 * moves elements comes down to. Neighbouring dimensions that go on without a jump are merged, the
 * rest is put in the order that suits the caches, and the innermost one or two become a run of
 * bytes, tiles of 16 x 16 through registers, or a short loop. */
#ifndef SCULL_BACKEND_CPU_BOXES_H
#define SCULL_BACKEND_CPU_BOXES_H

#include "backend/cpu/kernel.h"

enum { SCULL_CPU_BOX_RANK = 2 * SCULL_MAX_RANK + 2, SCULL_CPU_BOXES = 64 };

/* How the innermost dimensions are moved. */
typedef enum scull_cpu_box_way {
  SCULL_CPU_BOX_LINE, /* one dimension */
  SCULL_CPU_BOX_TURN, /* two, dense in one on either side */
  SCULL_CPU_BOX_FEW,  /* two, the inner one short */
} scull_cpu_box_way_t;

/* Steps and offsets in elements. */
typedef struct scull_cpu_box {
  int32_t rank;
  int64_t dim[SCULL_CPU_BOX_RANK], src_step[SCULL_CPU_BOX_RANK], dst_step[SCULL_CPU_BOX_RANK];
  int64_t src_at, dst_at;
  int input, output; /* positions in args; no input (-1): `fill` everywhere */
  scull_cpu_box_way_t way;
} scull_cpu_box_t;

typedef struct scull_cpu_boxes {
  const scull_cpu_kernels_t *kernels; /* NULL: no fast transposes */
  size_t size;                        /* of an element */
  int threads, count;
  _Alignas(16) char fill[16]; /* one element */
  scull_cpu_box_t box[SCULL_CPU_BOXES];
} scull_cpu_boxes_t;

/* Adds a dimension inside the others. */
void scull_cpu_box_append(scull_cpu_box_t *box, int64_t dim, int64_t src_step, int64_t dst_step);

/* To be called once, when all boxes are there: chooses orders and ways, and cuts boxes of few
 * pieces into more. */
void scull_cpu_boxes_arrange(scull_cpu_boxes_t *boxes);

/* Moves the elements, one box after the other. */
void scull_cpu_boxes_run(const scull_cpu_boxes_t *boxes, const scull_args_t *args);

#endif
