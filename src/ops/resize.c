/* resize: x [N,C,spatial...], size? (a list) -> [N,C,size...]. Each axis has its taps and weights;
 * an element of the result is the sum over the products of all axes' taps. Taps beyond the edge
 * stand for the edge. */
#include "ops/resize.h"

#include <math.h>

static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
static const char *const coords[] = {"half_pixel",
                                     "align_corners",
                                     "asymmetric",
                                     "half_pixel_one",
                                     "half_pixel_symmetric",
                                     "half_pixel_shifted",
                                     "align_scaled_corners",
                                     "crop",
                                     NULL};
static const char *const roundings[] = {"floor", "round", "ceil", "round_prefer_floor", NULL};

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_resize_attrs_t, INTS, size, ""),
    SCULL_FIELD(scull_resize_attrs_t, FLOATS, scales, ""),
    SCULL_FIELD_ENUM(scull_resize_attrs_t, mode, "nearest", modes),
    SCULL_FIELD_ENUM(scull_resize_attrs_t, coords, "half_pixel", coords),
    SCULL_FIELD_ENUM(scull_resize_attrs_t, rounding, "floor", roundings),
    SCULL_FIELD(scull_resize_attrs_t, FLOAT, cubic_a, "-0.75"),
    SCULL_FIELD(scull_resize_attrs_t, BOOL, exclude_outside, "false"),
    SCULL_FIELD(scull_resize_attrs_t, FLOATS, crop, ""),
    SCULL_FIELD(scull_resize_attrs_t, FLOAT, outside, "0"),
    SCULL_FIELD(scull_resize_attrs_t, BOOL, antialias, "false"),
};

enum { MAX_TAPS_ALL = 64 }; /* four on each of three axes */

/* The size that is asked for, or 0 when only the scale counts. */
static scull_status_t read_size(const scull_op_call_t *call, int32_t axis, int32_t spatial,
                                int64_t *out) {
  const scull_resize_attrs_t *attrs = call->attrs;
  *out = 0;
  if (scull_ops_has_input(call, 1)) {
    const scull_tensor_t *size = &call->inputs[1];
    SCULL_TRY(scull_ops_check_list(call, 1, "the size", spatial));
    if (!scull_tensor_dtype_is_integer(size->type.dtype))
      return scull_ops_fail(call, "the size must be integers");
    if (scull_ops_must_guess(call, 1)) {
      *out = call->inputs[0].type.shape.dim[2 + axis]; /* as good as any */
      return SCULL_OK;
    }
    if (size->data == NULL)
      return scull_ops_fail(call, "the size is not known before the run");
    *out = scull_tensor_load_i64(size->data, size->type.dtype, axis);
  } else if (attrs->size.size == (size_t)spatial) {
    *out = attrs->size.data[axis];
  } else if (attrs->size.size != 0 || attrs->scales.size == 0) {
    return scull_ops_fail(call, "size: %d numbers are wanted", spatial);
  } else {
    return SCULL_OK;
  }
  return *out > 0 ? SCULL_OK : scull_ops_fail(call, "size %lld", (long long)*out);
}

/* Ratio and shift of the coordinates that are no half pixels. */
static scull_status_t place(const scull_op_call_t *call, int32_t axis, int32_t spatial, float scale,
                            scull_resize_axis_t *a) {
  const scull_resize_attrs_t *attrs = call->attrs;
  float last = (float)(a->in - 1), exact = scale * (float)a->in;
  switch (attrs->coords) {
  case SCULL_COORDS_ALIGN_CORNERS:
    a->ratio = a->out > 1 ? last / (float)(a->out - 1) : 0;
    return SCULL_OK;
  case SCULL_COORDS_ALIGN_SCALED_CORNERS:
    exact = scale > 0 ? exact : (float)a->out;
    a->ratio = exact > 1 ? last / (exact - 1) : 0;
    return SCULL_OK;
  case SCULL_COORDS_HALF_PIXEL_SYMMETRIC:
    a->shift = scale > 0 ? (float)a->in / 2 * (1 - (float)a->out / exact) : 0;
    return SCULL_OK;
  case SCULL_COORDS_CROP: {
    if (attrs->crop.size != 2 * (size_t)spatial)
      return scull_ops_fail(call, "crop: %d numbers are wanted", 2 * spatial);
    float begin = (float)attrs->crop.data[axis], end = (float)attrs->crop.data[spatial + axis];
    a->ratio = a->out > 1 ? (end - begin) * last / (float)(a->out - 1) : 0;
    a->shift = a->out > 1 ? begin * last : 0.5f * (begin + end) * last;
    return SCULL_OK;
  }
  default: return SCULL_OK;
  }
}

static scull_status_t resolve(const scull_op_call_t *call, int32_t axis, int32_t spatial,
                              scull_resize_axis_t *a) {
  const scull_resize_attrs_t *attrs = call->attrs;
  float scale = 0;
  SCULL_TRY(read_size(call, axis, spatial, &a->out));
  if (attrs->scales.size != 0) {
    bool one = attrs->scales.size == 1;
    if (!one && attrs->scales.size != (size_t)spatial)
      return scull_ops_fail(call, "scales: one or %d numbers are wanted", spatial);
    scale = (float)attrs->scales.data[one ? 0 : axis];
    if (!(scale > 0) || !(scale * (float)a->in < 0x1p40f))
      return scull_ops_fail(call, "scale %g of %lld elements", (double)scale, (long long)a->in);
  }
  if (a->out == 0)
    a->out = (int64_t)(scale * (float)a->in);
  if (a->out < 1 || a->in < 1)
    return scull_ops_fail(call, "from %lld to %lld elements", (long long)a->in, (long long)a->out);
  a->scale = scale > 0 ? (double)scale : (double)a->out / (double)a->in;
  a->ratio = scale > 0 ? 1 / scale : (float)a->in / (float)a->out;
  return place(call, axis, spatial, scale, a);
}

scull_status_t scull_ops_resize_geometry(const scull_op_call_t *call,
                                         scull_resize_geometry_t *out) {
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank < 3 || x->rank > 2 + SCULL_RESIZE_MAX_SPATIAL)
    return scull_ops_fail(call, "x has %d dimensions where 3 to 5 are taken", x->rank);
  *out = (scull_resize_geometry_t){.planes = x->dim[0] * x->dim[1], .spatial = x->rank - 2};
  for (int32_t i = 0; i < out->spatial; i++) {
    out->axis[i].in = x->dim[2 + i];
    SCULL_TRY(resolve(call, i, out->spatial, &out->axis[i]));
  }
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  scull_resize_geometry_t g;
  SCULL_TRY(scull_ops_resize_geometry(call, &g));
  SCULL_TRY(scull_ops_infer_number(call));
  for (int32_t i = 0; i < g.spatial; i++) {
    call->outputs[0].type.shape.dim[2 + i] = g.axis[i].out;
    if (scull_ops_must_guess(call, 1))
      scull_ops_open(call, 0, 2 + i);
  }
  return SCULL_OK;
}

/* The nearest index; NaN (of absurd scales) gives 0. */
static int64_t inside(float at, int64_t in) {
  if (at > 0)
    return at >= (float)(in - 1) ? in - 1 : (int64_t)at;
  return 0;
}

static float nearest(int32_t rounding, float at) {
  switch (rounding) {
  case SCULL_ROUNDING_ROUND: return floorf(at + 0.5f);
  case SCULL_ROUNDING_CEIL: return ceilf(at);
  case SCULL_ROUNDING_ROUND_PREFER_FLOOR: return ceilf(at - 0.5f);
  default: return floorf(at);
  }
}

/* Keys' cubic convolution at distance `d` from a tap. */
static double cubic(double a, double d) {
  d = fabs(d);
  if (d <= 1)
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

/* Where output `d` lies in the input. */
static float position(const scull_resize_attrs_t *attrs, const scull_resize_axis_t *axis,
                      int64_t d) {
  switch (attrs->coords) {
  case SCULL_COORDS_HALF_PIXEL_ONE:
    if (axis->out == 1)
      return 0;
    return axis->ratio * ((float)d + 0.5f) - 0.5f;
  case SCULL_COORDS_HALF_PIXEL:
  case SCULL_COORDS_HALF_PIXEL_SYMMETRIC:
    return axis->shift + (axis->ratio * ((float)d + 0.5f) - 0.5f);
  case SCULL_COORDS_HALF_PIXEL_SHIFTED: return axis->ratio * ((float)d + 0.5f);
  default: return axis->shift + axis->ratio * (float)d;
  }
}

/* Taps beyond the edge lose their weight to the others. */
static void exclude(const scull_resize_axis_t *axis, float first, int32_t taps, double *weight) {
  double sum = 0;
  for (int32_t i = 0; i < taps; i++) {
    float at = first + (float)i;
    weight[i] = at < 0 || at > (float)(axis->in - 1) ? 0 : weight[i];
    sum += weight[i];
  }
  for (int32_t i = 0; i < taps && sum != 0; i++)
    weight[i] /= sum;
}

int32_t scull_ops_resize_taps(const scull_resize_attrs_t *attrs, const scull_resize_axis_t *axis,
                              int64_t d, int64_t *index, double *weight) {
  float at = position(attrs, axis, d);
  if (attrs->coords == SCULL_COORDS_CROP && !(at >= 0 && at <= (float)(axis->in - 1)))
    return 0;
  if (attrs->mode == SCULL_RESIZE_NEAREST) {
    index[0] = inside(nearest(attrs->rounding, at), axis->in);
    weight[0] = 1;
    return 1;
  }
  float low = floorf(at);
  double rest = (double)(at - low);
  int32_t first = attrs->mode == SCULL_RESIZE_CUBIC ? -1 : 0;
  int32_t taps = attrs->mode == SCULL_RESIZE_CUBIC ? 4 : 2;
  for (int32_t i = 0; i < taps; i++) {
    double distance = rest - (first + i);
    index[i] = inside(low + (float)(first + i), axis->in);
    weight[i] = taps == 4 ? cubic(attrs->cubic_a, distance) : 1 - fabs(distance);
  }
  if (attrs->exclude_outside)
    exclude(axis, low + (float)first, taps, weight);
  return taps;
}

/* --- antialiasing ----------------------------------------------------------------------------- */

bool scull_ops_resize_is_wide(const scull_resize_attrs_t *attrs) {
  return attrs->antialias && attrs->mode != SCULL_RESIZE_NEAREST;
}

/* Taps of one axis: for each element of the result as many, or index -1 when it lies outside. */
typedef struct {
  int32_t taps;
  int64_t *index;
  double *weight;
} wide_t;

/* How far the first tap lies before the element's place. */
static int64_t wide_first(const scull_resize_attrs_t *attrs, const scull_resize_axis_t *axis) {
  double reach = attrs->mode == SCULL_RESIZE_CUBIC ? 2 : 1;
  return (int64_t)floor(-reach / fmin(axis->scale, 1)) + 1;
}

static int64_t wide_taps(const scull_resize_attrs_t *attrs, const scull_resize_axis_t *axis) {
  return 2 - 2 * wide_first(attrs, axis);
}

static size_t scratch(const scull_op_call_t *call) {
  scull_resize_geometry_t g;
  scull_op_call_t quiet = *call;
  size_t bytes = 0;
  quiet.diag = NULL;
  if (!scull_ops_resize_is_wide(call->attrs) || scull_ops_resize_geometry(&quiet, &g) != SCULL_OK)
    return 0;
  for (int32_t i = 0; i < g.spatial; i++)
    bytes += (size_t)g.axis[i].out * (size_t)wide_taps(call->attrs, &g.axis[i]) *
             (sizeof(int64_t) + sizeof(double));
  return bytes;
}

static void wide_element(const scull_resize_attrs_t *attrs, const scull_resize_axis_t *axis,
                         int64_t d, const wide_t *to) {
  float at = position(attrs, axis, d), low = floorf(at);
  int64_t *index = to->index + d * to->taps, first = wide_first(attrs, axis);
  double *weight = to->weight + d * to->taps, scale = fmin(axis->scale, 1), sum = 0;
  if (attrs->coords == SCULL_COORDS_CROP && !(at >= 0 && at <= (float)(axis->in - 1))) {
    index[0] = -1;
    return;
  }
  for (int32_t i = 0; i < to->taps; i++) {
    double distance = scale * ((double)first + i - (double)(at - low));
    index[i] = inside(low + (float)(first + i), axis->in);
    weight[i] = attrs->mode == SCULL_RESIZE_CUBIC ? cubic(attrs->cubic_a, distance)
                                                  : fmax(1 - fabs(distance), 0);
    sum += weight[i];
  }
  for (int32_t i = 0; i < to->taps && sum != 0; i++)
    weight[i] /= sum;
  if (attrs->exclude_outside)
    exclude(axis, low + (float)first, to->taps, weight);
}

/* The sum over the taps of all axes from `axis` on. */
static double wide_sum(const scull_resize_geometry_t *g, const wide_t *wide, const int64_t *place,
                       const scull_tensor_t *x, int32_t axis, int64_t base) {
  const wide_t *own = &wide[axis];
  double sum = 0;
  for (int32_t i = 0; i < own->taps; i++) {
    double weight = own->weight[place[axis] * own->taps + i];
    int64_t at = base * g->axis[axis].in + own->index[place[axis] * own->taps + i];
    if (weight != 0)
      sum += weight * (axis + 1 == g->spatial ? scull_tensor_load(x->data, x->type.dtype, at)
                                              : wide_sum(g, wide, place, x, axis + 1, at));
  }
  return sum;
}

static void resize_wide(const scull_op_call_t *call, const scull_resize_geometry_t *g,
                        int64_t out) {
  const scull_resize_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  wide_t wide[SCULL_RESIZE_MAX_SPATIAL];
  char *room = call->scratch;
  for (int32_t i = 0; i < g->spatial; i++) {
    size_t count = (size_t)g->axis[i].out * (size_t)wide_taps(attrs, &g->axis[i]);
    wide[i].taps = (int32_t)wide_taps(attrs, &g->axis[i]);
    wide[i].index = (int64_t *)(void *)room;
    wide[i].weight = (double *)(void *)(room + count * sizeof(int64_t));
    room += count * (sizeof(int64_t) + sizeof(double));
    for (int64_t d = 0; d < g->axis[i].out; d++)
      wide_element(attrs, &g->axis[i], d, &wide[i]);
  }
  for (int64_t at = 0, count = g->planes * out; at < count; at++) {
    int64_t place[SCULL_RESIZE_MAX_SPATIAL], rest = at;
    bool is_outside = false;
    for (int32_t i = g->spatial - 1; i >= 0; i--) {
      place[i] = rest % g->axis[i].out;
      rest /= g->axis[i].out;
      is_outside = is_outside || wide[i].index[place[i] * wide[i].taps] < 0;
    }
    double sum = is_outside ? attrs->outside : wide_sum(g, wide, place, x, 0, rest);
    scull_tensor_store(y->data, y->type.dtype, at, sum);
  }
}

typedef struct {
  int32_t count;
  int64_t at[MAX_TAPS_ALL]; /* in the input plane */
  double weight[MAX_TAPS_ALL];
} taps_t;

/* The taps of output element `at` of a plane: the product of all axes' taps. */
static void collect(const scull_resize_attrs_t *attrs, const scull_resize_geometry_t *g, int64_t at,
                    taps_t *taps) {
  int64_t step = 1;
  *taps = (taps_t){.count = 1, .weight = {1}};
  for (int32_t i = g->spatial - 1; i >= 0; i--) {
    const scull_resize_axis_t *axis = &g->axis[i];
    int64_t index[SCULL_RESIZE_MAX_TAPS] = {0};
    double weight[SCULL_RESIZE_MAX_TAPS] = {0};
    int32_t before = taps->count;
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): an extent of 0 has no element */
    int32_t own = scull_ops_resize_taps(attrs, axis, at % axis->out, index, weight);
    for (int32_t k = own - 1; k >= 0; k--) { /* the first of them last: it takes the place of */
      for (int32_t j = 0; j < before; j++) { /* what is multiplied */
        taps->at[k * before + j] = taps->at[j] + index[k] * step;
        taps->weight[k * before + j] = taps->weight[j] * weight[k];
      }
    }
    taps->count = before * own;
    at /= axis->out;
    step *= axis->in;
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_resize_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  scull_resize_geometry_t g;
  int64_t in = 1, out = 1;
  SCULL_TRY(scull_ops_resize_geometry(call, &g));
  for (int32_t i = 0; i < g.spatial; i++) {
    in *= g.axis[i].in;
    out *= g.axis[i].out;
  }
  if (scull_ops_resize_is_wide(attrs)) {
    resize_wide(call, &g, out);
    return SCULL_OK;
  }
  for (int64_t at = 0; at < out; at++) {
    taps_t taps;
    collect(call->attrs, &g, at, &taps);
    for (int64_t p = 0; p < g.planes; p++) {
      double sum = taps.count == 0 ? attrs->outside : 0;
      for (int32_t k = 0; k < taps.count; k++)
        sum += taps.weight[k] * scull_tensor_load(x->data, x->type.dtype, p * in + taps.at[k]);
      scull_tensor_store(y->data, y->type.dtype, p * out + at, sum);
    }
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  const scull_resize_attrs_t *attrs = call->attrs;
  static const double per_axis[] = {1, 2, 4};
  return pow(per_axis[attrs->mode], call->inputs[0].type.shape.rank - 2) * 2 *
         (double)scull_tensor_count(&call->outputs[0].type.shape);
}

const scull_opdef_t scull_opdef_resize = {.name = "resize",
                                          .inputs_min = 1,
                                          .inputs_max = 2,
                                          .outputs_min = 1,
                                          .outputs_max = 1,
                                          .value_inputs = 1u << 1,
                                          .attrs = SCULL_SCHEMA(scull_resize_attrs_t, fields),
                                          .infer = infer,
                                          .reference = reference,
                                          .flops = flops,
                                          .scratch = scratch};
