/* Spans of sliding windows. */
#include "ops/sliding.h"

scull_sliding_t scull_ops_sliding(const scull_window_t *windows, int32_t spatial) {
  scull_sliding_t s = {.in = 1, .out = 1, .taps = 1};
  for (int32_t i = 0; i < 3; i++) {
    int32_t k = i - (3 - spatial);
    s.axis[i] = k < 0 ? (scull_window_t){1, 1, 1, 1, 1, 0, 0} : windows[k];
    s.in *= s.axis[i].in;
    s.out *= s.axis[i].out;
    s.taps *= s.axis[i].kernel;
  }
  s.rows = s.axis[0].out * s.axis[1].out;
  return s;
}

bool scull_ops_piece_next(const scull_sliding_t *s, int64_t planes, scull_piece_t *piece) {
  int64_t width = s->axis[2].out;
  piece->begin = piece->end;
  if (piece->begin >= width) {
    piece->begin = 0;
    piece->row++;
  }
  if (piece->row >= s->rows) {
    piece->row = 0;
    piece->plane++;
  }
  piece->end = width - piece->begin > SCULL_ROW ? piece->begin + SCULL_ROW : width;
  piece->first = (piece->plane * s->rows + piece->row) * width + piece->begin;
  return s->out > 0 && piece->plane < planes;
}

/* Where tap `tap` of the window at output `at` looks. */
static int64_t position(const scull_window_t *w, int64_t at, int64_t tap) {
  return at * w->stride - w->pad_begin + tap * w->dilation;
}

/* Smallest multiple of `step`, divided by it, that is not below `value`; 0 for negative values. */
static int64_t steps_to(int64_t value, int64_t step) {
  return value <= 0 ? 0 : (value + step - 1) / step;
}

bool scull_ops_span_next(const scull_sliding_t *s, const scull_piece_t *piece, scull_span_t *span) {
  const scull_window_t *d = &s->axis[0], *h = &s->axis[1], *w = &s->axis[2];
  while (++span->tap < s->taps) {
    int64_t z = position(d, piece->row / h->out, span->tap / (h->kernel * w->kernel));
    int64_t y = position(h, piece->row % h->out, span->tap / w->kernel % h->kernel);
    if (z < 0 || z >= d->in || y < 0 || y >= h->in)
      continue;
    int64_t shift = position(w, 0, span->tap % w->kernel);
    int64_t low = steps_to(-shift, w->stride), high = steps_to(w->in - shift, w->stride);
    low = low < piece->begin ? piece->begin : low;
    high = high > piece->end ? piece->end : high;
    if (low >= high)
      continue;
    span->out = low;
    span->count = high - low;
    span->step = w->stride;
    span->in = (z * h->in + y) * w->in + shift + low * w->stride;
    return true;
  }
  return false;
}

int64_t scull_ops_taps_inside(const scull_window_t *w, int64_t at, bool padding) {
  int64_t first = position(w, at, 0);
  int64_t low = padding ? 0 : steps_to(-first, w->dilation);
  int64_t high = steps_to(w->in + (padding ? w->pad_end : 0) - first, w->dilation);
  high = high > w->kernel ? w->kernel : high;
  return high > low ? high - low : 0;
}
