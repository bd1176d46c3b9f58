/* grid_sample: x [N,C,H,W], grid [N,P,Q,2] of (x, y) in -1 to 1 -> [N,C,P,Q], x sampled at those
 * places. nearest rounds halves away from zero, as Paddle does, nearest_even to the even
 * neighbour, as ONNX does. */
#include "ops/grid_sample.h"

#include <math.h>

#include "ops/shape_rules.h"

static const char *const modes[] = {"linear", "nearest", "cubic", "nearest_even", NULL};
static const char *const paddings[] = {"zeros", "border", "reflect", NULL};

static const scull_attr_field_t fields[] = {
    SCULL_FIELD_ENUM(scull_grid_sample_attrs_t, mode, "linear", modes),
    SCULL_FIELD_ENUM(scull_grid_sample_attrs_t, padding, "zeros", paddings),
    SCULL_FIELD(scull_grid_sample_attrs_t, BOOL, align_corners, "true"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape, *grid = &call->inputs[1].type.shape;
  if (x->rank != 4 || grid->rank != 4 || grid->dim[3] != 2 || grid->dim[0] != x->dim[0])
    return scull_ops_fail(call, "x must be [N,C,H,W] and grid [N,P,Q,2]");
  if (x->dim[2] < 1 || x->dim[3] < 1)
    return scull_ops_fail(call, "an empty picture");
  SCULL_TRY(scull_ops_check_floats(call, 2));
  call->outputs[0].type = call->inputs[0].type;
  call->outputs[0].type.shape.dim[2] = grid->dim[1];
  call->outputs[0].type.shape.dim[3] = grid->dim[2];
  return SCULL_OK;
}

/* `at` mirrored at `low` and `high` until it lies between. */
static double reflect(double at, double low, double high) {
  double range = high - low;
  if (range <= 0)
    return low;
  double over = fmod(fabs(at - low), 2 * range);
  return low + (over > range ? 2 * range - over : over);
}

/* An element brought inside as the padding asks; with zeros it stays where it is. */
static double bring_inside(const scull_grid_sample_attrs_t *attrs, double at, int64_t size) {
  double last = (double)(size - 1);
  if (attrs->padding == SCULL_GRID_REFLECT && isfinite(at))
    at = attrs->align_corners ? reflect(at, 0, last) : reflect(at, -0.5, last + 0.5);
  if (attrs->padding != SCULL_GRID_ZEROS)
    return at > 0 ? fmin(at, last) : 0;
  return at;
}

/* From -1..1 to elements of an axis of `size`. NaN and far places come back as ones just outside.
 */
static double place(const scull_grid_sample_attrs_t *attrs, double v, int64_t size) {
  double last = (double)(size - 1);
  double at = attrs->align_corners ? (v + 1) / 2 * last : ((v + 1) * (double)size - 1) / 2;
  /* cubic brings its taps inside, but needs places that it can tell from their neighbours */
  if (attrs->mode != SCULL_GRID_CUBIC || !(fabs(at) < 0x1p40))
    at = bring_inside(attrs, at, size);
  if (attrs->padding == SCULL_GRID_ZEROS)
    return at > -4 ? fmin(at, last + 4) : -4;
  return at;
}

typedef struct {
  int32_t count;
  int64_t at[16];
  double weight[16];
} taps_t;

static void add_tap(taps_t *taps, double row, double column, double weight, int64_t height,
                    int64_t width) {
  if (row < 0 || column < 0 || row >= (double)height || column >= (double)width)
    return;
  taps->at[taps->count] = (int64_t)row * width + (int64_t)column;
  taps->weight[taps->count++] = weight;
}

/* Keys' cubic convolution at distance `d` from a tap. */
static double cubic(double d) {
  const double a = -0.75;
  d = fabs(d);
  if (d <= 1)
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

static taps_t cubic_taps(const scull_grid_sample_attrs_t *attrs, double column, double row,
                         int64_t height, int64_t width) {
  taps_t taps = {0};
  double left = floor(column) - 1, above = floor(row) - 1;
  for (int i = 0; i < 16; i++) {
    int down = i / 4;
    double r = above + down, c = left + i % 4;
    add_tap(&taps, bring_inside(attrs, r, height), bring_inside(attrs, c, width),
            cubic(row - r) * cubic(column - c), height, width);
  }
  return taps;
}

static taps_t taps_of(const scull_grid_sample_attrs_t *attrs, double x, double y, int64_t height,
                      int64_t width) {
  taps_t taps = {0};
  double column = place(attrs, x, width), row = place(attrs, y, height);
  if (attrs->mode == SCULL_GRID_CUBIC)
    return cubic_taps(attrs, column, row, height, width);
  if (attrs->mode == SCULL_GRID_NEAREST || attrs->mode == SCULL_GRID_NEAREST_EVEN) {
    bool even = attrs->mode == SCULL_GRID_NEAREST_EVEN;
    add_tap(&taps, even ? rint(row) : round(row), even ? rint(column) : round(column), 1, height,
            width);
    return taps;
  }
  double left = floor(column), above = floor(row), right = column - left, below = row - above;
  add_tap(&taps, above, left, (1 - below) * (1 - right), height, width);
  add_tap(&taps, above, left + 1, (1 - below) * right, height, width);
  add_tap(&taps, above + 1, left, below * (1 - right), height, width);
  add_tap(&taps, above + 1, left + 1, below * right, height, width);
  return taps;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *grid = &call->inputs[1], *y = &call->outputs[0];
  const scull_shape_t *in = &x->type.shape;
  int64_t places = y->type.shape.dim[2] * y->type.shape.dim[3], plane = in->dim[2] * in->dim[3];
  for (int64_t i = 0; i < in->dim[0] * places; i++) {
    int64_t n = i / places;
    double column = scull_tensor_load(grid->data, grid->type.dtype, 2 * i);
    double row = scull_tensor_load(grid->data, grid->type.dtype, 2 * i + 1);
    taps_t taps = taps_of(call->attrs, column, row, in->dim[2], in->dim[3]);
    for (int64_t c = n * in->dim[1]; c < (n + 1) * in->dim[1]; c++) {
      double sum = 0;
      for (int32_t k = 0; k < taps.count; k++)
        sum += taps.weight[k] * scull_tensor_load(x->data, x->type.dtype, c * plane + taps.at[k]);
      scull_tensor_store(y->data, y->type.dtype, c * places + i % places, sum);
    }
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  const scull_grid_sample_attrs_t *attrs = call->attrs;
  static const double per_element[] = {8, 1, 32};
  return per_element[attrs->mode] * (double)scull_tensor_count(&call->outputs[0].type.shape);
}

const scull_opdef_t scull_opdef_grid_sample = {.name = "grid_sample",
                                               .inputs_min = 2,
                                               .inputs_max = 2,
                                               .outputs_min = 1,
                                               .outputs_max = 1,
                                               .attrs =
                                                   SCULL_SCHEMA(scull_grid_sample_attrs_t, fields),
                                               .infer = infer,
                                               .reference = reference,
                                               .flops = flops};
