/* Boxes (x1, y1, x2, y2) in f32, candidates and their suppression: what the detection operators
 * share. Sums and comparisons are in f32 like everywhere, so that thresholds meet the same boxes.
 * Private to ops/. */
#ifndef SCULL_OPS_BOXES_H
#define SCULL_OPS_BOXES_H

#include "ops/opdef.h"

/* A box that competes, by its score. */
typedef struct scull_candidate {
  float score;
  int64_t index; /* of the box, or whatever the operator looks up by it */
} scull_candidate_t;

/* Best first; of equal scores the lower index first, or the higher one. NaN counts as the least. */
void scull_ops_candidates_sort(scull_candidate_t *list, int64_t count, bool higher_first);

/* The best `best` of them, sorted so, at the front; negative: all. Returns how many these are; what
 * is behind them is in no order. Indices must differ. */
int64_t scull_ops_candidates_best(scull_candidate_t *list, int64_t count, int64_t best,
                                  bool higher_first);

/* Intersection over union of boxes whose width is x2 - x1 + offset; 0 for boxes that do not meet.
 */
float scull_ops_box_iou(const float *a, const float *b, float offset);

/* The same of polygons of `points` corners (x, y, x, y, ...), which must be convex. */
float scull_ops_polygon_iou(const float *a, const float *b, int64_t points);

typedef struct scull_nms {
  float threshold; /* a box goes when its overlap with a better one is larger */
  float eta;       /* below 1: the threshold shrinks by it after each box, while above 0.5 */
  float offset;
  int64_t limit; /* of boxes that stay; negative: none */
} scull_nms_t;

/* Keeps the best of overlapping boxes: `list` is sorted and comes back shortened, still sorted.
 * Box i begins at boxes[i * stride] and has `size` numbers: 4, or more for polygons. Returns how
 * many stayed. */
int64_t scull_ops_nms(const scull_nms_t *nms, const float *boxes, int64_t stride, int64_t size,
                      scull_candidate_t *list, int64_t count);

/* Fails unless inputs 0 to count - 1 that are present are f32. */
scull_status_t scull_ops_check_f32(const scull_op_call_t *call, size_t count) SCULL_MUST_USE;

/* Scratch memory of `count` items of `size` bytes; SIZE_MAX, more than any machine has, when that
 * overflows. */
size_t scull_ops_scratch_of(int64_t count, size_t size);

#endif
