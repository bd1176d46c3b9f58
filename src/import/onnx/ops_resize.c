/* Resize in its three generations, and Upsample. Ours samples the axes behind the second; others
 * are brought there. */
#include <string.h>

#include "import/onnx/call.h"

typedef struct {
  scull_value_id_t x, size_tensor; /* size_tensor: sizes of all axes, computed */
  int32_t rank;
  double scale[SCULL_MAX_RANK]; /* 0: not given */
  int64_t size[SCULL_MAX_RANK]; /* 0: not given */
  bool sized;
  bool moves[SCULL_MAX_RANK]; /* the axis changes */
  bool crops;
  double from[SCULL_MAX_RANK], to[SCULL_MAX_RANK]; /* of a crop, 0 to 1 */
} resize_t;

/* The numbers of an operand or attribute for the axes that are spoken of. */
static scull_status_t read_scales(scull_onnx_call_t *call, size_t index, const int32_t *axes,
                                  size_t count, resize_t *r) {
  scull_floats_t list = scull_onnx_floats(call, "scales");
  scull_value_id_t tensor = scull_onnx_in(call, index);
  const scull_value_t *value = scull_graph_value(call->graph, tensor);
  size_t given = value == NULL ? list.size : (size_t)scull_tensor_count(&value->shape[0]);
  if (given != count)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu scales for %zu axes", given,
                           count);
  for (size_t i = 0; i < count; i++) {
    double scale = value == NULL ? list.data[i] : 0;
    if (value != NULL && !scull_import_known_float(call->graph, tensor, (int64_t)i, &scale))
      return scull_import_unsupported(&call->emitter, "its scales are computed while it runs");
    r->scale[axes[i]] = scale;
    r->moves[axes[i]] = scale < 1 || scale > 1;
  }
  return SCULL_OK;
}

static bool all_points_have(const scull_graph_t *graph, scull_value_id_t x, int32_t axis,
                            int64_t extent) {
  for (int p = 0; p < graph->points; p++) {
    if (scull_graph_value(graph, x)->shape[p].dim[axis] != extent)
      return false;
  }
  return true;
}

static scull_status_t read_sizes(scull_onnx_call_t *call, const int32_t *axes, size_t count,
                                 resize_t *r) {
  scull_ints_t known = {0};
  bool given = false;
  SCULL_TRY(scull_onnx_list(call, NULL, 3, &known, &r->size_tensor, &given));
  r->sized = true;
  if (r->size_tensor != SCULL_NO_ID) {
    if (count != (size_t)r->rank || r->rank < 3)
      return scull_import_unsupported(&call->emitter, "its sizes are computed, of some axes only");
    for (int32_t d = 2; d < r->rank; d++)
      r->moves[d] = true;
    return SCULL_OK;
  }
  if (known.size != count)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu sizes for %zu axes", known.size,
                           count);
  for (size_t i = 0; i < count; i++) {
    r->size[axes[i]] = known.data[i];
    r->moves[axes[i]] = !all_points_have(call->graph, r->x, axes[i], known.data[i]);
  }
  return SCULL_OK;
}

/* One scale for all axes, so that the picture is not distorted. */
static scull_status_t keep_aspect(scull_onnx_call_t *call, const char *policy, const int32_t *axes,
                                  size_t count, resize_t *r) {
  scull_shape_t shape;
  bool larger = strcmp(policy, "not_smaller") == 0;
  double best = 0;
  SCULL_TRY(scull_onnx_fixed_shape(call, r->x, &shape));
  for (size_t i = 0; i < count; i++) {
    double ratio = (double)r->size[axes[i]] / (double)shape.dim[axes[i]];
    if (i == 0 || (larger ? ratio > best : ratio < best))
      best = ratio;
  }
  for (size_t i = 0; i < count; i++) {
    r->size[axes[i]] = (int64_t)(best * (double)shape.dim[axes[i]] + 0.5);
    r->moves[axes[i]] = r->size[axes[i]] != shape.dim[axes[i]];
  }
  return SCULL_OK;
}

static scull_status_t read_axes(scull_onnx_call_t *call, int32_t rank, int32_t *axes,
                                size_t *count) {
  scull_ints_t given = scull_onnx_ints(call, "axes");
  *count = given.size == 0 ? (size_t)rank : given.size;
  if (*count > (size_t)rank)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu axes of %d", *count, rank);
  for (size_t i = 0; i < *count; i++) {
    axes[i] = (int32_t)i;
    if (given.size > 0 && !scull_tensor_axis(given.data[i], rank, &axes[i]))
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of %d dimensions",
                             (long long)given.data[i], rank);
  }
  return SCULL_OK;
}

/* The part of each axis that the result is spread over: all begins, then all ends. */
static scull_status_t read_region(scull_onnx_call_t *call, const int32_t *axes, size_t count,
                                  resize_t *r) {
  const char *coords = scull_onnx_text(call, "coordinate_transformation_mode", "half_pixel");
  r->crops = strcmp(coords, "tf_crop_and_resize") == 0;
  for (int32_t d = 0; d < r->rank; d++)
    r->to[d] = 1;
  for (size_t i = 0; r->crops && i < count; i++) {
    int64_t begin = (int64_t)i, end = (int64_t)(count + i);
    if (!scull_import_known_float(call->graph, scull_onnx_in(call, 1), begin, &r->from[axes[i]]) ||
        !scull_import_known_float(call->graph, scull_onnx_in(call, 1), end, &r->to[axes[i]]))
      return scull_import_unsupported(&call->emitter, "its roi is computed while it runs");
    r->moves[axes[i]] = r->moves[axes[i]] || r->from[axes[i]] > 0 || r->to[axes[i]] < 1;
  }
  return SCULL_OK;
}

/* True when operand `index` is there and not an empty list (which stands for "left out"). */
static bool has_list(const scull_onnx_call_t *call, size_t index) {
  const scull_value_t *value = scull_graph_value(call->graph, scull_onnx_in(call, index));
  return value != NULL && scull_tensor_count(&value->shape[0]) > 0;
}

static scull_status_t read_resize(scull_onnx_call_t *call, resize_t *r) {
  int32_t axes[SCULL_MAX_RANK];
  size_t count = 0, scales = call->version >= 11 && strcmp(call->node->type, "Resize") == 0 ? 2 : 1;
  const char *policy = scull_onnx_text(call, "keep_aspect_ratio_policy", "stretch");
  *r = (resize_t){.size_tensor = SCULL_NO_ID};
  SCULL_TRY(scull_onnx_need(call, 0, &r->x));
  r->rank = scull_onnx_in_rank(call, 0);
  SCULL_TRY(read_axes(call, r->rank, axes, &count));
  if (scales == 1 || has_list(call, 2))
    SCULL_TRY(read_scales(call, scales, axes, count, r));
  else
    SCULL_TRY(read_sizes(call, axes, count, r));
  SCULL_TRY(read_region(call, axes, count, r));
  if (!r->sized || strcmp(policy, "stretch") == 0)
    return SCULL_OK;
  if (r->size_tensor != SCULL_NO_ID)
    return scull_import_unsupported(&call->emitter, "sizes are computed, and it keeps the aspect");
  return keep_aspect(call, policy, axes, count, r);
}

/* --- the node -------------------------------------------------------------------------------- */

static const char *our_coords(const resize_t *r, const char *theirs) {
  static const struct {
    const char *theirs, *ours;
  } words[] = {{"pytorch_half_pixel", "half_pixel_one"},
               {"tf_half_pixel_for_nn", "half_pixel_shifted"},
               {"tf_crop_and_resize", "crop"}};
  if (strcmp(theirs, "align_corners") == 0 && !r->sized) /* in * scale is not rounded there */
    return "align_scaled_corners";
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(words[i].theirs, theirs) == 0)
      return words[i].ours;
  }
  return theirs;
}

/* The words of ONNX are ours where both have them; an unknown one sticks to the node. */
static void set_mode(scull_onnx_call_t *call, const resize_t *r, scull_emit_t *emit) {
  const char *mode = scull_onnx_text(call, "mode", "nearest");
  const char *coords = scull_onnx_text(call, "coordinate_transformation_mode", "half_pixel");
  const char *rounding = scull_onnx_text(call, "nearest_mode", "round_prefer_floor");
  if (call->version < 11 || strcmp(call->node->type, "Upsample") == 0) {
    coords = "asymmetric";
    rounding = "floor";
  }
  scull_import_emit_word(emit, "mode", strcmp(mode, "bilinear") == 0 ? "linear" : mode);
  scull_import_emit_word(emit, "coords", our_coords(r, coords));
  if (strcmp(mode, "nearest") == 0)
    scull_import_emit_word(emit, "rounding",
                           strcmp(rounding, "round_prefer_ceil") == 0 ? "round" : rounding);
  scull_import_emit_float(emit, "cubic_a", scull_onnx_float(call, "cubic_coeff_a", -0.75));
  scull_import_emit_bool(emit, "exclude_outside", scull_onnx_int(call, "exclude_outside", 0) != 0);
  if (r->crops)
    scull_import_emit_float(emit, "outside", scull_onnx_float(call, "extrapolation_value", 0));
  if (scull_onnx_int(call, "antialias", 0) != 0)
    scull_import_emit_bool(emit, "antialias", true);
}

/* Sampling of the axes behind the second of x, whose axes are order[0], order[1], ... of the
 * file's. */
static scull_status_t emit_resize(scull_onnx_call_t *call, const resize_t *r, scull_value_id_t x,
                                  const int32_t *order, size_t spatial, const char *name,
                                  scull_value_id_t *out) {
  scull_value_id_t size = SCULL_NO_ID;
  int64_t sizes[SCULL_MAX_RANK];
  double scales[SCULL_MAX_RANK], region[2 * SCULL_MAX_RANK];
  for (size_t i = 0; i < spatial; i++) {
    sizes[i] = r->size[order[i]];
    scales[i] = r->scale[order[i]];
  }
  if (r->size_tensor != SCULL_NO_ID) {
    scull_emit_t slice = scull_import_emit(&call->emitter, "slice", r->size_tensor);
    scull_import_emit_ints(&slice, "starts", SCULL_INTS(2));
    scull_import_emit_ints(&slice, "ends", SCULL_INTS(r->rank));
    SCULL_TRY(scull_import_emit_end(&slice, NULL, &size));
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "resize", x);
  if (size != SCULL_NO_ID)
    scull_import_emit_input(&emit, size);
  else if (r->sized)
    scull_import_emit_ints(&emit, "size", (scull_ints_t){sizes, spatial});
  else
    scull_import_emit_floats(&emit, "scales", (scull_floats_t){scales, spatial});
  set_mode(call, r, &emit);
  for (size_t i = 0; i < spatial; i++) {
    region[i] = r->from[order[i]];
    region[spatial + i] = r->to[order[i]];
  }
  if (r->crops)
    scull_import_emit_floats(&emit, "crop", (scull_floats_t){region, 2 * spatial});
  return scull_import_emit_end(&emit, name, out);
}

/* The usual case: batch and channels stay. */
static bool is_plain(const resize_t *r) {
  return r->rank >= 3 && r->rank <= 5 && !r->moves[0] && !r->moves[1];
}

/* Any axes: the others go first and are seen as one. Their extents must be fixed. */
static scull_status_t resize_any(scull_onnx_call_t *call, const resize_t *r) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = r->x;
  scull_shape_t shape;
  int64_t perm[SCULL_MAX_RANK], back[SCULL_MAX_RANK], dims[SCULL_MAX_RANK + 2], still = 1;
  int32_t order[SCULL_MAX_RANK], at = 0;
  size_t spatial = 0;
  SCULL_TRY(scull_onnx_fixed_shape(call, x, &shape));
  for (int moving = 0; moving < 2; moving++) {
    for (int32_t d = 0; d < r->rank; d++) {
      if (r->moves[d] != (moving == 1))
        continue;
      perm[at] = d;
      back[d] = at++;
      if (moving == 1)
        order[spatial++] = d;
      else
        still *= shape.dim[d];
    }
  }
  if (spatial > 3)
    return scull_import_unsupported(to, "%zu axes change; 3 can", spatial);
  dims[0] = 1;
  dims[1] = still;
  for (size_t i = 0; i < spatial; i++)
    dims[2 + i] = shape.dim[order[i]];
  scull_ints_t whole = {perm, (size_t)r->rank};
  SCULL_TRY(scull_import_emit_transpose(to, x, whole, NULL, &x));
  SCULL_TRY(scull_import_emit_reshape(to, x, (scull_ints_t){dims, 2 + spatial}, NULL, &x));
  SCULL_TRY(emit_resize(call, r, x, order, spatial, NULL, &x));
  const scull_shape_t *done = &scull_graph_value(call->graph, x)->shape[0];
  for (int32_t i = 0; i < r->rank; i++) {
    int32_t first = r->rank - (int32_t)spatial;
    dims[i] = i < first ? shape.dim[perm[i]] : done->dim[2 + i - first];
  }
  SCULL_TRY(scull_import_emit_reshape(to, x, (scull_ints_t){dims, (size_t)r->rank}, NULL, &x));
  scull_emit_t end = scull_import_emit(to, "transpose", x);
  scull_import_emit_ints(&end, "perm", (scull_ints_t){back, (size_t)r->rank});
  return scull_onnx_end(call, &end);
}

static scull_status_t resize(scull_onnx_call_t *call) {
  resize_t r;
  int32_t order[SCULL_MAX_RANK];
  bool moves = false;
  SCULL_TRY(read_resize(call, &r));
  for (int32_t d = 0; d < r.rank; d++)
    moves = moves || r.moves[d];
  if (!moves)
    return scull_onnx_end_simple(call, "identity", r.x, SCULL_NO_ID);
  if (!is_plain(&r))
    return resize_any(call, &r);
  for (int32_t d = 2; d < r.rank; d++) {
    order[d - 2] = d;
    if (!r.sized && r.scale[d] <= 0)
      r.scale[d] = 1;
    if (r.sized && r.size[d] == 0 && r.size_tensor == SCULL_NO_ID)
      r.size[d] = scull_graph_value(call->graph, r.x)->shape[0].dim[d];
  }
  return emit_resize(call, &r, r.x, order, (size_t)r.rank - 2, scull_onnx_out_name(call, 0),
                     &call->out[0]);
}

static const scull_onnx_row_t rows[] = {
    {"Resize", 10, 0, resize, "resize", NULL},
    {"Upsample", 7, 9, resize, "resize", NULL},
};

SCULL_ONNX_ROWS(resize, "", rows);
