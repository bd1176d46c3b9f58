/* Operators on windows and centres that become several of ours: LpPool is a convolution with ones
 * between two powers, Col2Im a transposed convolution that puts each row of a column in its place,
 * CenterCropPad a slice and a padding. */
#include <string.h>

#include "import/onnx/convert.h"
#include "import/onnx/window.h"

enum { MOST_WEIGHTS = 1 << 26 };

/* x ^ p where p is not one of those that have an operator of their own. */
static scull_status_t emit_power(scull_onnx_call_t *call, scull_value_id_t x, double p,
                                 const char *name, scull_value_id_t *out) {
  scull_value_id_t power = SCULL_NO_ID;
  if (p == 2)
    return scull_import_emit_simple(&call->emitter, "square", x, SCULL_NO_ID, name, out);
  if (p == 0.5)
    return scull_import_emit_simple(&call->emitter, "sqrt", x, SCULL_NO_ID, name, out);
  SCULL_TRY(scull_import_emit_scalar(&call->emitter, scull_graph_value(call->graph, x)->dtype, p,
                                     &power));
  return scull_import_emit_simple(&call->emitter, "pow", x, power, name, out);
}

/* An extent that is the same at all points. */
static bool fixed_extent(const scull_onnx_call_t *call, scull_value_id_t x, int32_t axis,
                         int64_t *out) {
  const scull_value_t *value = scull_graph_value(call->graph, x);
  if (axis >= value->shape[0].rank || value->late)
    return false;
  *out = value->shape[0].dim[axis];
  for (int p = 1; p < call->graph->points; p++) {
    if (value->shape[p].dim[axis] != *out)
      return false;
  }
  return true;
}

/* A constant of which element i is `one(i)`. */
static scull_status_t emit_pattern(scull_onnx_call_t *call, const scull_type_t *type,
                                   bool (*one)(const scull_shape_t *shape, int64_t i),
                                   scull_value_id_t *out) {
  size_t bytes = 0;
  int64_t count = 0;
  if (!scull_tensor_type_bytes(type, &bytes) || !scull_tensor_shape_count(&type->shape, &count) ||
      count > MOST_WEIGHTS)
    return scull_import_unsupported(&call->emitter, "its windows are too large");
  void *data = scull_base_arena_alloc(&call->converter->arena, bytes);
  if (data == NULL)
    return scull_base_fail_memory(call->graph->diag, "a filter");
  for (int64_t i = 0; i < count; i++)
    scull_tensor_store(data, type->dtype, i, one(&type->shape, i) ? 1 : 0);
  return scull_import_emit_constant(&call->emitter, type, data, NULL, out);
}

static bool always(const scull_shape_t *shape, int64_t i) {
  (void)shape;
  (void)i;
  return true;
}

/* --- LpPool ------------------------------------------------------------------------------------
 */

static scull_status_t emit_sums(scull_onnx_call_t *call, scull_value_id_t x, const char *name,
                                scull_value_id_t *out) {
  scull_onnx_window_t w;
  scull_value_id_t ones = SCULL_NO_ID;
  scull_ints_t kernel = scull_onnx_ints(call, "kernel_shape");
  scull_type_t type = {.dtype = scull_graph_value(call->graph, x)->dtype,
                       .shape = {.rank = (int32_t)kernel.size + 2, .dim = {0, 1}}};
  SCULL_TRY(scull_onnx_window_read(call, x, kernel, &w));
  if (!fixed_extent(call, x, 1, &type.shape.dim[0]))
    return scull_import_unsupported(&call->emitter, "its number of channels is not known");
  for (size_t i = 0; i < w.spatial; i++)
    type.shape.dim[2 + i] = w.kernel.data[i];
  SCULL_TRY(emit_pattern(call, &type, always, &ones));
  scull_emit_t emit = scull_import_emit(&call->emitter, "conv", x);
  scull_import_emit_input(&emit, ones);
  scull_import_emit_ints(&emit, "strides", w.strides);
  scull_import_emit_ints(&emit, "dilations", w.dilations);
  scull_import_emit_ints(&emit, "pads", w.pads);
  scull_import_emit_word(&emit, "auto_pad", w.auto_pad);
  scull_import_emit_int(&emit, "groups", type.shape.dim[0]);
  return scull_import_emit_end(&emit, name, out);
}

static scull_status_t emit_reduced(scull_onnx_call_t *call, scull_value_id_t x, const char *name,
                                   scull_value_id_t *out) {
  int64_t axes[SCULL_MAX_RANK];
  int32_t rank = scull_import_rank(call->graph, x);
  for (int32_t i = 2; i < rank; i++)
    axes[i - 2] = i;
  scull_emit_t emit = scull_import_emit(&call->emitter, "reduce_sum", x);
  scull_import_emit_ints(&emit, "axes", (scull_ints_t){axes, rank < 3 ? 0 : (size_t)rank - 2});
  scull_import_emit_bool(&emit, "keep_dims", true);
  return scull_import_emit_end(&emit, name, out);
}

/* p is a whole number, in the first version a float. */
static scull_status_t lp_pool(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, y = SCULL_NO_ID;
  const char *name = scull_onnx_out_name(call, 0);
  bool global = strcmp(call->node->type, "GlobalLpPool") == 0;
  double p = scull_onnx_float(call, "p", (double)scull_onnx_int(call, "p", 2));
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  if (!(p > 0) || scull_import_rank(call->graph, x) < 3)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "p is not above 0, or x no picture");
  if (scull_onnx_int(call, "ceil_mode", 0) != 0)
    return scull_import_unsupported(&call->emitter, "it rounds its extents up");
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "abs", x, SCULL_NO_ID, NULL, &x));
  if (p != 1)
    SCULL_TRY(emit_power(call, x, p, NULL, &x));
  SCULL_TRY(global ? emit_reduced(call, x, p == 1 ? name : NULL, &y)
                   : emit_sums(call, x, p == 1 ? name : NULL, &y));
  if (p != 1)
    SCULL_TRY(emit_power(call, y, 1 / p, name, &y));
  scull_onnx_set(call, 0, y);
  return SCULL_OK;
}

/* --- Col2Im ------------------------------------------------------------------------------------
 */

/* Channel k of a group stands for tap k. */
static bool is_tap(const scull_shape_t *shape, int64_t i) {
  int64_t taps = 1;
  for (int32_t d = 2; d < shape->rank; d++)
    taps *= shape->dim[d];
  return i % taps == i / taps % taps;
}

typedef struct {
  size_t spatial;
  scull_ints_t image, block, strides, dilations, pads;
  int64_t taps, channels, places[SCULL_ONNX_MAX_SPATIAL], more[SCULL_ONNX_MAX_SPATIAL];
} columns_t;

static scull_status_t corrupt(const scull_onnx_call_t *call, const char *words) {
  return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%s", words);
}

static bool measure_axis(columns_t *c, size_t i) {
  int64_t stride = scull_onnx_item(c->strides, i, 1);
  int64_t dilation = scull_onnx_item(c->dilations, i, 1);
  int64_t begin = scull_onnx_item(c->pads, i, 0);
  int64_t end = scull_onnx_item(c->pads, c->spatial + i, 0);
  const int64_t most = INT32_MAX;
  if (c->block.data[i] < 1 || c->image.data[i] < 1 || stride < 1 || dilation < 1 || begin < 0 ||
      end < 0 || c->block.data[i] > most || c->image.data[i] > most || stride > most ||
      dilation > most || begin > most || end > most)
    return false;
  int64_t room = c->image.data[i] + begin + end - (dilation * (c->block.data[i] - 1) + 1);
  if (room < 0)
    return false;
  c->places[i] = room / stride + 1;
  c->more[i] = room % stride;
  return true;
}

static scull_status_t measure(scull_onnx_call_t *call, scull_value_id_t x, columns_t *c) {
  bool given = false;
  int64_t rows = 0;
  SCULL_TRY(scull_onnx_fixed_list(call, NULL, 1, &c->image, &given));
  SCULL_TRY(scull_onnx_fixed_list(call, NULL, 2, &c->block, &given));
  c->spatial = c->image.size;
  c->strides = scull_onnx_ints(call, "strides");
  c->dilations = scull_onnx_ints(call, "dilations");
  c->pads = scull_onnx_ints(call, "pads");
  if (c->spatial < 1 || c->block.size != c->spatial ||
      (c->strides.size != 0 && c->strides.size != c->spatial) ||
      (c->dilations.size != 0 && c->dilations.size != c->spatial) ||
      (c->pads.size != 0 && c->pads.size != 2 * c->spatial))
    return corrupt(call, "its lists differ in length");
  if (c->spatial > SCULL_ONNX_MAX_SPATIAL)
    return scull_import_unsupported(&call->emitter, "pictures of more than three axes");
  if (scull_import_rank(call->graph, x) != 3)
    return corrupt(call, "its columns have another rank than 3");
  if (!fixed_extent(call, x, 1, &rows))
    return scull_import_unsupported(&call->emitter, "its number of rows is not known");
  c->taps = 1;
  for (size_t i = 0; i < c->spatial; i++) {
    if (!measure_axis(c, i) || c->taps > MOST_WEIGHTS / c->block.data[i])
      return corrupt(call, "its windows do not fit the picture");
    c->taps *= c->block.data[i];
  }
  c->channels = rows / c->taps;
  return rows == 0 || rows % c->taps != 0 ? corrupt(call, "its rows are no whole windows")
                                          : SCULL_OK;
}

static scull_status_t col2im(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, filter = SCULL_NO_ID;
  columns_t c = {0};
  int64_t dims[SCULL_ONNX_MAX_SPATIAL + 2] = {0};
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(measure(call, x, &c));
  scull_type_t type = {.dtype = scull_graph_value(call->graph, x)->dtype,
                       .shape = {.rank = (int32_t)c.spatial + 2, .dim = {c.channels * c.taps, 1}}};
  dims[1] = c.channels * c.taps;
  for (size_t i = 0; i < c.spatial; i++) {
    dims[2 + i] = c.places[i];
    type.shape.dim[2 + i] = c.block.data[i];
  }
  SCULL_TRY(emit_pattern(call, &type, is_tap, &filter));
  SCULL_TRY(
      scull_import_emit_reshape(&call->emitter, x, (scull_ints_t){dims, c.spatial + 2}, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "conv_transpose", x);
  scull_import_emit_input(&emit, filter);
  scull_import_emit_ints(&emit, "strides", c.strides);
  scull_import_emit_ints(&emit, "dilations", c.dilations);
  scull_import_emit_ints(&emit, "pads", c.pads);
  scull_import_emit_int(&emit, "groups", c.channels);
  scull_import_emit_ints(&emit, "output_pads", (scull_ints_t){c.more, c.spatial});
  return scull_onnx_end(call, &emit);
}

/* --- CenterCropPad -----------------------------------------------------------------------------
 */

typedef struct {
  int64_t axes[SCULL_MAX_RANK], starts[SCULL_MAX_RANK], ends[SCULL_MAX_RANK];
  int64_t pads[2 * SCULL_MAX_RANK];
  size_t crops;
  bool padded;
} centre_t;

static scull_status_t find_centre(scull_onnx_call_t *call, scull_value_id_t x, centre_t *c) {
  scull_ints_t axes = scull_onnx_ints(call, "axes"), wanted = {0};
  int32_t rank = scull_import_rank(call->graph, x);
  bool given = false;
  SCULL_TRY(scull_onnx_fixed_list(call, NULL, 1, &wanted, &given));
  if (wanted.size != (axes.size == 0 ? (size_t)rank : axes.size) || wanted.size > SCULL_MAX_RANK)
    return corrupt(call, "it names another number of extents than of axes");
  for (size_t i = 0; i < wanted.size; i++) {
    int32_t axis = (int32_t)i;
    int64_t extent = 0, to = wanted.data[i];
    if ((axes.size > 0 && !scull_tensor_axis(axes.data[i], rank, &axis)) || to < 0)
      return corrupt(call, "an axis or an extent that cannot be");
    if (!fixed_extent(call, x, axis, &extent))
      return scull_import_unsupported(&call->emitter, "an extent moves");
    if (to < extent) {
      c->axes[c->crops] = axis;
      c->starts[c->crops] = (extent - to) / 2;
      c->ends[c->crops] = (extent - to) / 2 + to;
      c->crops++;
    }
    c->padded = c->padded || to > extent;
    c->pads[axis] = to > extent ? (to - extent) / 2 : 0;
    c->pads[rank + axis] = to > extent ? to - extent - c->pads[axis] : 0;
  }
  return SCULL_OK;
}

static scull_status_t center_crop_pad(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  centre_t c = {0};
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(find_centre(call, x, &c));
  int32_t rank = scull_import_rank(call->graph, x);
  if (c.crops > 0) {
    scull_emit_t slice = scull_import_emit(&call->emitter, "slice", x);
    scull_import_emit_ints(&slice, "axes", (scull_ints_t){c.axes, c.crops});
    scull_import_emit_ints(&slice, "starts", (scull_ints_t){c.starts, c.crops});
    scull_import_emit_ints(&slice, "ends", (scull_ints_t){c.ends, c.crops});
    SCULL_TRY(scull_import_emit_end(&slice, c.padded ? NULL : scull_onnx_out_name(call, 0), &x));
  }
  if (c.padded) {
    scull_emit_t pad = scull_import_emit(&call->emitter, "pad", x);
    scull_import_emit_ints(&pad, "pads", (scull_ints_t){c.pads, 2 * (size_t)rank});
    return scull_onnx_end(call, &pad);
  }
  if (c.crops == 0)
    return scull_onnx_end_simple(call, "identity", x, SCULL_NO_ID);
  scull_onnx_set(call, 0, x);
  return SCULL_OK;
}

static const scull_onnx_row_t rows[] = {
    {"LpPool", 1, 0, lp_pool, NULL, NULL},
    {"GlobalLpPool", 1, 0, lp_pool, NULL, NULL},
    {"Col2Im", 18, 0, col2im, "conv_transpose", NULL},
    {"CenterCropPad", 18, 0, center_crop_pad, NULL, NULL},
};

SCULL_ONNX_ROWS(sliding, "", rows);
