/* Strided boxes: the one loop behind transpose, slice, concat, split, expand, tile and the
 * shuffles. Private to ops/. */
#ifndef SCULL_OPS_BOX_H
#define SCULL_OPS_BOX_H

#include "ops/opdef.h"

/* tile sees each axis as two (repeat, extent), the shuffles split axes: hence twice the rank. */
enum { SCULL_BOX_RANK = 2 * SCULL_MAX_RANK };

/* Element i of axis a lies at i * dst_step[a] and i * src_step[a]; steps count elements and may be
 * 0 (repeat) or negative (backwards). */
typedef struct scull_box {
  int32_t rank;
  int64_t extent[SCULL_BOX_RANK], dst_step[SCULL_BOX_RANK], src_step[SCULL_BOX_RANK];
} scull_box_t;

/* Adds one axis behind the others. */
void scull_ops_box_add(scull_box_t *box, int64_t extent, int64_t dst_step, int64_t src_step);

/* Sets dst_step so that the destination is dense and row-major. */
void scull_ops_box_pack(scull_box_t *box);

/* Copies the box. `dst` and `src` point to its first elements of `item_size` bytes. */
void scull_ops_box_copy(const scull_box_t *box, void *dst, const void *src, size_t item_size);

/* Element `index` of a dense buffer. */
void *scull_ops_element(const scull_tensor_t *tensor, int64_t index);

/* An odometer over a box of one operand: `at` is the current element's position. */
typedef struct scull_walk {
  int32_t rank;
  int64_t extent[SCULL_BOX_RANK], step[SCULL_BOX_RANK], index[SCULL_BOX_RANK], at;
} scull_walk_t;

void scull_ops_walk_add(scull_walk_t *walk, int64_t extent, int64_t step);
void scull_ops_walk_next(scull_walk_t *walk); /* after the last element comes the first */

/* Reference kernel of views: output 0 gets the bytes of input 0. */
scull_status_t scull_ops_reference_view(const scull_op_call_t *call) SCULL_MUST_USE;

/* Cost of operators that only move elements. */
double scull_ops_flops_none(const scull_op_call_t *call);

#endif
