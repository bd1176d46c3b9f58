/* Lines of text in a map of probabilities, as detectors of the DB kind give it: every connected
 * patch above a threshold, the smallest rectangle around it, and that made larger again, since the
 * network was taught to draw the cores of lines only. */
#ifndef EXAMPLES_TEXT_BOXES_H
#define EXAMPLES_TEXT_BOXES_H

#include "common.h"
#include "rectangle.h"

enum { TEXT_BOXES_MOST = 1000 };
static const float text_pixel = 0.3f, text_box_least = 0.5f, text_grow = 1.6f, text_side = 3;

/* The mean probability inside; a point a pixel. */
static inline float mean_inside(const float *map, int height, int width, const rectangle_t *box) {
  const int w = (int)hypotf(box->along.x, box->along.y) + 1;
  const int h = (int)hypotf(box->down.x, box->down.y) + 1;
  float sum = 0;
  for (int v = 0; v < h; v++)
    for (int u = 0; u < w; u++) {
      const float fu = ((float)u + 0.5f) / (float)w, fv = ((float)v + 0.5f) / (float)h;
      const float x = box->corner.x + box->along.x * fu + box->down.x * fv;
      const float y = box->corner.y + box->along.y * fu + box->down.y * fv;
      const int px = (int)fminf(fmaxf(x + 0.5f, 0), (float)(width - 1));
      const int py = (int)fminf(fmaxf(y + 0.5f, 0), (float)(height - 1));
      sum += map[(size_t)py * (size_t)width + (size_t)px];
    }
  return sum / (float)(w * h);
}

/* Every side `d` further out. */
static inline void grow(rectangle_t *box, float w, float h, float d) {
  const point_t a = {box->along.x / w * d, box->along.y / w * d};
  const point_t b = {box->down.x / h * d, box->down.y / h * d};
  box->corner = (point_t){box->corner.x - a.x - b.x, box->corner.y - a.y - b.y};
  box->along = (point_t){box->along.x + 2 * a.x, box->along.y + 2 * a.y};
  box->down = (point_t){box->down.x + 2 * b.x, box->down.y + 2 * b.y};
}

/* Takes the patch at pixel `first` out of `marks` and puts the ends of its rows into `ends`,
 * sorted; `stack` has room for every pixel. Returns how many points these are. */
static inline size_t take_patch(unsigned char *marks, int height, int width, int first, int *stack,
                                int (*span)[2], point_t *ends) {
  size_t depth = 0, count = 0;
  for (int y = 0; y < height; y++)
    span[y][0] = width, span[y][1] = -1;
  marks[first] = 0;
  stack[depth++] = first;
  while (depth > 0) {
    const int at = stack[--depth], x = at % width, y = at / width;
    span[y][0] = x < span[y][0] ? x : span[y][0];
    span[y][1] = x > span[y][1] ? x : span[y][1];
    for (int k = 0; k < 9; k++) {
      const int nx = x + k % 3 - 1, ny = y + k / 3 - 1;
      if (nx < 0 || ny < 0 || nx >= width || ny >= height || !marks[ny * width + nx])
        continue;
      marks[ny * width + nx] = 0;
      stack[depth++] = ny * width + nx;
    }
  }
  for (int y = 0; y < height; y++)
    for (int e = 0; e < 1 + (span[y][0] < span[y][1]) && span[y][1] >= 0; e++)
      ends[count++] = (point_t){(float)span[y][e], (float)y};
  return count;
}

/* What is text enough of a box around `count` points, and large enough. */
static inline bool is_text(const float *map, int height, int width, const point_t *ends,
                           size_t count, point_t *hull, rectangle_t *box) {
  *box = smallest_around(hull, hull_of(ends, count, hull));
  const float w = hypotf(box->along.x, box->along.y), h = hypotf(box->down.x, box->down.y);
  if (fminf(w, h) < text_side || mean_inside(map, height, width, box) < text_box_least)
    return false;
  grow(box, w, h, text_grow * w * h / (2 * (w + h)));
  return true;
}

/* The lines of text of a map in no order; returns how many. */
static inline size_t text_boxes_find(const float *map, int height, int width,
                                     rectangle_t found[TEXT_BOXES_MOST]) {
  const size_t size = (size_t)height * (size_t)width;
  unsigned char *marks = must_have(calloc(size, 1));
  int *stack = must_have(malloc(size * sizeof *stack));
  int(*span)[2] = must_have(malloc((size_t)height * sizeof *span));
  point_t *ends = must_have(malloc(((size_t)height * 4 + 1) * sizeof *ends));
  size_t count = 0;
  for (int y = 0; y < height; y++) /* a mark spreads to the right and down, which closes gaps */
    for (int x = 0; x < width; x++)
      for (int k = 0; k < 4; k++) {
        const int px = x - k % 2, py = y - k / 2;
        if (px >= 0 && py >= 0 && map[py * width + px] > text_pixel)
          marks[y * width + x] = 1;
      }
  for (int i = 0; i < height * width && count < TEXT_BOXES_MOST; i++)
    if (marks[i]) {
      const size_t points = take_patch(marks, height, width, i, stack, span, ends);
      count += is_text(map, height, width, ends, points, ends + 2 * height, &found[count]);
    }
  free(marks);
  free(stack);
  free(span);
  free(ends);
  return count;
}

static inline int by_top(const void *a, const void *b) {
  const float p = ((const rectangle_t *)a)->corner.y, q = ((const rectangle_t *)b)->corner.y;
  return (p > q) - (p < q);
}

/* Rows from the top, each from the left; boxes are in one row whose tops are less than 10 apart. */
static inline void in_reading_order(rectangle_t *boxes, size_t count) {
  qsort(boxes, count, sizeof *boxes, by_top);
  for (size_t i = 1; i < count; i++)
    for (size_t k = i; k > 0 && fabsf(boxes[k].corner.y - boxes[k - 1].corner.y) < 10 &&
                       boxes[k].corner.x < boxes[k - 1].corner.x;
         k--) {
      const rectangle_t left = boxes[k];
      boxes[k] = boxes[k - 1];
      boxes[k - 1] = left;
    }
}

#endif
