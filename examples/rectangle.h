/* The smallest rectangle around points. */
#ifndef EXAMPLES_RECTANGLE_H
#define EXAMPLES_RECTANGLE_H

#include <math.h>
#include <stddef.h>

typedef struct {
  float x, y;
} point_t;

/* A rectangle at any angle: its corner and the two sides from there. */
typedef struct {
  point_t corner, along, down;
} rectangle_t;

static inline float cross_of(point_t a, point_t b, point_t c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/* The convex hull of points that are sorted by row, then column; `hull` has room for count + 1. */
static inline size_t hull_of(const point_t *points, size_t count, point_t *hull) {
  size_t size = 0;
  for (size_t pass = 0, floor = 1; pass < 2; pass++, floor = size) {
    for (size_t i = pass; i < count; i++) {
      const point_t p = points[pass ? count - 1 - i : i];
      while (size > floor && cross_of(hull[size - 2], hull[size - 1], p) <= 0)
        size--;
      hull[size++] = p;
    }
  }
  return size > 1 ? size - 1 : size; /* the last one is the first again */
}

/* The smallest rectangle around a hull has one side on an edge of it. */
static inline rectangle_t smallest_around(const point_t *hull, size_t count) {
  rectangle_t best = {.corner = hull[0]};
  float least = INFINITY;
  for (size_t i = 0; i < count; i++) {
    const point_t a = hull[i], b = hull[(i + 1) % count];
    const float length = hypotf(b.x - a.x, b.y - a.y);
    if (length <= 0)
      continue;
    point_t u = {(b.x - a.x) / length, (b.y - a.y) / length};
    while (u.x < fabsf(u.y) || (u.x == fabsf(u.y) && u.y < 0)) /* turned to the right */
      u = (point_t){-u.y, u.x};
    float low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t k = 0; k < count; k++) {
      const float at[2] = {hull[k].x * u.x + hull[k].y * u.y, hull[k].y * u.x - hull[k].x * u.y};
      for (int d = 0; d < 2; d++) {
        low[d] = fminf(low[d], at[d]);
        high[d] = fmaxf(high[d], at[d]);
      }
    }
    const float w = high[0] - low[0], h = high[1] - low[1];
    if (w * h >= least)
      continue;
    least = w * h;
    best = (rectangle_t){{low[0] * u.x - low[1] * u.y, low[0] * u.y + low[1] * u.x},
                         {w * u.x, w * u.y},
                         {-h * u.y, h * u.x}};
  }
  return best;
}

static inline rectangle_t stretched(const rectangle_t *r, float x, float y) {
  return (rectangle_t){{r->corner.x * x, r->corner.y * y},
                       {r->along.x * x, r->along.y * y},
                       {r->down.x * x, r->down.y * y}};
}

/* A column of text is a line that was turned to the right. */
static inline rectangle_t upright(rectangle_t r) {
  const float w = hypotf(r.along.x, r.along.y), h = hypotf(r.down.x, r.down.y);
  if (h < 1.5f * w)
    return r;
  return (rectangle_t){
      {r.corner.x + r.along.x, r.corner.y + r.along.y}, r.down, {-r.along.x, -r.along.y}};
}

#endif
