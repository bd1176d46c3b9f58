/* Layers that move elements, and those that reduce over axes. */
#include <string.h>

#include "import/caffe/call.h"

/* --- joining and cutting --------------------------------------------------------------------- */

/* `axis`, or the old name of it where that is given. */
static scull_status_t axis_or(scull_caffe_call_t *call, const char *old, int32_t rank,
                              int32_t *out) {
  return scull_caffe_axis(call, scull_caffe_has(call, old) ? old : "axis", 1, rank, out);
}

static scull_status_t concat(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int32_t axis = 0;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  SCULL_TRY(axis_or(call, "concat_dim", scull_import_rank(call->graph, x), &axis));
  scull_emit_t emit = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, call->bottoms, call->layer->bottoms.size);
  scull_import_emit_int(&emit, "axis", axis);
  return scull_caffe_end(call, &emit);
}

/* Extents from the points where the bottom is cut; the last part takes what is left. */
static scull_status_t sections_of(scull_caffe_call_t *call, scull_ints_t points, size_t parts,
                                  scull_ints_t *out) {
  if (points.size + 1 != parts)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu slice_points for %zu tops",
                           points.size, parts);
  int64_t *list = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, parts);
  if (list == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  for (size_t i = 0; i < parts; i++) {
    int64_t before = i == 0 ? 0 : points.data[i - 1];
    list[i] = i + 1 == parts ? -1 : points.data[i] - before;
    if (before < 0 || (i + 1 < parts && (points.data[i] > INT32_MAX || list[i] <= 0)))
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its slice_points do not rise");
  }
  *out = (scull_ints_t){list, parts};
  return SCULL_OK;
}

static scull_status_t slice(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int32_t axis = 0;
  size_t parts = call->layer->tops.size;
  scull_ints_t points = scull_caffe_ints(call, "slice_point"), sections = {0};
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  SCULL_TRY(axis_or(call, "slice_dim", scull_import_rank(call->graph, x), &axis));
  if (parts < 2)
    return scull_caffe_map_identity(call);
  if (points.size > 0)
    SCULL_TRY(sections_of(call, points, parts, &sections));
  scull_emit_t emit = scull_import_emit(&call->emitter, "split", x);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_ints(&emit, "sections", sections);
  return scull_import_emit_end_many(&emit, call->layer->tops.data, parts, call->tops);
}

static scull_status_t split(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  for (size_t i = 0; i < call->layer->tops.size; i++)
    SCULL_TRY(scull_import_emit_simple(&call->emitter, "identity", x, SCULL_NO_ID,
                                       call->layer->tops.data[i], &call->tops[i]));
  return SCULL_OK;
}

/* The extent of axis `axis` of x, as another top sees it: a number where it never changes, 0 (the
 * same axis of the bottom) where it may; UNSUPPORTED where it is neither. */
static scull_status_t extent_at(scull_caffe_call_t *call, scull_value_id_t x, int32_t axis,
                                int32_t to, int64_t *out) {
  const scull_value_t *value = scull_graph_value(call->graph, x);
  *out = axis == to ? 0 : value->shape[0].dim[axis];
  for (int p = 1; p < call->graph->points && axis != to; p++) {
    if (value->shape[p].dim[axis] != *out)
      return scull_import_unsupported(&call->emitter, "its bottom has no fixed shape");
  }
  return SCULL_OK;
}

/* shape { dim... } takes the place of `num_axes` axes from `axis` on. */
static scull_status_t reshape(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t dims[SCULL_MAX_RANK] = {0}, axis = scull_caffe_int(call, "axis", 0);
  int64_t axes = scull_caffe_int(call, "num_axes", -1);
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  int64_t rank = scull_import_rank(call->graph, x), at = 0;
  const scull_prototext_t *shape = scull_import_prototext_message(call->param, "shape");
  axis = axis < 0 ? rank + 1 + axis : axis;
  if (axis < 0 || axis > rank || axes < -1 || (axes >= 0 && axes > rank - axis))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "axis %lld, num_axes %lld of %lld axes", (long long)axis,
                           (long long)axes, (long long)rank);
  int64_t rest = axes < 0 ? rank : axis + axes; /* axes that stay behind the new ones */
  size_t count = scull_import_prototext_count(shape, "dim");
  if (count + (size_t)(axis + rank - rest) > SCULL_MAX_RANK)
    return scull_import_unsupported(&call->emitter, "more than %d dimensions", SCULL_MAX_RANK);
  at = axis; /* zeros: the axes before stay */
  const scull_prototext_field_t *dim = shape == NULL ? NULL : shape->first;
  for (; (dim = scull_import_prototext_each(dim, "dim")) != NULL; dim = dim->next, at++) {
    if (!scull_import_prototext_int(dim, &dims[at]))
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "line %u: no extent", dim->line);
  }
  for (int64_t d = rest; d < rank; d++, at++)
    SCULL_TRY(extent_at(call, x, (int32_t)d, (int32_t)at, &dims[at]));
  scull_emit_t emit = scull_import_emit(&call->emitter, "reshape", x);
  scull_import_emit_ints(&emit, "shape", (scull_ints_t){dims, (size_t)at});
  return scull_caffe_end(call, &emit);
}

static scull_status_t flatten(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int32_t start = 0, stop = 0;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  int32_t rank = scull_import_rank(call->graph, x);
  SCULL_TRY(scull_caffe_axis(call, "axis", 1, rank, &start));
  SCULL_TRY(scull_caffe_axis(call, "end_axis", -1, rank, &stop));
  scull_emit_t emit = scull_import_emit(&call->emitter, "flatten", x);
  scull_import_emit_int(&emit, "start", start);
  scull_import_emit_int(&emit, "stop", stop);
  return scull_caffe_end(call, &emit);
}

/* Axes that `order` leaves out follow in their own order. */
static scull_status_t permute(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool taken[SCULL_MAX_RANK] = {false};
  int64_t perm[SCULL_MAX_RANK];
  scull_ints_t order = scull_caffe_ints(call, "order");
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  int32_t rank = scull_import_rank(call->graph, x), count = 0;
  for (size_t i = 0; i < order.size; i++) {
    int64_t axis = order.data[i];
    if (axis < 0 || axis >= rank || taken[axis])
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "order %lld of %d axes",
                             (long long)axis, rank);
    taken[axis] = true;
    perm[count++] = axis;
  }
  for (int32_t d = 0; d < rank; d++) {
    if (!taken[d])
      perm[count++] = d;
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "transpose", x);
  scull_import_emit_ints(&emit, "perm", (scull_ints_t){perm, (size_t)count});
  return scull_caffe_end(call, &emit);
}

/* --- crop and tile --------------------------------------------------------------------------- */

typedef struct {
  int64_t axes[SCULL_MAX_RANK], starts[SCULL_MAX_RANK], ends[SCULL_MAX_RANK];
  size_t count;
} crop_t;

static scull_status_t read_crop(scull_caffe_call_t *call, scull_value_id_t x, scull_value_id_t like,
                                crop_t *crop) {
  int32_t axis = 0, rank = scull_import_rank(call->graph, x);
  scull_ints_t offsets = scull_caffe_ints(call, "offset");
  SCULL_TRY(scull_caffe_axis(call, "axis", 2, rank, &axis));
  const scull_shape_t *to = &scull_graph_value(call->graph, like)->shape[0];
  crop->count = (size_t)(rank - axis);
  if (to->rank != rank || (offsets.size > 1 && offsets.size != crop->count))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "%zu offsets, bottoms of %d and %d dimensions", offsets.size, rank,
                           to->rank);
  for (size_t i = 0; i < crop->count; i++) {
    int64_t offset = offsets.size == 0 ? 0 : offsets.data[offsets.size == 1 ? 0 : i];
    if (offset < 0 || offset > INT32_MAX)
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "offset %lld", (long long)offset);
    crop->axes[i] = axis + (int64_t)i;
    crop->starts[i] = offset;
    crop->ends[i] = offset + to->dim[crop->axes[i]];
  }
  return SCULL_OK;
}

/* The ends of the crop where the second bottom's extents change: its shape, plus the offsets. */
static scull_status_t emit_ends(scull_caffe_call_t *call, const crop_t *crop, scull_value_id_t like,
                                scull_value_id_t *out) {
  scull_value_id_t offsets = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "shape", like, SCULL_NO_ID, NULL, out));
  scull_emit_t part = scull_import_emit(&call->emitter, "slice", *out);
  scull_import_emit_ints(&part, "axes", SCULL_INTS(0));
  scull_import_emit_ints(&part, "starts", SCULL_INTS(crop->axes[0]));
  scull_import_emit_ints(&part, "ends", SCULL_INTS(SCULL_MAX_RANK));
  SCULL_TRY(scull_import_emit_end(&part, NULL, out));
  SCULL_TRY(
      scull_import_emit_i64(&call->emitter, (scull_ints_t){crop->starts, crop->count}, &offsets));
  return scull_import_emit_simple(&call->emitter, "add", *out, offsets, NULL, out);
}

static scull_status_t crop(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, like = SCULL_NO_ID, starts = SCULL_NO_ID, ends = SCULL_NO_ID;
  crop_t it = {0};
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  SCULL_TRY(scull_caffe_bottom(call, 1, &like));
  SCULL_TRY(read_crop(call, x, like, &it));
  bool fixed = scull_graph_is_fixed(call->graph, like);
  if (!fixed) {
    SCULL_TRY(emit_ends(call, &it, like, &ends));
    SCULL_TRY(scull_import_emit_i64(&call->emitter, (scull_ints_t){it.starts, it.count}, &starts));
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", x);
  if (!fixed) {
    scull_import_emit_input(&emit, starts);
    scull_import_emit_input(&emit, ends);
  } else {
    scull_import_emit_ints(&emit, "starts", (scull_ints_t){it.starts, it.count});
    scull_import_emit_ints(&emit, "ends", (scull_ints_t){it.ends, it.count});
  }
  scull_import_emit_ints(&emit, "axes", (scull_ints_t){it.axes, it.count});
  return scull_caffe_end(call, &emit);
}

static scull_status_t tile(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t repeats[SCULL_MAX_RANK];
  int32_t axis = 0;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  int32_t rank = scull_import_rank(call->graph, x);
  SCULL_TRY(scull_caffe_axis(call, "axis", 1, rank, &axis));
  for (int32_t d = 0; d < rank; d++)
    repeats[d] = d == axis ? scull_caffe_int(call, "tiles", 1) : 1;
  scull_emit_t emit = scull_import_emit(&call->emitter, "tile", x);
  scull_import_emit_ints(&emit, "repeats", (scull_ints_t){repeats, (size_t)rank});
  return scull_caffe_end(call, &emit);
}

/* --- reductions ------------------------------------------------------------------------------ */

static scull_status_t reduction(scull_caffe_call_t *call) {
  static const char *const words[] = {"", "SUM", "ASUM", "SUMSQ", "MEAN", NULL}; /* from 1 on */
  static const char *const before[] = {NULL, NULL, "abs", "square", NULL};
  scull_value_id_t x = SCULL_NO_ID;
  int64_t axes[SCULL_MAX_RANK], kind = scull_caffe_enum(call, "operation", words);
  double coeff = scull_caffe_float(call, "coeff", 1);
  int32_t axis = 0;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  int32_t rank = scull_import_rank(call->graph, x);
  SCULL_TRY(scull_caffe_axis(call, "axis", 0, rank, &axis));
  for (int32_t d = axis; d < rank; d++)
    axes[d - axis] = d;
  if (before[kind] != NULL)
    SCULL_TRY(scull_import_emit_simple(&call->emitter, before[kind], x, SCULL_NO_ID, NULL, &x));
  scull_emit_t emit =
      scull_import_emit(&call->emitter, kind == 4 ? "reduce_mean" : "reduce_sum", x);
  scull_import_emit_ints(&emit, "axes", (scull_ints_t){axes, (size_t)(rank - axis)});
  if (coeff == 1)
    return scull_caffe_end(call, &emit);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
  scull_emit_t scaled = scull_import_emit(&call->emitter, "scale", x);
  scull_import_emit_float(&scaled, "scale", coeff);
  return scull_caffe_end(call, &scaled);
}

/* The best along an axis: their places as floats, or their values. */
static scull_status_t best(scull_caffe_call_t *call, scull_value_id_t x, int32_t axis,
                           scull_value_id_t *values, scull_value_id_t *places) {
  scull_value_id_t both[2] = {SCULL_NO_ID, SCULL_NO_ID};
  scull_emit_t emit = scull_import_emit(&call->emitter, "top_k", x);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_int(&emit, "k", scull_caffe_int(call, "top_k", 1));
  SCULL_TRY(scull_import_emit_end_many(&emit, NULL, 2, both));
  *values = both[0];
  return scull_import_emit_cast(&call->emitter, both[1], SCULL_DTYPE_F32, NULL, places);
}

/* Without an axis: of everything but the batch, as [N, 1 or 2, top_k]. */
static scull_status_t arg_max(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, pair[2];
  bool with_values = scull_caffe_bool(call, "out_max_val", false);
  int32_t axis = 0;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  if (scull_caffe_has(call, "axis")) {
    SCULL_TRY(scull_caffe_axis(call, "axis", 0, scull_import_rank(call->graph, x), &axis));
    SCULL_TRY(best(call, x, axis, &pair[1], &pair[0]));
    scull_emit_t emit = scull_import_emit(&call->emitter, "identity", pair[with_values]);
    return scull_caffe_end(call, &emit);
  }
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, x, SCULL_INTS(0, 1, -1), NULL, &x));
  SCULL_TRY(best(call, x, 2, &pair[1], &pair[0]));
  scull_emit_t emit = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, pair, with_values ? 2 : 1);
  scull_import_emit_int(&emit, "axis", 1);
  return scull_caffe_end(call, &emit);
}

static const scull_caffe_row_t rows[] = {
    {"Concat", concat, "concat", "concat_param", 0},
    {"Slice", slice, "split", "slice_param", 0},
    {"Split", split, "identity", NULL, 0},
    {"Flatten", flatten, "flatten", "flatten_param", 0},
    {"Reshape", reshape, "reshape", "reshape_param", 0},
    {"Permute", permute, "transpose", "permute_param", 0},
    {"Crop", crop, "slice", "crop_param", 0},
    {"Tile", tile, "tile", "tile_param", 0},
    {"Reduction", reduction, NULL, "reduction_param", 0},
    {"ArgMax", arg_max, "top_k", "argmax_param", 0},
};

SCULL_CAFFE_ROWS(shape, rows);
