/* Operators that only rearrange: reshape, transpose, concat, split, slice, pad, expand, tile. */
#include <string.h>

#include "base/checked.h"

#include "import/paddle/flow.h"

static scull_status_t reshape(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, tensor = SCULL_NO_ID, out = SCULL_NO_ID;
  const char *name = scull_paddle_out_name(call, "Out", 0);
  scull_ints_t shape = {0};
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_list(call, "shape", "Shape", "ShapeTensor", &shape, &tensor));
  if (tensor == SCULL_NO_ID) {
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, x, shape, name, &out));
    scull_paddle_set(call, "Out", 0, out);
    return SCULL_OK;
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "reshape", x);
  scull_import_emit_input(&emit, tensor);
  return scull_paddle_end(call, &emit, "Out");
}

/* All axes of one element, of a value whose extents a run tells: those that the program declares
 * so. False: it declares nothing of the kind, or the extents are known. */
static bool declared_ones(const scull_paddle_call_t *call, scull_value_id_t x, int64_t *axes,
                          size_t *count) {
  const scull_value_t *value = scull_graph_value(call->graph, x);
  const scull_paddle_slot_t *slot =
      scull_paddle_slot_find(call->op->inputs, call->op->input_count, "X");
  const scull_paddle_var_t *var = slot == NULL ? NULL : &call->program->vars.data[slot->vars[0]];
  if (!value->late || var == NULL || !var->declared ||
      var->dims.size != (size_t)value->shape[0].rank)
    return false;
  *count = 0;
  for (size_t i = 0; i < var->dims.size; i++) {
    if (var->dims.data[i] == 1 && value->shape[0].dim[i] == 1)
      axes[(*count)++] = (int64_t)i;
  }
  return true;
}

/* Paddle passes over axes whose extent is not one. */
static scull_status_t squeeze(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_ints_t axes = {0};
  int64_t kept[SCULL_MAX_RANK];
  size_t count = 0;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_fixed_list(call, "axes", "AxesTensor", "AxesTensorList", &axes));
  const scull_shape_t shape = scull_graph_value(call->graph, x)->shape[0];
  for (size_t i = 0; i < axes.size; i++) {
    int32_t axis = 0;
    if (!scull_tensor_axis(axes.data[i], shape.rank, &axis))
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of rank %d",
                             (long long)axes.data[i], shape.rank);
    if (shape.dim[axis] == 1 && count < SCULL_MAX_RANK)
      kept[count++] = axis;
  }
  bool listed = axes.size > 0 || declared_ones(call, x, kept, &count);
  bool nothing = listed && count == 0;
  scull_emit_t emit = scull_import_emit(&call->emitter, nothing ? "identity" : "squeeze", x);
  if (!nothing)
    scull_import_emit_ints(&emit, "axes", (scull_ints_t){kept, count});
  return scull_paddle_end(call, &emit, "Out");
}

/* Paddle inserts one axis after the other, each counted in what the ones before it made. `axes`
 * becomes ascending positions in the result. */
static scull_status_t insert_axes(const scull_paddle_call_t *call, scull_ints_t given, int32_t rank,
                                  int64_t axes[SCULL_MAX_RANK]) {
  if (given.size + (size_t)rank > SCULL_MAX_RANK)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu axes more than rank %d",
                           given.size, rank);
  for (size_t i = 0; i < given.size; i++) {
    int64_t now = rank + (int64_t)i,
            axis = given.data[i] < 0 ? given.data[i] + now + 1 : given.data[i];
    if (axis < 0 || axis > now)
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of rank %lld",
                             (long long)given.data[i], (long long)now + 1);
    size_t at = 0;
    while (at < i && axes[at] < axis)
      at++;
    for (size_t k = i; k > at; k--)
      axes[k] = axes[k - 1] + 1;
    axes[at] = axis;
  }
  return SCULL_OK;
}

static scull_status_t unsqueeze(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, out = SCULL_NO_ID;
  scull_ints_t given = {0};
  int64_t axes[SCULL_MAX_RANK];
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_fixed_list(call, "axes", "AxesTensor", "AxesTensorList", &given));
  SCULL_TRY(insert_axes(call, given, scull_import_rank(call->graph, x), axes));
  SCULL_TRY(scull_import_emit_unsqueeze(&call->emitter, x, (scull_ints_t){axes, given.size},
                                        scull_paddle_out_name(call, "Out", 0), &out));
  scull_paddle_set(call, "Out", 0, out);
  return SCULL_OK;
}

static scull_status_t emit_flatten(scull_paddle_call_t *call, scull_value_id_t x, int64_t start,
                                   int64_t stop, const char *name, scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "flatten", x);
  scull_import_emit_int(&emit, "start", start);
  scull_import_emit_int(&emit, "stop", stop);
  return scull_import_emit_end(&emit, name, out);
}

/* The two-dimensional flatten of 1.x: [what is before the axis, the rest]. */
static scull_status_t flatten2(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  const char *name = scull_paddle_out_name(call, "Out", 0);
  int64_t axis = scull_paddle_int(call, "axis", 1);
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  int32_t rank = scull_import_rank(call->graph, x);
  if (axis < 0 || axis > rank || rank == 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of rank %d",
                           (long long)axis, rank);
  if (axis == 0)
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, x, SCULL_INTS(1, -1), name, &x));
  else if (axis == rank)
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, x, SCULL_INTS(-1, 1), name, &x));
  if (axis > 1 && axis < rank)
    SCULL_TRY(emit_flatten(call, x, 0, axis - 1, NULL, &x));
  if (axis > 0 && axis < rank)
    SCULL_TRY(emit_flatten(call, x, 1, -1, name, &x));
  scull_paddle_set(call, "Out", 0, x);
  return SCULL_OK;
}

static scull_status_t concat(scull_paddle_call_t *call) {
  scull_value_id_t *parts = NULL;
  size_t count = 0;
  int64_t axis = 0;
  SCULL_TRY(scull_paddle_in_all(call, "X", &parts, &count));
  SCULL_TRY(scull_paddle_fixed_int(call, "axis", "AxisTensor", 0, &axis));
  scull_emit_t emit = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, parts, count);
  scull_import_emit_int(&emit, "axis", axis);
  return scull_paddle_end(call, &emit, "Out");
}

/* Ends a node whose outputs are all variables of a slot, or made-up ones that come back in *outs.
 */
static scull_status_t end_split(scull_paddle_call_t *call, scull_emit_t *emit, const char *slot,
                                bool named, scull_value_id_t **outs, size_t *count) {
  scull_arena_t *arena = &call->graph->arena;
  *count = scull_paddle_out_count(call, slot);
  *outs = SCULL_ARENA_ARRAY(arena, scull_value_id_t, *count);
  const char **names = SCULL_ARENA_ARRAY(arena, const char *, *count);
  if (*outs == NULL || names == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  if (*count == 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "output %s is missing", slot);
  for (size_t i = 0; named && i < *count; i++)
    names[i] = scull_paddle_out_name(call, slot, i);
  SCULL_TRY(scull_import_emit_end_many(emit, names, *count, *outs));
  for (size_t i = 0; named && i < *count; i++)
    scull_paddle_set(call, slot, i, (*outs)[i]);
  return SCULL_OK;
}

/* Element `index` of a list, as a list of one. */
static scull_status_t emit_item(scull_paddle_call_t *call, scull_value_id_t list, int64_t index,
                                scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", list);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(0));
  scull_import_emit_ints(&emit, "starts", SCULL_INTS(index));
  scull_import_emit_ints(&emit, "ends", SCULL_INTS(index + 1));
  return scull_import_emit_end(&emit, NULL, out);
}

/* Sections that a run computes: each part begins where the one before it ends. */
static scull_status_t split_computed(scull_paddle_call_t *call, scull_value_id_t x, int64_t axis,
                                     scull_value_id_t sections) {
  scull_value_id_t ends = SCULL_NO_ID, starts = SCULL_NO_ID;
  scull_emit_t sums = scull_import_emit(&call->emitter, "cumsum", sections);
  SCULL_TRY(scull_import_emit_end(&sums, NULL, &ends));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "sub", ends, sections, NULL, &starts));
  for (size_t i = 0; i < scull_paddle_out_count(call, "Out"); i++) {
    scull_value_id_t start = SCULL_NO_ID, end = SCULL_NO_ID, out = SCULL_NO_ID;
    SCULL_TRY(emit_item(call, starts, (int64_t)i, &start));
    SCULL_TRY(emit_item(call, ends, (int64_t)i, &end));
    scull_emit_t emit = scull_import_emit(&call->emitter, "slice", x);
    scull_import_emit_input(&emit, start);
    scull_import_emit_input(&emit, end);
    scull_import_emit_ints(&emit, "axes", SCULL_INTS(axis));
    SCULL_TRY(scull_import_emit_end(&emit, scull_paddle_out_name(call, "Out", i), &out));
    scull_paddle_set(call, "Out", i, out);
  }
  return SCULL_OK;
}

static scull_status_t split(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, computed = SCULL_NO_ID, *outs = NULL;
  scull_ints_t sections = {0};
  int64_t axis = 0;
  size_t count = 0;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_fixed_int(call, "axis", "AxisTensor", 0, &axis));
  SCULL_TRY(scull_paddle_list(call, "sections", "SectionsTensor", "SectionsTensorList", &sections,
                              &computed));
  if (scull_paddle_int(call, "num", 0) > 0)
    sections.size = 0;
  else if (computed != SCULL_NO_ID)
    return split_computed(call, x, axis, computed);
  scull_emit_t emit = scull_import_emit(&call->emitter, "split", x);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_ints(&emit, "sections", sections);
  return end_split(call, &emit, "Out", true, &outs, &count);
}

static scull_status_t stack(scull_paddle_call_t *call) {
  scull_value_id_t *parts = NULL;
  size_t count = 0;
  int64_t axis = scull_paddle_int(call, "axis", 0);
  SCULL_TRY(scull_paddle_in_all(call, "X", &parts, &count));
  int32_t rank = scull_import_rank(call->graph, parts[0]);
  axis = axis < 0 ? axis + rank + 1 : axis;
  if (axis < 0 || axis > rank)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of rank %d",
                           (long long)axis, rank);
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(
        scull_import_emit_unsqueeze(&call->emitter, parts[i], SCULL_INTS(axis), NULL, &parts[i]));
  scull_emit_t emit = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, parts, count);
  scull_import_emit_int(&emit, "axis", axis);
  return scull_paddle_end(call, &emit, "Y");
}

static scull_status_t unstack(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, *parts = NULL;
  int64_t axis = scull_paddle_int(call, "axis", 0);
  size_t count = 0;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "split", x);
  scull_import_emit_int(&emit, "axis", axis);
  SCULL_TRY(end_split(call, &emit, call->row->slots, false, &parts, &count));
  for (size_t i = 0; i < count; i++) {
    SCULL_TRY(scull_import_emit_squeeze(&call->emitter, parts[i], SCULL_INTS(axis),
                                        scull_paddle_out_name(call, call->row->slots, i),
                                        &parts[i]));
    scull_paddle_set(call, call->row->slots, i, parts[i]);
  }
  return SCULL_OK;
}

/* --- slices ---------------------------------------------------------------------------------- */

typedef struct {
  scull_ints_t axes, starts, ends, steps;
  scull_value_id_t start_tensor, end_tensor;
} range_t;

static scull_status_t read_range(scull_paddle_call_t *call, range_t *range) {
  range->axes = scull_paddle_ints(call, "axes");
  SCULL_TRY(scull_paddle_list(call, "starts", "StartsTensor", "StartsTensorList", &range->starts,
                              &range->start_tensor));
  SCULL_TRY(scull_paddle_list(call, "ends", "EndsTensor", "EndsTensorList", &range->ends,
                              &range->end_tensor));
  return scull_paddle_fixed_list(call, "strides", "StridesTensor", "StridesTensorList",
                                 &range->steps);
}

/* strided_slice counts a negative end of a negative step from the end of the axis and stops at 0 at
 * the latest, but -1 means to go on through element 0. */
static scull_status_t fit_backward(scull_paddle_call_t *call, const scull_shape_t *shape,
                                   range_t *range) {
  int64_t *ends = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, range->ends.size);
  if (ends == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  for (size_t i = 0; i < range->ends.size; i++) {
    int32_t axis = 0;
    bool back = i < range->steps.size && range->steps.data[i] < 0 && i < range->axes.size &&
                scull_tensor_axis(range->axes.data[i], shape->rank, &axis);
    ends[i] = range->ends.data[i];
    if (back && ends[i] == -1)
      ends[i] = INT64_MIN;
    else if (back && ends[i] < -shape->dim[axis])
      ends[i] = 0;
  }
  range->ends.data = ends;
  return SCULL_OK;
}

static void set_range(const range_t *range, scull_emit_t *emit) {
  scull_import_emit_ints(emit, "axes", range->axes);
  scull_import_emit_ints(emit, "steps", range->steps);
  if (range->start_tensor != SCULL_NO_ID || range->end_tensor != SCULL_NO_ID) {
    scull_import_emit_input(emit, range->start_tensor);
    scull_import_emit_input(emit, range->end_tensor);
  }
  if (range->start_tensor == SCULL_NO_ID)
    scull_import_emit_ints(emit, "starts", range->starts);
  if (range->end_tensor == SCULL_NO_ID)
    scull_import_emit_ints(emit, "ends", range->ends);
}

/* One element of a tensor array. */
static scull_status_t take_element(scull_paddle_call_t *call, scull_value_id_t array,
                                   const range_t *range) {
  scull_value_id_t at = range->start_tensor;
  if (scull_paddle_ints(call, "decrease_axis").size != 1 ||
      (at == SCULL_NO_ID && range->starts.size != 1))
    return scull_import_unsupported(&call->emitter, "a part of an array");
  SCULL_TRY(at == SCULL_NO_ID
                ? scull_import_emit_scalar(&call->emitter, SCULL_DTYPE_I64,
                                           (double)range->starts.data[0], &at)
                : scull_import_emit_reshape(&call->emitter, at, (scull_ints_t){0}, NULL, &at));
  scull_emit_t emit = scull_import_emit(&call->emitter, "sequence_at", array);
  scull_import_emit_input(&emit, at);
  return scull_paddle_end(call, &emit, "Out");
}

/* Where axis number `index` of a range begins: a scalar. */
static scull_status_t emit_start(scull_paddle_call_t *call, const range_t *range, size_t index,
                                 scull_value_id_t *at) {
  if (range->start_tensor == SCULL_NO_ID)
    return scull_import_emit_scalar(&call->emitter, SCULL_DTYPE_I64,
                                    (double)range->starts.data[index], at);
  SCULL_TRY(emit_item(call, range->start_tensor, (int64_t)index, at));
  return scull_import_emit_reshape(&call->emitter, *at, (scull_ints_t){0}, NULL, at);
}

/* One place of each axis: where a run settles extents, a guess could be too short for a slice. */
static scull_status_t take_places(scull_paddle_call_t *call, scull_value_id_t x,
                                  const range_t *range) {
  int64_t axes[SCULL_MAX_RANK];
  int32_t rank = scull_import_rank(call->graph, x);
  bool last_stays = (size_t)rank == range->axes.size && scull_paddle_out_rank(call, "Out") == 1;
  for (size_t i = 0; i < range->axes.size; i++) {
    int32_t axis = 0;
    if (!scull_tensor_axis(range->axes.data[i], rank, &axis))
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of rank %d",
                             (long long)range->axes.data[i], rank);
    axes[i] = axis;
  }
  for (int64_t axis = rank - 1; axis >= 0; axis--) { /* from behind, so that the others stay */
    for (size_t i = 0; i < range->axes.size; i++) {
      scull_value_id_t at = SCULL_NO_ID;
      if (axes[i] != axis)
        continue;
      SCULL_TRY(emit_start(call, range, i, &at));
      scull_emit_t emit = scull_import_emit(&call->emitter, "gather", x);
      scull_import_emit_input(&emit, at);
      scull_import_emit_int(&emit, "axis", axis);
      SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
      break;
    }
  }
  SCULL_TRY(last_stays ? scull_import_emit_reshape(&call->emitter, x, SCULL_INTS(1),
                                                   scull_paddle_out_name(call, "Out", 0), &x)
                       : scull_import_emit_simple(&call->emitter, "identity", x, SCULL_NO_ID,
                                                  scull_paddle_out_name(call, "Out", 0), &x));
  scull_paddle_set(call, "Out", 0, x);
  return SCULL_OK;
}

static bool is_late(const scull_paddle_call_t *call, scull_value_id_t x) {
  const scull_value_t *value = scull_graph_value(call->graph, x);
  return value != NULL && value->late;
}

/* decrease_axis removes axes of extent one; programs until 2.4 kept one of them where nothing would
 * be left, and their declarations say so. */
static scull_status_t slice(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, out = SCULL_NO_ID;
  scull_ints_t dropped = scull_paddle_ints(call, "decrease_axis");
  range_t range;
  SCULL_TRY(scull_paddle_need(call, "Input", &x));
  SCULL_TRY(read_range(call, &range));
  if (scull_tensor_dtype_is_sequence(scull_graph_value(call->graph, x)->dtype))
    return take_element(call, x, &range);
  const scull_shape_t shape = scull_graph_value(call->graph, x)->shape[0];
  if ((is_late(call, x) || is_late(call, range.start_tensor)) && dropped.size > 0 &&
      dropped.size == range.axes.size && dropped.size <= (size_t)shape.rank &&
      (range.start_tensor != SCULL_NO_ID || range.starts.size == dropped.size))
    return take_places(call, x, &range);
  if (range.end_tensor == SCULL_NO_ID && range.steps.size > 0)
    SCULL_TRY(fit_backward(call, &shape, &range));
  if (dropped.size > 0 && dropped.size == (size_t)scull_import_rank(call->graph, x) &&
      scull_paddle_out_rank(call, "Out") == 1)
    dropped.size--;
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", x);
  set_range(&range, &emit);
  if (dropped.size == 0)
    return scull_paddle_end(call, &emit, "Out");
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &out));
  emit = scull_import_emit(&call->emitter, "squeeze", out);
  scull_import_emit_ints(&emit, "axes", dropped);
  return scull_paddle_end(call, &emit, "Out");
}

/* crop: `shape` elements from `offsets` on; -1 takes all that follow. */
static scull_status_t crop(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_ints_t shape = {0}, offsets = {0};
  int64_t ends[SCULL_MAX_RANK];
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_fixed_list(call, "shape", "Shape", "ShapeTensor", &shape));
  SCULL_TRY(scull_paddle_fixed_list(call, "offsets", "Offsets", "OffsetsTensor", &offsets));
  size_t rank = (size_t)scull_import_rank(call->graph, x);
  if (shape.size != rank || offsets.size != rank)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "shape and offsets do not fit rank %zu", rank);
  for (size_t d = 0; d < rank; d++) {
    if (shape.data[d] < 0)
      ends[d] = INT64_MAX;
    else if (!scull_base_i64_add(offsets.data[d], shape.data[d], &ends[d]))
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "shape and offsets overflow");
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", x);
  scull_import_emit_ints(&emit, "starts", offsets);
  scull_import_emit_ints(&emit, "ends", (scull_ints_t){ends, rank});
  return scull_paddle_end(call, &emit, "Out");
}

/* Each axis is walked from its end. */
static scull_status_t reverse(scull_paddle_call_t *call) {
  scull_ints_t axes = scull_paddle_ints(call, "axis");
  int64_t starts[SCULL_MAX_RANK], ends[SCULL_MAX_RANK], steps[SCULL_MAX_RANK];
  if (axes.size == 0 || axes.size > SCULL_MAX_RANK)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu axes", axes.size);
  for (size_t i = 0; i < axes.size; i++) {
    starts[i] = -1;
    ends[i] = INT64_MIN;
    steps[i] = -1;
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", scull_paddle_in(call, "X"));
  scull_import_emit_ints(&emit, "axes", axes);
  scull_import_emit_ints(&emit, "starts", (scull_ints_t){starts, axes.size});
  scull_import_emit_ints(&emit, "ends", (scull_ints_t){ends, axes.size});
  scull_import_emit_ints(&emit, "steps", (scull_ints_t){steps, axes.size});
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t roll(scull_paddle_call_t *call) {
  scull_ints_t shifts = {0};
  SCULL_TRY(scull_paddle_fixed_list(call, "shifts", "ShiftsTensor", NULL, &shifts));
  scull_emit_t emit = scull_import_emit(&call->emitter, "roll", scull_paddle_in(call, "X"));
  scull_import_emit_ints(&emit, "shifts", shifts);
  scull_import_emit_ints(&emit, "axes", scull_paddle_ints(call, "axis"));
  return scull_paddle_end(call, &emit, "Out");
}

/* --- padding --------------------------------------------------------------------------------- */

/* Adds a pad node. `pads` has 2 * rank numbers: begins, then ends. */
static scull_status_t emit_pad(scull_paddle_call_t *call, scull_value_id_t x, const int64_t *pads,
                               const char *value) {
  static const char *const words[][2] = {{"constant", "constant"},
                                         {"reflect", "reflect"},
                                         {"edge", "edge"},
                                         {"replicate", "edge"},
                                         {"circular", "wrap"}};
  const char *mode = scull_paddle_text(call, "mode", "constant"), *word = mode;
  double fill = 0;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(words[i][0], mode) == 0)
      word = words[i][1];
  }
  SCULL_TRY(scull_paddle_fixed_float(call, value, "PadValue", 0, &fill));
  scull_emit_t emit = scull_import_emit(&call->emitter, "pad", x);
  scull_import_emit_ints(&emit, "pads",
                         (scull_ints_t){pads, 2 * (size_t)scull_import_rank(call->graph, x)});
  scull_import_emit_word(&emit, "mode", word);
  scull_import_emit_float(&emit, "value", fill);
  return scull_paddle_end(call, &emit, "Out");
}

/* pad: before and after, dimension by dimension. */
static scull_status_t pad(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_ints_t given = scull_paddle_ints(call, "paddings");
  int64_t pads[2 * SCULL_MAX_RANK];
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  size_t rank = (size_t)scull_import_rank(call->graph, x);
  if (given.size != 2 * rank)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu paddings for rank %zu",
                           given.size, rank);
  for (size_t d = 0; d < rank; d++) {
    pads[d] = given.data[2 * d];
    pads[rank + d] = given.data[2 * d + 1];
  }
  return emit_pad(call, x, pads, "pad_value");
}

/* pad2d {top, bottom, left, right} and pad3d {left, right, top, bottom, front, back}: the spatial
 * axes only, outermost first or last. */
static scull_status_t pad_spatial(scull_paddle_call_t *call, const char *value,
                                  bool innermost_first) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_ints_t given = {0};
  int64_t pads[2 * SCULL_MAX_RANK] = {0};
  size_t first = scull_paddle_channels_last(call, "data_format") ? 1 : 2;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_fixed_list(call, "paddings", "Paddings", NULL, &given));
  size_t rank = (size_t)scull_import_rank(call->graph, x), spatial = rank < 3 ? 0 : rank - 2;
  if (given.size != 2 * spatial)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu paddings for rank %zu",
                           given.size, rank);
  for (size_t s = 0; s < spatial; s++) {
    size_t from = innermost_first ? spatial - 1 - s : s;
    pads[first + s] = given.data[2 * from];
    pads[rank + first + s] = given.data[2 * from + 1];
  }
  return emit_pad(call, x, pads, value);
}

static scull_status_t pad2d(scull_paddle_call_t *call) {
  return pad_spatial(call, "pad_value", false);
}

static scull_status_t pad3d(scull_paddle_call_t *call) {
  return pad_spatial(call, "value", true);
}

/* --- repetition ------------------------------------------------------------------------------ */

/* A node with a list that may be a tensor: its second input. */
static scull_status_t emit_listed(scull_paddle_call_t *call, const char *op, const char *attr,
                                  scull_ints_t list, scull_value_id_t tensor) {
  scull_emit_t emit = scull_import_emit(&call->emitter, op, scull_paddle_in(call, "X"));
  if (tensor != SCULL_NO_ID)
    scull_import_emit_input(&emit, tensor);
  else
    scull_import_emit_ints(&emit, attr, list);
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t expand_v2(scull_paddle_call_t *call) {
  scull_ints_t shape = {0};
  scull_value_id_t tensor = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_list(call, "shape", "Shape", "expand_shapes_tensor", &shape, &tensor));
  return emit_listed(call, "expand", "shape", shape, tensor);
}

static scull_status_t expand_as(scull_paddle_call_t *call) {
  scull_value_id_t like = scull_paddle_in(call, "Y"), shape = SCULL_NO_ID;
  if (like == SCULL_NO_ID)
    return emit_listed(call, "expand", "shape", scull_paddle_ints(call, "target_shape"),
                       SCULL_NO_ID);
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "shape", like, SCULL_NO_ID, NULL, &shape));
  return emit_listed(call, "expand", "shape", (scull_ints_t){0}, shape);
}

static scull_status_t tile(scull_paddle_call_t *call) {
  scull_ints_t times = {0};
  scull_value_id_t tensor = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_list(call, "repeat_times", "RepeatTimes", "repeat_times_tensor", &times,
                              &tensor));
  return emit_listed(call, "tile", "repeats", times, tensor);
}

static scull_status_t expand_v1(scull_paddle_call_t *call) {
  scull_ints_t times = {0};
  scull_value_id_t tensor = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_list(call, "expand_times", "ExpandTimes", "expand_times_tensor", &times,
                              &tensor));
  return emit_listed(call, "tile", "repeats", times, tensor);
}

/* Every input along an axis of its own, all of the common size. */
static scull_status_t meshgrid(scull_paddle_call_t *call) {
  scull_value_id_t *parts = NULL;
  size_t count = 0;
  int64_t dims[SCULL_MAX_RANK], whole[SCULL_MAX_RANK];
  SCULL_TRY(scull_paddle_in_all(call, "X", &parts, &count));
  if (count > SCULL_MAX_RANK)
    return scull_import_unsupported(&call->emitter, "more than %d inputs", SCULL_MAX_RANK);
  for (size_t i = 0; i < count; i++) {
    if (!scull_graph_is_fixed(call->graph, parts[i]))
      return scull_import_unsupported(&call->emitter, "an input has no fixed shape");
    whole[i] = scull_tensor_count(&scull_graph_value(call->graph, parts[i])->shape[0]);
  }
  for (size_t i = 0; i < count; i++) {
    for (size_t d = 0; d < count; d++)
      dims[d] = d == i ? -1 : 1;
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, parts[i], (scull_ints_t){dims, count}, NULL,
                                        &parts[i]));
    scull_emit_t emit = scull_import_emit(&call->emitter, "expand", parts[i]);
    scull_import_emit_ints(&emit, "shape", (scull_ints_t){whole, count});
    SCULL_TRY(scull_import_emit_end(&emit, scull_paddle_out_name(call, "Out", i), &parts[i]));
    scull_paddle_set(call, "Out", i, parts[i]);
  }
  return SCULL_OK;
}

/* Every input expanded to the common shape, which a comparison of each with itself has. */
static scull_status_t broadcast_tensors(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t *parts = NULL, common = SCULL_NO_ID, shape = SCULL_NO_ID;
  size_t count = 0;
  SCULL_TRY(scull_paddle_in_all(call, "X", &parts, &count));
  for (size_t i = 0; i < count; i++) {
    scull_value_id_t same = SCULL_NO_ID;
    SCULL_TRY(scull_import_emit_simple(to, "equal", parts[i], parts[i], NULL, &same));
    if (i == 0)
      common = same;
    else
      SCULL_TRY(scull_import_emit_simple(to, "logical_or", common, same, NULL, &common));
  }
  SCULL_TRY(scull_import_emit_simple(to, "shape", common, SCULL_NO_ID, NULL, &shape));
  for (size_t i = 0; i < count; i++) {
    scull_value_id_t out = SCULL_NO_ID;
    scull_emit_t emit = scull_import_emit(to, "expand", parts[i]);
    scull_import_emit_input(&emit, shape);
    SCULL_TRY(scull_import_emit_end(&emit, scull_paddle_out_name(call, "Out", i), &out));
    scull_paddle_set(call, "Out", i, out);
  }
  return SCULL_OK;
}

static const scull_paddle_row_t rows[] = {
    {"reshape", reshape, "reshape", NULL, NULL},
    {"reshape2", reshape, "reshape", NULL, NULL},
    {"transpose", scull_paddle_map_plain, "transpose", NULL, "axis>perm="},
    {"transpose2", scull_paddle_map_plain, "transpose", NULL, "axis>perm="},
    {"squeeze", squeeze, "squeeze", NULL, NULL},
    {"squeeze2", squeeze, "squeeze", NULL, NULL},
    {"unsqueeze", unsqueeze, "unsqueeze", NULL, NULL},
    {"unsqueeze2", unsqueeze, "unsqueeze", NULL, NULL},
    {"flatten", flatten2, NULL, NULL, NULL},
    {"flatten2", flatten2, NULL, NULL, NULL},
    {"flatten_contiguous_range", scull_paddle_map_plain, "flatten", NULL,
     "start_axis>start=1 stop_axis>stop=-1"},
    {"concat", concat, "concat", NULL, NULL},
    {"split", split, "split", NULL, NULL},
    {"stack", stack, NULL, NULL, NULL},
    {"unstack", unstack, NULL, "Y", NULL},
    {"unbind", unstack, NULL, "Out", NULL},
    {"slice", slice, "slice", NULL, NULL},
    {"strided_slice", slice, "slice", NULL, NULL},
    {"crop", crop, "slice", NULL, NULL},
    {"crop_tensor", crop, "slice", NULL, NULL},
    {"reverse", reverse, "slice", NULL, NULL},
    {"flip", reverse, "slice", NULL, NULL},
    {"roll", roll, "roll", NULL, NULL},
    {"pad", pad, "pad", NULL, NULL},
    {"pad2d", pad2d, "pad", NULL, NULL},
    {"pad3d", pad3d, "pad", NULL, NULL},
    {"expand", expand_v1, "tile", NULL, NULL},
    {"expand_v2", expand_v2, "expand", NULL, NULL},
    {"expand_as_v2", expand_as, "expand", NULL, NULL},
    {"tile", tile, "tile", NULL, NULL},
    {"broadcast_tensors", broadcast_tensors, "expand", NULL, NULL},
    {"meshgrid", meshgrid, NULL, NULL, NULL},
};

SCULL_PADDLE_ROWS(shape, rows);
