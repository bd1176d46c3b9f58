/* Operators that move elements. Axes are the file's; where a value is had channels first they are
 * translated, and where an operator depends on the order of elements it asks for the file's. */
#include <string.h>

#include "import/tensorflow/call.h"

/* --- constants ------------------------------------------------------------------------------- */

static scull_status_t constant(scull_tf_call_t *call) {
  static const uint64_t nothing = 0;
  const scull_tf_attr_t *value = scull_tf_attr_find(call->node, "value");
  scull_value_id_t out = SCULL_NO_ID;
  if (value == NULL || value->kind != SCULL_TF_ATTR_TENSOR)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "it has no value");
  if (value->type.dtype == SCULL_DTYPE_NONE)
    return scull_import_unsupported(&call->emitter,
                                    "its element type (text, complex) is none of Scull's");
  if (!value->is_one || scull_tensor_count(&value->type.shape) == 1) {
    const void *data = value->data;
    if (data == NULL) {
      data = scull_base_arena_copy(&call->graph->arena, value->is_one ? &value->one : &nothing,
                                   sizeof value->one);
      if (data == NULL)
        return scull_base_fail_memory(call->graph->diag, "a graph");
    }
    SCULL_TRY(scull_graph_add_constant(call->graph, call->node->name, &value->type, data, &out));
    scull_tf_set(call, 0, out, false);
    return SCULL_OK;
  }
  int64_t dims[SCULL_MAX_RANK];
  memcpy(dims, value->type.shape.dim, sizeof dims);
  scull_emit_t emit = scull_import_emit(&call->emitter, "fill", SCULL_NO_ID);
  scull_import_emit_ints(&emit, "shape", (scull_ints_t){dims, (size_t)value->type.shape.rank});
  scull_import_emit_float(&emit, "value", scull_tensor_load(&value->one, value->type.dtype, 0));
  scull_import_emit_dtype(&emit, "to", value->type.dtype);
  return scull_tf_end(call, &emit, false);
}

/* --- shapes ---------------------------------------------------------------------------------- */

/* The shape in the file's order; of a value that is had channels first, its extents are picked. */
static scull_status_t emit_shape(scull_tf_call_t *call, size_t index, scull_dtype_t to,
                                 scull_value_id_t *out) {
  scull_value_id_t x = SCULL_NO_ID, order = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, index, &first, &x));
  first = first && call->inputs[index]->plain == SCULL_NO_ID;
  scull_emit_t emit =
      scull_import_emit(&call->emitter, "shape", first ? x : call->inputs[index]->plain);
  scull_import_emit_dtype(&emit, "to", to);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, out));
  if (!first)
    return SCULL_OK;
  SCULL_TRY(scull_import_emit_i64(&call->emitter, SCULL_INTS(0, 2, 3, 1), &order));
  return scull_import_emit_simple(&call->emitter, "gather", *out, order, NULL, out);
}

static scull_status_t shape(scull_tf_call_t *call) {
  scull_dtype_t to = SCULL_DTYPE_NONE;
  scull_value_id_t out = SCULL_NO_ID;
  SCULL_TRY(scull_tf_type(call, "out_type", SCULL_DTYPE_I32, &to));
  for (size_t i = 0; i < call->node->input_count && i < call->node->outputs; i++) {
    SCULL_TRY(emit_shape(call, i, to, &out));
    scull_tf_set(call, i, out, false);
  }
  return scull_tf_need(call, 1);
}

static scull_status_t rank(scull_tf_call_t *call) {
  scull_value_id_t out = SCULL_NO_ID;
  SCULL_TRY(scull_tf_need(call, 1));
  SCULL_TRY(
      scull_import_emit_scalar(&call->emitter, SCULL_DTYPE_I32, scull_tf_rank(call, 0), &out));
  scull_tf_set(call, 0, out, false);
  return SCULL_OK;
}

static scull_status_t size(scull_tf_call_t *call) {
  scull_dtype_t to = SCULL_DTYPE_NONE;
  scull_value_id_t dims = SCULL_NO_ID;
  SCULL_TRY(scull_tf_type(call, "out_type", SCULL_DTYPE_I32, &to));
  SCULL_TRY(scull_tf_need(call, 1));
  SCULL_TRY(emit_shape(call, 0, to, &dims));
  scull_emit_t emit = scull_import_emit(&call->emitter, "reduce_prod", dims);
  return scull_tf_end(call, &emit, false);
}

/* True when a value that is had channels first has one pixel (or one channel): then both orders
 * have the same bytes. */
static bool orders_agree(const scull_tf_call_t *call, scull_value_id_t x) {
  const scull_value_t *value = scull_graph_value(call->graph, x);
  for (int p = 0; p < call->graph->points; p++) {
    const int64_t *dim = value->shape[p].dim;
    if (dim[1] != 1 && (dim[2] != 1 || dim[3] != 1))
      return false;
  }
  return true;
}

static scull_status_t reshape(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, wanted = SCULL_NO_ID;
  scull_ints_t list = {0};
  bool first = false, is_known = false;
  SCULL_TRY(scull_tf_need(call, 2));
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  if (first && !orders_agree(call, x))
    SCULL_TRY(scull_tf_plain(call, 0, &x));
  SCULL_TRY(scull_tf_list(call, 1, &list, &is_known));
  SCULL_TRY(scull_tf_plain(call, 1, &wanted));
  scull_emit_t emit = scull_import_emit(&call->emitter, "reshape", x);
  if (is_known)
    scull_import_emit_ints(&emit, "shape", list);
  else
    scull_import_emit_input(&emit, wanted);
  scull_import_emit_bool(&emit, "allow_zero", true); /* 0 means no elements here */
  return scull_tf_end(call, &emit, false);
}

static scull_status_t squeeze(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_ints_t dims = scull_tf_ints(call, "squeeze_dims");
  int64_t axes[SCULL_MAX_RANK];
  bool first = false, gone[SCULL_MAX_RANK] = {false};
  size_t count = 0;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  int32_t ranks = scull_tf_rank(call, 0);
  if (dims.size == 0 && !scull_graph_is_fixed(call->graph, x))
    return scull_import_unsupported(&call->emitter, "it takes out whatever axes are 1");
  const scull_shape_t *from = &scull_graph_value(call->graph, x)->shape[0];
  for (size_t i = 0; i < dims.size; i++) {
    int32_t axis = 0;
    SCULL_TRY(scull_tf_axis(call, 0, dims.data[i], &axis));
    gone[axis] = true;
  }
  for (int32_t d = 0; d < ranks; d++) {
    int64_t at = first ? scull_tf_axis_first(d) : d;
    if (dims.size == 0)
      gone[d] = from->dim[at] == 1;
    if (gone[d] && from->dim[at] != 1)
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %d has %lld elements", d,
                             (long long)from->dim[at]);
    if (gone[d])
      axes[count++] = at;
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, count == 0 ? "identity" : "squeeze", x);
  if (count > 0)
    scull_import_emit_ints(&emit, "axes", (scull_ints_t){axes, count});
  return count == 0 ? scull_tf_end(call, &emit, first)
                    : scull_tf_end_without(call, &emit, first, gone);
}

static scull_status_t expand_dims(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t axis = 0;
  SCULL_TRY(scull_tf_fixed_int(call, 1, "axis", &axis));
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  int64_t ranks = scull_tf_rank(call, 0);
  axis = axis < 0 ? axis + ranks + 1 : axis;
  if (axis < 0 || axis > ranks)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of %lld", (long long)axis,
                           (long long)ranks + 1);
  scull_emit_t emit = scull_import_emit(&call->emitter, "unsqueeze", x);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(axis));
  return scull_tf_end(call, &emit, false);
}

/* A transpose between the two orders is a change of name, no work. */
static scull_status_t transpose(scull_tf_call_t *call) {
  static const int64_t to_first[4] = {0, 3, 1, 2}, to_last[4] = {0, 2, 3, 1};
  scull_value_id_t x = SCULL_NO_ID;
  scull_ints_t perm = {0};
  bool first = false;
  SCULL_TRY(scull_tf_fixed_list(call, 1, "permutation", &perm));
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  bool four = perm.size == 4;
  if (four && first && memcmp(perm.data, to_first, sizeof to_first) == 0) {
    scull_emit_t emit = scull_import_emit(&call->emitter, "identity", x);
    return scull_tf_end(call, &emit, false);
  }
  if (four && !first && memcmp(perm.data, to_last, sizeof to_last) == 0) {
    scull_emit_t emit = scull_import_emit(&call->emitter, "identity", x);
    return scull_tf_end(call, &emit, true);
  }
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "transpose", x);
  scull_import_emit_ints(&emit, "perm", perm);
  return scull_tf_end(call, &emit, false);
}

/* --- joining --------------------------------------------------------------------------------- */

/* Inputs [begin, begin + count), all in one order: channels first when one of them is. */
static scull_status_t gather(scull_tf_call_t *call, size_t begin, size_t count, bool *first,
                             scull_value_id_t **out) {
  *out = SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, count);
  *first = false;
  if (*out == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  bool four = true;
  for (size_t i = begin; i < begin + count; i++) {
    *first = *first || call->inputs[i]->first != SCULL_NO_ID;
    four = four && scull_tf_rank(call, i) == 4;
  }
  *first = *first && four;
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(*first ? scull_tf_first(call, begin + i, &(*out)[i])
                     : scull_tf_plain(call, begin + i, &(*out)[i]));
  return SCULL_OK;
}

/* ConcatV2 has its axis last, Concat first. */
static scull_status_t concat(scull_tf_call_t *call) {
  bool old = strcmp(call->node->op, "Concat") == 0, first = false;
  scull_value_id_t *parts = NULL;
  int64_t given = 0;
  int32_t axis = 0;
  SCULL_TRY(scull_tf_need(call, 2));
  size_t count = call->node->input_count - 1;
  SCULL_TRY(scull_tf_fixed_int(call, old ? 0 : count, "axis", &given));
  SCULL_TRY(scull_tf_axis(call, old ? 1 : 0, given, &axis));
  SCULL_TRY(gather(call, old ? 1 : 0, count, &first, &parts));
  scull_emit_t emit = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, parts, count);
  scull_import_emit_int(&emit, "axis", first ? scull_tf_axis_first(axis) : axis);
  return scull_tf_end(call, &emit, first);
}

static scull_status_t pack(scull_tf_call_t *call) {
  size_t count = call->node->input_count;
  int64_t axis = scull_tf_int(call, "axis", 0);
  scull_value_id_t *parts = SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, count);
  SCULL_TRY(scull_tf_need(call, 1));
  if (parts == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  int64_t ranks = scull_tf_rank(call, 0);
  axis = axis < 0 ? axis + ranks + 1 : axis;
  if (axis < 0 || axis > ranks)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of %lld", (long long)axis,
                           (long long)ranks + 1);
  for (size_t i = 0; i < count; i++) {
    SCULL_TRY(scull_tf_plain(call, i, &parts[i]));
    SCULL_TRY(
        scull_import_emit_unsqueeze(&call->emitter, parts[i], SCULL_INTS(axis), NULL, &parts[i]));
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, parts, count);
  scull_import_emit_int(&emit, "axis", axis);
  return scull_tf_end(call, &emit, false);
}

/* --- cutting --------------------------------------------------------------------------------- */

/* Names of outputs: "node", "node:1", ... */
static scull_status_t names_of(scull_tf_call_t *call, size_t count, const char ***out) {
  *out = SCULL_ARENA_ARRAY(&call->graph->arena, const char *, count);
  if (*out == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  for (size_t i = 0; i < count; i++) {
    (*out)[i] = i == 0
                    ? call->node->name
                    : scull_base_arena_format(&call->graph->arena, "%s:%zu", call->node->name, i);
    if ((*out)[i] == NULL)
      return scull_base_fail_memory(call->graph->diag, "a graph");
  }
  return SCULL_OK;
}

enum { MANY_PARTS = 1024 };

static scull_status_t end_parts(scull_tf_call_t *call, scull_value_id_t x, int32_t axis, bool first,
                                scull_ints_t sections, int64_t parts) {
  const char **names = NULL;
  if (parts < 1 || parts > MANY_PARTS)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%lld parts", (long long)parts);
  size_t count = (size_t)parts;
  scull_value_id_t *outs = SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, count);
  if (outs == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  SCULL_TRY(names_of(call, count, &names));
  scull_emit_t emit = scull_import_emit(&call->emitter, "split", x);
  scull_import_emit_int(&emit, "axis", first ? scull_tf_axis_first(axis) : axis);
  scull_import_emit_ints(&emit, "sections", sections);
  SCULL_TRY(scull_import_emit_end_many(&emit, names, count, outs));
  for (size_t i = 0; i < count; i++)
    scull_tf_set(call, i, outs[i], first);
  return SCULL_OK;
}

static scull_status_t split(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t given = 0;
  int32_t axis = 0;
  bool first = false;
  SCULL_TRY(scull_tf_fixed_int(call, 0, "axis", &given));
  SCULL_TRY(scull_tf_any(call, 1, &first, &x));
  SCULL_TRY(scull_tf_axis(call, 1, given, &axis));
  return end_parts(call, x, axis, first, (scull_ints_t){0}, scull_tf_int(call, "num_split", 1));
}

static scull_status_t split_v(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_ints_t sections = {0};
  int64_t given = 0;
  int32_t axis = 0;
  bool first = false;
  SCULL_TRY(scull_tf_fixed_list(call, 1, "sizes", &sections));
  SCULL_TRY(scull_tf_fixed_int(call, 2, "axis", &given));
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  SCULL_TRY(scull_tf_axis(call, 0, given, &axis));
  return end_parts(call, x, axis, first, sections, (int64_t)sections.size);
}

static scull_status_t unpack(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, part = SCULL_NO_ID;
  int64_t parts = scull_tf_int(call, "num", 0);
  int32_t axis = 0;
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  SCULL_TRY(scull_tf_axis(call, 0, scull_tf_int(call, "axis", 0), &axis));
  SCULL_TRY(end_parts(call, x, axis, false, (scull_ints_t){0}, parts));
  for (size_t i = 0; i < (size_t)parts && i < call->node->outputs; i++) {
    part = call->outputs[i].plain;
    SCULL_TRY(scull_import_emit_squeeze(&call->emitter, part, SCULL_INTS(axis), NULL, &part));
    scull_tf_set(call, i, part, false);
  }
  return SCULL_OK;
}

/* --- slices ---------------------------------------------------------------------------------- */

typedef struct {
  int64_t axes[SCULL_MAX_RANK], starts[SCULL_MAX_RANK], ends[SCULL_MAX_RANK], steps[SCULL_MAX_RANK];
  size_t count;
  bool gone[SCULL_MAX_RANK];     /* axes of the input that a single index takes */
  int64_t added[SCULL_MAX_RANK]; /* axes of the result that are new */
  size_t added_count, gone_count;
} slice_t;

/* One entry of the specification for axis `axis`. */
static scull_status_t read_entry(const scull_tf_call_t *call, const int64_t entry[3], size_t i,
                                 int32_t axis, slice_t *s) {
  int64_t begin = entry[0], end = entry[1], step = entry[2];
  bool shrink = (scull_tf_int(call, "shrink_axis_mask", 0) >> i & 1) != 0;
  if (step == 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "a step of 0");
  if (shrink) {
    s->gone[axis] = true;
    s->gone_count++;
    end = begin == -1 ? INT64_MAX : begin + 1;
    step = 1;
  } else {
    if ((scull_tf_int(call, "begin_mask", 0) >> i & 1) != 0)
      begin = step > 0 ? 0 : INT64_MAX;
    if ((scull_tf_int(call, "end_mask", 0) >> i & 1) != 0)
      end = step > 0 ? INT64_MAX : INT64_MIN;
    if (begin == 0 && end == INT64_MAX && step == 1)
      return SCULL_OK;
  }
  s->axes[s->count] = axis;
  s->starts[s->count] = begin;
  s->ends[s->count] = end;
  s->steps[s->count++] = step;
  return SCULL_OK;
}

/* The masks of StridedSlice, as NumPy's slices are written. */
static scull_status_t read_spec(const scull_tf_call_t *call, const scull_ints_t lists[3],
                                slice_t *s) {
  int64_t ellipsis = scull_tf_int(call, "ellipsis_mask", 0);
  int64_t fresh = scull_tf_int(call, "new_axis_mask", 0) & ~ellipsis;
  int32_t ranks = scull_tf_rank(call, 0), axis = 0, result = 0;
  size_t size = lists[0].size, used = 0;
  if (size != lists[1].size || size != lists[2].size || size > 2 * SCULL_MAX_RANK)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu begins, %zu ends, %zu strides",
                           size, lists[1].size, lists[2].size);
  for (size_t i = 0; i < size; i++)
    used += ((ellipsis | fresh) >> i & 1) == 0;
  for (size_t i = 0; i < size; i++) {
    const int64_t entry[3] = {lists[0].data[i], lists[1].data[i], lists[2].data[i]};
    if ((ellipsis >> i & 1) != 0) {
      int32_t skipped = used < (size_t)ranks ? ranks - (int32_t)used : 0;
      axis += skipped;
      result += skipped;
      used += (size_t)skipped;
      continue;
    }
    if ((fresh >> i & 1) != 0) {
      if (s->added_count == SCULL_MAX_RANK)
        return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "too many new axes");
      s->added[s->added_count++] = result++;
      continue;
    }
    if (axis >= ranks)
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "it slices more than %d axes",
                             ranks);
    SCULL_TRY(read_entry(call, entry, i, axis, s));
    result += !s->gone[axis];
    axis++;
  }
  return SCULL_OK;
}

static scull_status_t emit_slice(scull_tf_call_t *call, slice_t *s, bool *first,
                                 scull_value_id_t *x) {
  *first = *first && s->added_count == 0;
  if (*first)
    SCULL_TRY(scull_tf_first(call, 0, x));
  else
    SCULL_TRY(scull_tf_plain(call, 0, x));
  for (size_t i = 0; *first && i < s->count; i++)
    s->axes[i] = scull_tf_axis_first(s->axes[i]);
  if (s->count == 0)
    return SCULL_OK;
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", *x);
  scull_import_emit_ints(&emit, "axes", (scull_ints_t){s->axes, s->count});
  scull_import_emit_ints(&emit, "starts", (scull_ints_t){s->starts, s->count});
  scull_import_emit_ints(&emit, "ends", (scull_ints_t){s->ends, s->count});
  scull_import_emit_ints(&emit, "steps", (scull_ints_t){s->steps, s->count});
  return scull_import_emit_end(&emit, NULL, x);
}

static scull_status_t end_slice(scull_tf_call_t *call, slice_t *s, bool first) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t axes[SCULL_MAX_RANK];
  size_t count = 0;
  SCULL_TRY(emit_slice(call, s, &first, &x));
  for (int32_t d = 0; d < scull_tf_rank(call, 0); d++) {
    if (s->gone[d])
      axes[count++] = first ? scull_tf_axis_first(d) : d;
  }
  if (s->added_count > 0) {
    if (count > 0)
      SCULL_TRY(
          scull_import_emit_squeeze(&call->emitter, x, (scull_ints_t){axes, count}, NULL, &x));
    scull_emit_t emit = scull_import_emit(&call->emitter, "unsqueeze", x);
    scull_import_emit_ints(&emit, "axes", (scull_ints_t){s->added, s->added_count});
    return scull_tf_end(call, &emit, false);
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, count > 0 ? "squeeze" : "identity", x);
  if (count == 0)
    return scull_tf_end(call, &emit, first);
  scull_import_emit_ints(&emit, "axes", (scull_ints_t){axes, count});
  return scull_tf_end_without(call, &emit, first, s->gone);
}

/* Bounds that are computed: taken as they are, where no mask changes what they mean. */
static scull_status_t open_slice(scull_tf_call_t *call, scull_ints_t steps) {
  static const char *const masks[] = {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask",
                                      "shrink_axis_mask"};
  scull_value_id_t x = SCULL_NO_ID, starts = SCULL_NO_ID, ends = SCULL_NO_ID;
  for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
    if (scull_tf_int(call, masks[i], 0) != 0)
      return scull_import_unsupported(&call->emitter,
                                      "its bounds are computed while the network runs");
  }
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  SCULL_TRY(scull_tf_plain(call, 1, &starts));
  SCULL_TRY(scull_tf_plain(call, 2, &ends));
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", x);
  scull_import_emit_input(&emit, starts);
  scull_import_emit_input(&emit, ends);
  scull_import_emit_ints(&emit, "steps", steps);
  return scull_tf_end(call, &emit, false);
}

static scull_status_t strided_slice(scull_tf_call_t *call) {
  scull_ints_t lists[3] = {{0}};
  slice_t s = {.count = 0};
  bool known[3], first = false;
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_tf_need(call, 4));
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  for (size_t i = 0; i < 3; i++)
    SCULL_TRY(scull_tf_list(call, i + 1, &lists[i], &known[i]));
  if (!known[2])
    return scull_import_unsupported(&call->emitter, "its strides are computed");
  if (!known[0] || !known[1])
    return open_slice(call, lists[2]);
  SCULL_TRY(read_spec(call, lists, &s));
  return end_slice(call, &s, first);
}

/* Slice: begins and sizes, a size of -1 to the end. */
static scull_status_t slice(scull_tf_call_t *call) {
  scull_ints_t begins = {0}, sizes = {0};
  slice_t s = {.count = 0};
  bool first = false;
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  SCULL_TRY(scull_tf_fixed_list(call, 1, "begin", &begins));
  SCULL_TRY(scull_tf_fixed_list(call, 2, "size", &sizes));
  size_t ranks = (size_t)scull_tf_rank(call, 0);
  if (begins.size != ranks || sizes.size != ranks)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu begins, %zu sizes for %zu axes",
                           begins.size, sizes.size, ranks);
  for (size_t d = 0; d < ranks; d++) {
    int64_t begin = begins.data[d], size = sizes.data[d];
    if (begin < 0 || size < -1 || begin > INT32_MAX || size > INT32_MAX)
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "begin %lld, size %lld",
                             (long long)begin, (long long)size);
    if (begin == 0 && size == -1)
      continue;
    s.axes[s.count] = (int64_t)d;
    s.starts[s.count] = begin;
    s.ends[s.count] = size == -1 ? INT64_MAX : begin + size;
    s.steps[s.count++] = 1;
  }
  return end_slice(call, &s, first);
}

/* --- repeating and padding ------------------------------------------------------------------- */

static scull_status_t tile(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, repeats = SCULL_NO_ID;
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  SCULL_TRY(scull_tf_plain(call, 1, &repeats));
  SCULL_TRY(scull_import_emit_list(&call->emitter, repeats, &repeats));
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  scull_import_emit_input(&emit, repeats);
  return scull_tf_end(call, &emit, false);
}

/* Pairs of begin and end, an axis each, as our begins and ends. */
static scull_status_t pad(scull_tf_call_t *call) {
  const char *mode = scull_tf_text(call, "mode", NULL);
  scull_value_id_t x = SCULL_NO_ID;
  scull_ints_t pairs = {0};
  int64_t pads[2 * SCULL_MAX_RANK];
  double value = 0;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  SCULL_TRY(scull_tf_fixed_list(call, 1, "paddings", &pairs));
  if (strcmp(call->node->op, "PadV2") == 0)
    SCULL_TRY(scull_tf_fixed_float(call, 2, "value", &value));
  size_t ranks = (size_t)scull_tf_rank(call, 0);
  if (pairs.size != 2 * ranks)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu paddings for %zu axes",
                           pairs.size, ranks);
  if (mode != NULL && strcmp(mode, "REFLECT") != 0)
    return scull_import_unsupported(&call->emitter, "its mode is %s", mode);
  for (size_t d = 0; d < ranks; d++) {
    size_t at = first ? (size_t)scull_tf_axis_first((int64_t)d) : d;
    pads[at] = pairs.data[2 * d];
    pads[ranks + at] = pairs.data[2 * d + 1];
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "pad", x);
  scull_import_emit_ints(&emit, "pads", (scull_ints_t){pads, 2 * ranks});
  scull_import_emit_word(&emit, "mode", mode != NULL ? "reflect" : "constant");
  scull_import_emit_float(&emit, "value", value);
  return scull_tf_end(call, &emit, first);
}

static scull_status_t fill(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, dims = SCULL_NO_ID;
  SCULL_TRY(scull_tf_plain(call, 0, &dims));
  SCULL_TRY(scull_tf_plain(call, 1, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "expand", x);
  scull_import_emit_input(&emit, dims);
  return scull_tf_end(call, &emit, false);
}

/* --- blocks between space and batch ---------------------------------------------------------- */

/* How TensorFlow 1 writes a dilated convolution: pictures apart into interleaved ones and back. */
typedef struct {
  int64_t block[2], edges[4]; /* edges: begin and end of height, of width */
  int64_t dim[4];             /* of the input; the batch is not read */
} blocks_t;

static scull_status_t read_blocks(scull_tf_call_t *call, scull_value_id_t *x, blocks_t *b) {
  scull_ints_t block = {0}, edges = {0};
  SCULL_TRY(scull_tf_plain(call, 0, x));
  SCULL_TRY(scull_tf_fixed_list(call, 1, "block shape", &block));
  SCULL_TRY(scull_tf_fixed_list(call, 2, "paddings or crops", &edges));
  const scull_value_t *value = scull_graph_value(call->graph, *x);
  if (value->shape[0].rank != 4 || block.size != 2 || edges.size != 4)
    return scull_import_unsupported(&call->emitter, "it is not of the two axes of a picture");
  for (int p = 1; p < call->graph->points; p++) {
    if (memcmp(&value->shape[p].dim[1], &value->shape[0].dim[1], 3 * sizeof(int64_t)) != 0)
      return scull_import_unsupported(&call->emitter, "its pictures change their size");
  }
  memcpy(b->dim, value->shape[0].dim, sizeof b->dim);
  memcpy(b->edges, edges.data, sizeof b->edges);
  memcpy(b->block, block.data, sizeof b->block);
  for (size_t i = 0; i < 4; i++) {
    if (b->edges[i] < 0 || b->edges[i] > INT16_MAX || b->block[i / 2] < 1 ||
        b->block[i / 2] > INT16_MAX || b->dim[i] > INT32_MAX)
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "blocks of %lld, edges of %lld",
                             (long long)b->block[i / 2], (long long)b->edges[i]);
  }
  return SCULL_OK;
}

static scull_status_t space_to_batch(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  blocks_t b = {.block = {1, 1}};
  SCULL_TRY(read_blocks(call, &x, &b));
  const int64_t pads[8] = {0, b.edges[0], b.edges[2], 0, 0, b.edges[1], b.edges[3], 0};
  int64_t h = b.dim[1] + b.edges[0] + b.edges[1], w = b.dim[2] + b.edges[2] + b.edges[3];
  if (h % b.block[0] != 0 || w % b.block[1] != 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%lld x %lld pixels in blocks",
                           (long long)h, (long long)w);
  h /= b.block[0];
  w /= b.block[1];
  scull_emit_t pad = scull_import_emit(&call->emitter, "pad", x);
  scull_import_emit_ints(&pad, "pads", (scull_ints_t){pads, 8});
  SCULL_TRY(scull_import_emit_end(&pad, NULL, &x));
  SCULL_TRY(scull_import_emit_reshape(
      &call->emitter, x, SCULL_INTS(-1, h, b.block[0], w, b.block[1], b.dim[3]), NULL, &x));
  SCULL_TRY(scull_import_emit_transpose(&call->emitter, x, SCULL_INTS(2, 4, 0, 1, 3, 5), NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "reshape", x);
  scull_import_emit_ints(&emit, "shape", SCULL_INTS(-1, h, w, b.dim[3]));
  return scull_tf_end(call, &emit, false);
}

static scull_status_t batch_to_space(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  blocks_t b = {.block = {1, 1}};
  SCULL_TRY(read_blocks(call, &x, &b));
  int64_t h = b.dim[1] * b.block[0], w = b.dim[2] * b.block[1];
  SCULL_TRY(scull_import_emit_reshape(
      &call->emitter, x, SCULL_INTS(b.block[0], b.block[1], -1, b.dim[1], b.dim[2], b.dim[3]), NULL,
      &x));
  SCULL_TRY(scull_import_emit_transpose(&call->emitter, x, SCULL_INTS(2, 3, 0, 4, 1, 5), NULL, &x));
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, x, SCULL_INTS(-1, h, w, b.dim[3]), NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", x);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(1, 2));
  scull_import_emit_ints(&emit, "starts", SCULL_INTS(b.edges[0], b.edges[2]));
  scull_import_emit_ints(&emit, "ends", SCULL_INTS(h - b.edges[1], w - b.edges[3]));
  return scull_tf_end(call, &emit, false);
}

static const scull_tf_row_t rows[] = {
    {"SpaceToBatchND", space_to_batch, NULL, NULL},
    {"BatchToSpaceND", batch_to_space, NULL, NULL},
    {"Const", constant, NULL, NULL},
    {"Shape", shape, "shape", NULL},
    {"ShapeN", shape, "shape", NULL},
    {"Rank", rank, NULL, NULL},
    {"Size", size, NULL, NULL},
    {"Reshape", reshape, "reshape", NULL},
    {"Squeeze", squeeze, "squeeze", NULL},
    {"ExpandDims", expand_dims, "unsqueeze", NULL},
    {"Transpose", transpose, "transpose", NULL},
    {"ConcatV2", concat, "concat", NULL},
    {"Concat", concat, "concat", NULL},
    {"Pack", pack, "concat", NULL},
    {"Split", split, "split", NULL},
    {"SplitV", split_v, "split", NULL},
    {"Unpack", unpack, "split", NULL},
    {"StridedSlice", strided_slice, "slice", NULL},
    {"Slice", slice, "slice", NULL},
    {"Tile", tile, "tile", NULL},
    {"BroadcastTo", tile, "expand", NULL},
    {"Pad", pad, "pad", NULL},
    {"PadV2", pad, "pad", NULL},
    {"MirrorPad", pad, "pad", NULL},
    {"Fill", fill, "expand", NULL},
};

SCULL_TF_ROWS(shape, rows);
