/* Overlap of boxes and polygons, and greedy suppression. */
#include "ops/boxes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

/* --- candidates ------------------------------------------------------------------------------ */

static int compare_scores(const scull_candidate_t *a, const scull_candidate_t *b) {
  if (isnan(a->score) || isnan(b->score))
    return (isnan(a->score) != 0) - (isnan(b->score) != 0);
  return a->score > b->score ? -1 : a->score < b->score;
}

static int compare_lower_first(const void *a, const void *b) {
  const scull_candidate_t *x = a, *y = b;
  int order = compare_scores(x, y);
  return order != 0 ? order : x->index < y->index ? -1 : x->index > y->index;
}

static int compare_higher_first(const void *a, const void *b) {
  const scull_candidate_t *x = a, *y = b;
  int order = compare_scores(x, y);
  return order != 0 ? order : x->index > y->index ? -1 : x->index < y->index;
}

void scull_ops_candidates_sort(scull_candidate_t *list, int64_t count, bool higher_first) {
  if (count > 1)
    qsort(list, (size_t)count, sizeof *list,
          higher_first ? compare_higher_first : compare_lower_first);
}

/* --- overlap --------------------------------------------------------------------------------- */

static float area_of(const float *box, float offset) {
  if (box[2] < box[0] || box[3] < box[1])
    return 0;
  return (box[2] - box[0] + offset) * (box[3] - box[1] + offset);
}

float scull_ops_box_iou(const float *a, const float *b, float offset) {
  if (b[0] > a[2] || b[2] < a[0] || b[1] > a[3] || b[3] < a[1])
    return 0;
  float width = fminf(a[2], b[2]) - fmaxf(a[0], b[0]) + offset;
  float height = fminf(a[3], b[3]) - fmaxf(a[1], b[1]) + offset;
  float shared = width * height;
  return shared / (area_of(a, offset) + area_of(b, offset) - shared);
}

enum { POINTS = 32, CUT_POINTS = 2 * POINTS }; /* of a polygon that is cut */

/* Twice the area, with the sign of the direction. */
static double twice_area(const double *p, int64_t points) {
  double sum = 0;
  for (int64_t i = 0; i < points; i++) {
    const double *a = p + 2 * i, *b = p + 2 * ((i + 1) % points);
    sum += a[0] * b[1] - a[1] * b[0];
  }
  return sum;
}

/* How far `p` lies to the left of the line from a to b. */
static double side_of(const double *a, const double *b, const double *p) {
  return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
}

/* The part of a polygon to the left of the line from a to b. */
static int64_t cut(const double *from, int64_t points, const double *a, const double *b,
                   double *to) {
  int64_t kept = 0;
  for (int64_t i = 0; i < points; i++) {
    const double *p = from + 2 * i, *q = from + 2 * ((i + 1) % points);
    double here = side_of(a, b, p), there = side_of(a, b, q);
    if (here >= 0 && kept < CUT_POINTS) {
      memcpy(to + 2 * kept++, p, 2 * sizeof *p);
    }
    if ((here >= 0) != (there >= 0) && kept < CUT_POINTS) {
      double part = here / (here - there);
      to[2 * kept] = p[0] + part * (q[0] - p[0]);
      to[2 * kept++ + 1] = p[1] + part * (q[1] - p[1]);
    }
  }
  return kept;
}

/* Counter-clockwise copies, so that the inside is to the left. */
static double orient(const float *from, int64_t points, double *to) {
  for (int64_t i = 0; i < 2 * points; i++)
    to[i] = (double)from[i];
  double area = twice_area(to, points);
  for (int64_t i = 0; area < 0 && i < points; i++) {
    to[2 * i] = (double)from[2 * (points - 1 - i)];
    to[2 * i + 1] = (double)from[2 * (points - 1 - i) + 1];
  }
  return fabs(area);
}

float scull_ops_polygon_iou(const float *a, const float *b, int64_t points) {
  double clip[2 * POINTS] = {0}, part[2][2 * CUT_POINTS] = {{0}};
  if (points < 3 || points > POINTS)
    return 0;
  double first = orient(a, points, part[0]), second = orient(b, points, clip);
  int64_t count = points, now = 0;
  for (int64_t i = 0; i < points && count > 0; i++, now = 1 - now)
    count = cut(part[now], count, clip + 2 * i, clip + 2 * ((i + 1) % points), part[1 - now]);
  double shared = fabs(twice_area(part[now], count));
  double whole = first + second - shared;
  return whole > 0 ? (float)(shared / whole) : 0;
}

/* --- suppression ----------------------------------------------------------------------------- */

int64_t scull_ops_nms(const scull_nms_t *nms, const float *boxes, int64_t stride, int64_t size,
                      scull_candidate_t *list, int64_t count) {
  int64_t kept = 0;
  float threshold = nms->threshold;
  for (int64_t i = 0; i < count && (nms->limit < 0 || kept < nms->limit); i++) {
    const float *box = boxes + list[i].index * stride;
    bool stays = true;
    for (int64_t k = 0; k < kept && stays; k++) {
      const float *other = boxes + list[k].index * stride;
      float overlap = size == 4 ? scull_ops_box_iou(box, other, nms->offset)
                                : scull_ops_polygon_iou(box, other, size / 2);
      stays = overlap <= threshold;
    }
    if (!stays)
      continue;
    list[kept++] = list[i];
    if (nms->eta < 1 && threshold > 0.5f)
      threshold *= nms->eta;
  }
  return kept;
}

/* --- checks ---------------------------------------------------------------------------------- */

scull_status_t scull_ops_check_f32(const scull_op_call_t *call, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (scull_ops_has_input(call, i) && call->inputs[i].type.dtype != SCULL_DTYPE_F32)
      return scull_ops_fail(call, "input %zu is %s where f32 is wanted", i,
                            scull_tensor_dtype_name(call->inputs[i].type.dtype));
  }
  return SCULL_OK;
}

size_t scull_ops_scratch_of(int64_t count, size_t size) {
  size_t bytes = 0;
  return count < 0 || !scull_base_size_mul((size_t)count, size, &bytes) ? SIZE_MAX : bytes;
}
