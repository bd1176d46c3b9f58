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

typedef int (*compare_t)(const void *a, const void *b);

void scull_ops_candidates_sort(scull_candidate_t *list, int64_t count, bool higher_first) {
  if (count > 1)
    qsort(list, (size_t)count, sizeof *list,
          higher_first ? compare_higher_first : compare_lower_first);
}

/* Brings the first `best` of an order to the front: the half that their border lies in is parted
 * again and again. All are different, since indices are. */
static void bring_to_front(scull_candidate_t *list, int64_t count, int64_t best,
                           compare_t compare) {
  int64_t begin = 0, end = count;
  while (end - begin > 1) {
    const scull_candidate_t pivot = list[begin + (end - begin) / 2];
    int64_t low = begin, high = end - 1;
    while (low <= high) {
      while (compare(&list[low], &pivot) < 0)
        low++;
      while (compare(&list[high], &pivot) > 0)
        high--;
      if (low > high)
        break;
      const scull_candidate_t moved = list[low];
      list[low++] = list[high];
      list[high--] = moved;
    }
    if (best <= high)
      end = high + 1;
    else if (best >= low)
      begin = low;
    else
      return;
  }
}

int64_t scull_ops_candidates_best(scull_candidate_t *list, int64_t count, int64_t best,
                                  bool higher_first) {
  if (best >= 0 && best < count) {
    bring_to_front(list, count, best, higher_first ? compare_higher_first : compare_lower_first);
    count = best;
  }
  scull_ops_candidates_sort(list, count, higher_first);
  return count;
}

/* --- overlap --------------------------------------------------------------------------------- */

static float area_of(const float *box, float offset) {
  if (box[2] < box[0] || box[3] < box[1])
    return 0;
  return (box[2] - box[0] + offset) * (box[3] - box[1] + offset);
}

/* iou of boxes whose areas are known. */
static float overlap_of(const float *a, float area_a, const float *b, float area_b, float offset) {
  if (b[0] > a[2] || b[2] < a[0] || b[1] > a[3] || b[3] < a[1])
    return 0;
  float width = fminf(a[2], b[2]) - fmaxf(a[0], b[0]) + offset;
  float height = fminf(a[3], b[3]) - fmaxf(a[1], b[1]) + offset;
  float shared = width * height;
  return shared / (area_a + area_b - shared);
}

float scull_ops_box_iou(const float *a, const float *b, float offset) {
  return overlap_of(a, area_of(a, offset), b, area_of(b, offset), offset);
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

/* Boxes that stay, side by side with their areas, as far as there is room. */
enum { NEAR = 512 };
typedef struct {
  float side[4], area;
} near_t;

static bool overlaps_near(const near_t *near, int64_t count, const float *box, float area,
                          float offset, float threshold) {
  for (int64_t k = 0; k < count; k++) {
    if (!(overlap_of(box, area, near[k].side, near[k].area, offset) <= threshold))
      return true;
  }
  return false;
}

static bool overlaps_far(const float *boxes, int64_t stride, int64_t size,
                         const scull_candidate_t *kept, int64_t count, const float *box,
                         float offset, float threshold) {
  for (int64_t k = 0; k < count; k++) {
    const float *other = boxes + kept[k].index * stride;
    float overlap = size == 4 ? scull_ops_box_iou(box, other, offset)
                              : scull_ops_polygon_iou(box, other, size / 2);
    if (!(overlap <= threshold))
      return true;
  }
  return false;
}

int64_t scull_ops_nms(const scull_nms_t *nms, const float *boxes, int64_t stride, int64_t size,
                      scull_candidate_t *list, int64_t count) {
  near_t near[NEAR];
  int64_t kept = 0, room = size == 4 ? NEAR : 0, nears = 0;
  float threshold = nms->threshold;
  for (int64_t i = 0; i < count && (nms->limit < 0 || kept < nms->limit); i++) {
    const float *box = boxes + list[i].index * stride;
    const float area = size == 4 ? area_of(box, nms->offset) : 0;
    if (overlaps_near(near, nears, box, area, nms->offset, threshold) ||
        overlaps_far(boxes, stride, size, list + nears, kept - nears, box, nms->offset, threshold))
      continue;
    if (nears < room) {
      memcpy(near[nears].side, box, sizeof near->side);
      near[nears++].area = area;
    }
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
