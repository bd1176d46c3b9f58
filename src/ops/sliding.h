/* Windows that slide over one to three axes, one output row at a time: what the loops of
 * convolution and pooling share. For an output row and a tap of the window, the outputs whose tap
 * lies inside the picture are neighbours, and so (but for the stride) are the inputs that they
 * meet: a span. Private to ops/. */
#ifndef SCULL_OPS_SLIDING_H
#define SCULL_OPS_SLIDING_H

#include "ops/shape_rules.h"

typedef struct scull_sliding {
  scull_window_t axis[3]; /* depth, height, width; an absent axis has extent 1 */
  int64_t in, out, taps;  /* elements of an input plane, of an output plane, of the window */
  int64_t rows;           /* of an output plane; each has axis[2].out elements */
} scull_sliding_t;

/* `windows`: one a spatial axis, outermost first; 1 <= spatial <= 3. */
scull_sliding_t scull_ops_sliding(const scull_window_t *windows, int32_t spatial);

/* Outputs out, out + 1, ... of the row meet inputs in, in + step, ... (an index into the plane). */
typedef struct scull_span {
  int64_t tap, out, in, step, count;
  int64_t row, begin, end; /* the output row that is asked for and its part [begin, end) */
} scull_span_t;

/* Before the first span of outputs [begin, end) of row `row`. */
scull_span_t scull_ops_span_begin(int64_t row, int64_t begin, int64_t end);

/* The next tap that meets any input; false when there is none left. */
bool scull_ops_span_next(const scull_sliding_t *s, scull_span_t *span);

#endif
