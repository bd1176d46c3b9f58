/* Operators that move elements or say how they are to be seen. */
#include <string.h>

#include "import/onnx/call.h"

/* A node with one list, an attribute of ours where it is known and input 1 where it is computed. */
static scull_status_t emit_listed(scull_onnx_call_t *call, const char *op, const char *attr,
                                  scull_ints_t known, scull_value_id_t tensor, scull_emit_t *out) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  *out = scull_import_emit(&call->emitter, op, x);
  if (tensor != SCULL_NO_ID)
    scull_import_emit_input(out, tensor);
  else
    scull_import_emit_ints(out, attr, known);
  return SCULL_OK;
}

static scull_status_t reshape(scull_onnx_call_t *call) {
  scull_ints_t shape = {0};
  scull_value_id_t tensor = SCULL_NO_ID;
  scull_emit_t emit;
  bool given = false;
  SCULL_TRY(scull_onnx_list(call, "shape", 1, &shape, &tensor, &given));
  if (!given)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "it does not say to which shape");
  SCULL_TRY(emit_listed(call, "reshape", "shape", shape, tensor, &emit));
  scull_import_emit_bool(&emit, "allow_zero", scull_onnx_int(call, "allowzero", 0) != 0);
  return scull_onnx_end(call, &emit);
}

/* To two dimensions: those before the axis, and the others. */
static scull_status_t flatten(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  int32_t rank = scull_onnx_in_rank(call, 0);
  int64_t axis = scull_onnx_int(call, "axis", 1);
  axis = axis < 0 ? axis + rank : axis;
  if (axis < 0 || axis > rank)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of %d dimensions",
                           (long long)axis, rank);
  if (axis == 0 || axis == rank) {
    scull_emit_t emit = scull_import_emit(&call->emitter, "reshape", x);
    scull_import_emit_ints(&emit, "shape", axis == 0 ? SCULL_INTS(1, -1) : SCULL_INTS(-1, 1));
    return scull_onnx_end(call, &emit);
  }
  bool front = axis > 1, back = axis < rank - 1;
  scull_emit_t emit = scull_import_emit(&call->emitter, front || back ? "flatten" : "identity", x);
  if (front) {
    scull_import_emit_int(&emit, "start", 0);
    scull_import_emit_int(&emit, "stop", axis - 1);
  } else if (back) {
    scull_import_emit_int(&emit, "start", 1);
    scull_import_emit_int(&emit, "stop", rank - 1);
  }
  if (!front || !back)
    return scull_onnx_end(call, &emit);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
  emit = scull_import_emit(&call->emitter, "flatten", x);
  scull_import_emit_int(&emit, "start", 1);
  scull_import_emit_int(&emit, "stop", rank - axis);
  return scull_onnx_end(call, &emit);
}

static scull_status_t squeeze(scull_onnx_call_t *call) {
  scull_ints_t axes = {0};
  bool given = false;
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_fixed_list(call, "axes", 1, &axes, &given));
  scull_emit_t emit = scull_import_emit(&call->emitter, "squeeze", x);
  scull_import_emit_ints(&emit, "axes", axes);
  return scull_onnx_end(call, &emit);
}

static scull_status_t unsqueeze(scull_onnx_call_t *call) {
  scull_ints_t axes = {0};
  bool given = false;
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_fixed_list(call, "axes", 1, &axes, &given));
  scull_emit_t emit = scull_import_emit(&call->emitter, "unsqueeze", x);
  scull_import_emit_ints(&emit, "axes", axes);
  return scull_onnx_end(call, &emit);
}

/* Opset 1 joined along axis 1 unless told otherwise. */
static scull_status_t concat(scull_onnx_call_t *call) {
  scull_value_id_t first = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &first));
  if (call->in_count == 1)
    return scull_onnx_end_simple(call, "identity", first, SCULL_NO_ID);
  scull_emit_t emit = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, call->in, call->in_count);
  scull_import_emit_int(&emit, "axis", scull_onnx_int(call, "axis", 1));
  return scull_onnx_end(call, &emit);
}

/* --- split ----------------------------------------------------------------------------------- */

/* Since opset 18 the last part may be smaller: ceil(extent / parts) each. */
static scull_status_t uneven_parts(scull_onnx_call_t *call, int64_t axis, int64_t **out) {
  int64_t parts = (int64_t)call->out_count;
  scull_shape_t shape;
  SCULL_TRY(scull_onnx_fixed_shape(call, scull_onnx_in(call, 0), &shape));
  int64_t extent = shape.dim[axis], each = (extent + parts - 1) / parts;
  int64_t *sizes = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, call->out_count);
  if (sizes == NULL)
    return scull_base_fail_memory(call->graph->diag, "a list");
  for (int64_t i = 0; i < parts; i++) {
    int64_t left = extent - i * each;
    sizes[i] = left < 0 ? 0 : left < each ? left : each;
  }
  *out = sizes;
  return SCULL_OK;
}

/* True when all points divide the axis into equal parts. */
static bool divides(const scull_graph_t *graph, scull_value_id_t x, int64_t axis, size_t parts) {
  for (int p = 0; p < graph->points; p++) {
    if (scull_graph_value(graph, x)->shape[p].dim[axis] % (int64_t)parts != 0)
      return false;
  }
  return true;
}

static scull_status_t split(scull_onnx_call_t *call) {
  scull_ints_t sizes = {0};
  scull_value_id_t x = SCULL_NO_ID;
  int64_t axis = 0, *uneven = NULL;
  bool given = false;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_axis(call, "axis", 0, scull_onnx_in_rank(call, 0), &axis));
  SCULL_TRY(scull_onnx_fixed_list(call, "split", 1, &sizes, &given));
  if (sizes.size == 0 && !divides(call->graph, x, axis, call->out_count)) {
    SCULL_TRY(uneven_parts(call, axis, &uneven));
    sizes = (scull_ints_t){uneven, call->out_count};
  }
  if (call->out_count == 1 && sizes.size == 0)
    return scull_onnx_end_simple(call, "identity", x, SCULL_NO_ID);
  scull_emit_t emit = scull_import_emit(&call->emitter, "split", x);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_ints(&emit, "sections", sizes);
  return scull_import_emit_end_many(&emit, call->out_names, call->out_count, call->out);
}

/* --- slice ----------------------------------------------------------------------------------- */

/* The axes as numbers; without any they are 0, 1, ... */
static scull_status_t slice(scull_onnx_call_t *call) {
  scull_ints_t known[4] = {{0}}; /* starts, ends, axes, steps */
  scull_value_id_t tensor[4], x = SCULL_NO_ID;
  bool given = false;
  static const char *const names[] = {"starts", "ends", "axes", NULL};
  static const char *const ours[] = {"starts", "ends", "axes", "steps"};
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  for (size_t i = 0; i < 4; i++)
    SCULL_TRY(scull_onnx_list(call, names[i], i + 1, &known[i], &tensor[i], &given));
  if (tensor[2] != SCULL_NO_ID)
    return scull_import_unsupported(&call->emitter, "its axes are computed while it runs");
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", x);
  scull_import_emit_input(&emit, tensor[0]);
  scull_import_emit_input(&emit, tensor[1]);
  scull_import_emit_input(&emit, tensor[3]);
  for (size_t i = 0; i < 4; i++) {
    if (tensor[i] == SCULL_NO_ID)
      scull_import_emit_ints(&emit, ours[i], known[i]);
  }
  return scull_onnx_end(call, &emit);
}

/* --- pad ------------------------------------------------------------------------------------- */

/* Pads of some axes as pads of all: all begins, then all ends. */
static scull_status_t spread_pads(scull_onnx_call_t *call, scull_ints_t axes, int32_t rank,
                                  scull_ints_t *pads) {
  if (pads->size != 2 * axes.size)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu pads of %zu axes", pads->size,
                           axes.size);
  int64_t *all = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, 2 * (size_t)rank);
  if (all == NULL)
    return scull_base_fail_memory(call->graph->diag, "a list");
  for (size_t i = 0; i < axes.size; i++) {
    int32_t axis = 0;
    if (!scull_tensor_axis(axes.data[i], rank, &axis))
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of %d dimensions",
                             (long long)axes.data[i], rank);
    all[axis] = pads->data[i];
    all[rank + axis] = pads->data[axes.size + i];
  }
  *pads = (scull_ints_t){all, 2 * (size_t)rank};
  return SCULL_OK;
}

static scull_status_t pad(scull_onnx_call_t *call) {
  scull_ints_t pads = {0}, axes = {0};
  scull_value_id_t tensor = SCULL_NO_ID;
  scull_emit_t emit;
  double value = scull_onnx_float(call, "value", 0);
  bool given = false;
  SCULL_TRY(scull_onnx_list(call, scull_onnx_attr(call, "pads") == NULL ? "paddings" : "pads", 1,
                            &pads, &tensor, &given));
  SCULL_TRY(scull_onnx_fixed_float(call, 2, "value", value, &value));
  SCULL_TRY(scull_onnx_fixed_list(call, NULL, 3, &axes, &given));
  if (given && tensor != SCULL_NO_ID)
    return scull_import_unsupported(&call->emitter, "its pads are computed and of some axes only");
  if (given)
    SCULL_TRY(spread_pads(call, axes, scull_onnx_in_rank(call, 0), &pads));
  SCULL_TRY(emit_listed(call, "pad", "pads", pads, tensor, &emit));
  scull_import_emit_word(&emit, "mode", scull_onnx_text(call, "mode", "constant"));
  scull_import_emit_float(&emit, "value", value);
  return scull_onnx_end(call, &emit);
}

/* --- repeating ------------------------------------------------------------------------------- */

/* A one of the wanted shape keeps the input's extent, as our -1 does; so does any smaller rank. */
static scull_status_t expand(scull_onnx_call_t *call) {
  scull_ints_t shape = {0};
  scull_value_id_t x = SCULL_NO_ID, tensor = SCULL_NO_ID, one = SCULL_NO_ID;
  scull_emitter_t *to = &call->emitter;
  bool given = false;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_list(call, NULL, 1, &shape, &tensor, &given));
  if (tensor != SCULL_NO_ID) { /* x + zeros of that shape, in shapes only */
    scull_value_id_t sizes = SCULL_NO_ID;
    int32_t rank = scull_onnx_in_rank(call, 0);
    int64_t wanted = scull_graph_value(call->graph, tensor)->shape[0].dim[0];
    SCULL_TRY(scull_import_emit_simple(to, "shape", x, SCULL_NO_ID, NULL, &sizes));
    for (int64_t d = wanted; d < rank || rank < wanted; d++) {
      bool longer = rank < wanted; /* put ones before the shorter list */
      scull_value_id_t pair[2];
      SCULL_TRY(scull_import_emit_i64(to, SCULL_INTS(1), &one));
      pair[0] = one;
      pair[1] = longer ? sizes : tensor;
      scull_emit_t join = scull_import_emit(to, "concat", SCULL_NO_ID);
      scull_import_emit_inputs(&join, pair, 2);
      SCULL_TRY(scull_import_emit_end(&join, NULL, longer ? &sizes : &tensor));
      rank += longer;
    }
    SCULL_TRY(scull_import_emit_simple(to, "max", sizes, tensor, NULL, &tensor));
    return scull_onnx_end_simple(call, "expand", x, tensor);
  }
  int64_t *list = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, shape.size + SCULL_MAX_RANK);
  if (list == NULL)
    return scull_base_fail_memory(call->graph->diag, "a list");
  size_t rank = (size_t)scull_onnx_in_rank(call, 0), size = shape.size > rank ? shape.size : rank;
  for (size_t i = 0; i < size; i++) {
    bool own = i < size - shape.size;
    int64_t want = own ? 1 : shape.data[i - (size - shape.size)];
    list[i] = want == 1 && i >= size - rank ? -1 : want;
  }
  scull_emit_t emit = scull_import_emit(to, "expand", x);
  scull_import_emit_ints(&emit, "shape", (scull_ints_t){list, size});
  return scull_onnx_end(call, &emit);
}

static scull_status_t tile(scull_onnx_call_t *call) {
  scull_ints_t repeats = {0};
  scull_value_id_t tensor = SCULL_NO_ID;
  scull_emit_t emit;
  bool given = false;
  SCULL_TRY(scull_onnx_list(call, NULL, 1, &repeats, &tensor, &given));
  SCULL_TRY(emit_listed(call, "tile", "repeats", repeats, tensor, &emit));
  return scull_onnx_end(call, &emit);
}

/* --- space and depth ------------------------------------------------------------------------- */

/* x seen as six dimensions, these in another order, seen as four again. */
static scull_status_t shuffle(scull_onnx_call_t *call, scull_ints_t split, scull_ints_t perm,
                              scull_ints_t join) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = scull_onnx_in(call, 0);
  SCULL_TRY(scull_import_emit_reshape(to, x, split, NULL, &x));
  SCULL_TRY(scull_import_emit_transpose(to, x, perm, NULL, &x));
  scull_emit_t emit = scull_import_emit(to, "reshape", x);
  scull_import_emit_ints(&emit, "shape", join);
  return scull_onnx_end(call, &emit);
}

/* Extents of a picture and the block; those that move are left to a -1 where one does. */
static scull_status_t read_block(scull_onnx_call_t *call, int64_t *block, scull_shape_t *shape) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  *block = scull_onnx_int(call, "blocksize", 0);
  *shape = scull_graph_value(call->graph, x)->shape[0];
  if (shape->rank != 4 || *block < 1 || *block > 1 << 15)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "blocks of %lld in %d dimensions",
                           (long long)*block, shape->rank);
  return SCULL_OK;
}

static scull_status_t depth_to_space(scull_onnx_call_t *call) {
  int64_t b = 0;
  scull_shape_t s;
  SCULL_TRY(read_block(call, &b, &s));
  if (s.dim[1] % (b * b) != 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%lld channels in blocks of %lld",
                           (long long)s.dim[1], (long long)b);
  if (strcmp(scull_onnx_text(call, "mode", "DCR"), "CRD") == 0) {
    scull_emit_t emit = scull_import_emit(&call->emitter, "pixel_shuffle", scull_onnx_in(call, 0));
    scull_import_emit_int(&emit, "factor", b);
    return scull_onnx_end(call, &emit);
  }
  SCULL_TRY(scull_onnx_fixed_shape(call, scull_onnx_in(call, 0), &s));
  int64_t c = s.dim[1] / (b * b), h = s.dim[2], w = s.dim[3];
  return shuffle(call, SCULL_INTS(s.dim[0], b, b, c, h, w), SCULL_INTS(0, 3, 4, 1, 5, 2),
                 SCULL_INTS(s.dim[0], c, h * b, w * b));
}

static scull_status_t space_to_depth(scull_onnx_call_t *call) {
  int64_t b = 0;
  scull_shape_t s;
  SCULL_TRY(read_block(call, &b, &s));
  SCULL_TRY(scull_onnx_fixed_shape(call, scull_onnx_in(call, 0), &s));
  int64_t c = s.dim[1], h = s.dim[2] / b, w = s.dim[3] / b;
  return shuffle(call, SCULL_INTS(s.dim[0], c, h, b, w, b), SCULL_INTS(0, 3, 5, 1, 2, 4),
                 SCULL_INTS(s.dim[0], c * b * b, h, w));
}

/* In inference it passes its input on, and its mask is all true. */
static scull_status_t dropout(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, shape = SCULL_NO_ID;
  int64_t training = 0;
  double ratio = 0;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_fixed_int(call, 2, "training_mode", 0, &training));
  SCULL_TRY(scull_onnx_fixed_float(call, 1, "ratio", 0.5, &ratio));
  if (training != 0 && ratio > 0)
    return scull_import_unsupported(&call->emitter, "it draws random numbers (training_mode)");
  SCULL_TRY(scull_onnx_end_simple(call, "identity", x, SCULL_NO_ID));
  if (scull_onnx_out_name(call, 1) == NULL)
    return SCULL_OK;
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "shape", x, SCULL_NO_ID, NULL, &shape));
  scull_emit_t mask = scull_import_emit(&call->emitter, "fill", shape);
  scull_import_emit_float(&mask, "value", 1);
  scull_import_emit_dtype(&mask, "to", SCULL_DTYPE_BOOL);
  return scull_import_emit_end(&mask, scull_onnx_out_name(call, 1), &call->out[1]);
}

static const scull_onnx_row_t rows[] = {
    {"Reshape", 1, 0, reshape, "reshape", NULL},
    {"Flatten", 1, 0, flatten, "flatten", NULL},
    {"Squeeze", 1, 0, squeeze, "squeeze", NULL},
    {"Unsqueeze", 1, 0, unsqueeze, "unsqueeze", NULL},
    {"Transpose", 1, 0, scull_onnx_map_plain, "transpose", "perm="},
    {"Concat", 1, 0, concat, "concat", NULL},
    {"Split", 2, 0, split, "split", NULL},
    {"Slice", 1, 0, slice, "slice", NULL},
    {"Pad", 1, 0, pad, "pad", NULL},
    {"Expand", 8, 0, expand, "expand", NULL},
    {"Tile", 6, 0, tile, "tile", NULL},
    {"DepthToSpace", 1, 0, depth_to_space, NULL, NULL},
    {"SpaceToDepth", 1, 0, space_to_depth, NULL, NULL},
    {"Dropout", 1, 0, dropout, "identity", NULL},
};

SCULL_ONNX_ROWS(shape, "", rows);
