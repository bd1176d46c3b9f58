/* Windows that slide over one to three axes, one output row at a time: what the loops of
 * convolution and pooling share. For an output row and a tap of the window, the outputs whose tap
 * lies inside the picture are neighbours, and so (but for the stride) are the inputs that they
 * meet: a span. Private to ops/. */
#ifndef SCULL_OPS_SLIDING_H
#define SCULL_OPS_SLIDING_H

#include "ops/row.h"
#include "ops/shape_rules.h"

typedef struct scull_sliding {
  scull_window_t axis[3]; /* depth, height, width; an absent axis has extent 1 */
  int64_t in, out, taps;  /* elements of an input plane, of an output plane, of the window */
  int64_t rows;           /* of an output plane; each has axis[2].out elements */
} scull_sliding_t;

/* `windows`: one a spatial axis, outermost first; 1 <= spatial <= 3. */
scull_sliding_t scull_ops_sliding(const scull_window_t *windows, int32_t spatial);

/* A part of one output row, at most SCULL_ROW wide. */
typedef struct scull_piece {
  int64_t plane, row, begin, end; /* outputs [begin, end) of that row of that plane */
  int64_t first;                  /* flat index of output `begin` */
} scull_piece_t;

/* Walks the output rows of `planes` planes piece by piece, from {0}; false after the last. */
bool scull_ops_piece_next(const scull_sliding_t *s, int64_t planes, scull_piece_t *piece);

/* Outputs out, out + 1, ... of a piece's row meet inputs in, in + step, ... (indices into the
 * plane); `out` counts from the row's start. */
typedef struct scull_span {
  int64_t tap, out, in, step, count;
} scull_span_t;

/* Before the first span. */
#define SCULL_SPAN_BEGIN ((scull_span_t){.tap = -1})

/* The next tap that meets any input; false when there is none left. */
bool scull_ops_span_next(const scull_sliding_t *s, const scull_piece_t *piece, scull_span_t *span);

/* How many taps of the window at output `at` of one axis lie inside the picture; with `padding`,
 * inside the padded picture. */
int64_t scull_ops_taps_inside(const scull_window_t *w, int64_t at, bool padding);

#endif
