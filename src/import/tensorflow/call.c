/* Inputs in the order of axes that is asked for, outputs, attributes, and the operator table. */
#include "import/tensorflow/call.h"

#include <string.h>

static const scull_tf_rows_t *const families[] = {
    &scull_tf_rows_neuron, &scull_tf_rows_spatial, &scull_tf_rows_shape,
    &scull_tf_rows_index,  &scull_tf_rows_math,
};

enum { FAMILIES = sizeof families / sizeof families[0] };

static const int64_t to_first[4] = {0, 3, 1, 2}, to_plain[4] = {0, 2, 3, 1};

const scull_tf_row_t *scull_tf_row_find(const char *type) {
  for (size_t f = 0; f < FAMILIES; f++) {
    for (size_t i = 0; i < families[f]->count; i++) {
      if (strcmp(families[f]->rows[i].type, type) == 0)
        return &families[f]->rows[i];
    }
  }
  return NULL;
}

void scull_tf_each_operator(scull_import_operator_fn_t fn, void *user) {
  for (size_t f = 0; f < FAMILIES; f++) {
    for (size_t i = 0; i < families[f]->count; i++)
      fn(user, families[f]->rows[i].type, families[f]->rows[i].op);
  }
}

/* --- inputs ---------------------------------------------------------------------------------- */

scull_status_t scull_tf_need(const scull_tf_call_t *call, size_t count) {
  if (call->node->input_count >= count)
    return SCULL_OK;
  return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "it has %zu inputs where %zu are wanted",
                         call->node->input_count, count);
}

scull_status_t scull_tf_any(scull_tf_call_t *call, size_t index, bool *is_first,
                            scull_value_id_t *out) {
  *out = SCULL_NO_ID;
  SCULL_TRY(scull_tf_need(call, index + 1));
  const scull_tf_value_t *value = call->inputs[index];
  *is_first = value->first != SCULL_NO_ID;
  *out = *is_first ? value->first : value->plain;
  return SCULL_OK;
}

scull_status_t scull_tf_plain(scull_tf_call_t *call, size_t index, scull_value_id_t *out) {
  *out = SCULL_NO_ID;
  SCULL_TRY(scull_tf_need(call, index + 1));
  scull_tf_value_t *value = call->inputs[index];
  if (value->plain == SCULL_NO_ID)
    SCULL_TRY(scull_import_emit_transpose(&call->emitter, value->first, (scull_ints_t){to_plain, 4},
                                          NULL, &value->plain));
  *out = value->plain;
  return SCULL_OK;
}

scull_status_t scull_tf_first(scull_tf_call_t *call, size_t index, scull_value_id_t *out) {
  *out = SCULL_NO_ID;
  SCULL_TRY(scull_tf_need(call, index + 1));
  scull_tf_value_t *value = call->inputs[index];
  if (value->first == SCULL_NO_ID && scull_import_rank(call->graph, value->plain) != 4)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "input %zu has %d dimensions where 4 are wanted", index,
                           scull_import_rank(call->graph, value->plain));
  if (value->first == SCULL_NO_ID)
    SCULL_TRY(scull_import_emit_transpose(&call->emitter, value->plain, (scull_ints_t){to_first, 4},
                                          NULL, &value->first));
  *out = value->first;
  return SCULL_OK;
}

static scull_value_id_t either(const scull_tf_call_t *call, size_t index) {
  if (index >= call->node->input_count)
    return SCULL_NO_ID;
  const scull_tf_value_t *value = call->inputs[index];
  return value->plain != SCULL_NO_ID ? value->plain : value->first;
}

int32_t scull_tf_rank(const scull_tf_call_t *call, size_t index) {
  return scull_import_rank(call->graph, either(call, index));
}

scull_dtype_t scull_tf_input_dtype(const scull_tf_call_t *call, size_t index) {
  const scull_value_t *value = scull_graph_value(call->graph, either(call, index));
  return value == NULL ? SCULL_DTYPE_NONE : value->dtype;
}

scull_status_t scull_tf_list(scull_tf_call_t *call, size_t index, scull_ints_t *out,
                             bool *is_known) {
  scull_value_id_t x = SCULL_NO_ID;
  *is_known = false;
  SCULL_TRY(scull_tf_plain(call, index, &x));
  if (!scull_tensor_dtype_is_integer(scull_graph_value(call->graph, x)->dtype))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "input %zu is no list of integers",
                           index);
  return scull_import_known_list(call->graph, x, out, is_known);
}

scull_status_t scull_tf_fixed_list(scull_tf_call_t *call, size_t index, const char *what,
                                   scull_ints_t *out) {
  bool is_known = false;
  SCULL_TRY(scull_tf_list(call, index, out, &is_known));
  if (is_known)
    return SCULL_OK;
  return scull_import_unsupported(&call->emitter, "its %s is computed while the network runs",
                                  what);
}

scull_status_t scull_tf_fixed_int(scull_tf_call_t *call, size_t index, const char *what,
                                  int64_t *out) {
  scull_ints_t list = {0};
  SCULL_TRY(scull_tf_fixed_list(call, index, what, &list));
  if (list.size != 1)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its %s is no single number", what);
  *out = list.data[0];
  return SCULL_OK;
}

scull_status_t scull_tf_fixed_float(scull_tf_call_t *call, size_t index, const char *what,
                                    double *out) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_tf_plain(call, index, &x));
  if (scull_import_known_float(call->graph, x, 0, out))
    return SCULL_OK;
  return scull_import_unsupported(&call->emitter, "its %s is computed while the network runs",
                                  what);
}

scull_status_t scull_tf_axis(const scull_tf_call_t *call, size_t index, int64_t axis,
                             int32_t *out) {
  int32_t rank = scull_tf_rank(call, index);
  if (scull_tensor_axis(axis, rank, out))
    return SCULL_OK;
  return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of %d", (long long)axis,
                         rank);
}

int64_t scull_tf_axis_first(int64_t axis) {
  static const int64_t at[4] = {0, 2, 3, 1};
  return axis >= 0 && axis < 4 ? at[axis] : axis;
}

/* --- outputs --------------------------------------------------------------------------------- */

void scull_tf_set(scull_tf_call_t *call, size_t slot, scull_value_id_t value, bool first) {
  if (slot < call->node->outputs)
    call->outputs[slot] = (scull_tf_value_t){.plain = first ? SCULL_NO_ID : value,
                                             .first = first ? value : SCULL_NO_ID};
}

scull_status_t scull_tf_end(scull_tf_call_t *call, scull_emit_t *emit, bool first) {
  scull_value_id_t out = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_end(emit, call->node->name, &out));
  scull_tf_set(call, 0, out, first);
  return SCULL_OK;
}

scull_status_t scull_tf_end_without(scull_tf_call_t *call, scull_emit_t *emit, bool first,
                                    const bool gone[4]) {
  scull_value_id_t out = SCULL_NO_ID;
  int64_t ours[4], perm[4], count = 0, next = 0;
  if (!first)
    return scull_tf_end(call, emit, false);
  for (int i = 0; i < 4; i++) { /* the axes that are left, in our order, by the file's numbers */
    if (!gone[to_first[i]])
      ours[count++] = to_first[i];
  }
  bool in_order = true;
  for (int64_t axis = 0; axis < 4; axis++) {
    for (int64_t i = 0; i < count && !gone[axis]; i++) {
      if (ours[i] == axis) {
        in_order = in_order && i == next;
        perm[next++] = i;
      }
    }
  }
  if (in_order)
    return scull_tf_end(call, emit, false);
  SCULL_TRY(scull_import_emit_end(emit, NULL, &out));
  scull_emit_t back = scull_import_emit(&call->emitter, "transpose", out);
  scull_import_emit_ints(&back, "perm", (scull_ints_t){perm, (size_t)count});
  return scull_tf_end(call, &back, false);
}

/* --- attributes ------------------------------------------------------------------------------ */

static const scull_tf_attr_t *find(const scull_tf_call_t *call, const char *name,
                                   scull_tf_kind_t kind) {
  const scull_tf_attr_t *attr = scull_tf_attr_find(call->node, name);
  return attr != NULL && attr->kind == kind ? attr : NULL;
}

int64_t scull_tf_int(const scull_tf_call_t *call, const char *name, int64_t otherwise) {
  const scull_tf_attr_t *attr = find(call, name, SCULL_TF_ATTR_INT);
  return attr == NULL ? otherwise : attr->i;
}

bool scull_tf_bool(const scull_tf_call_t *call, const char *name, bool otherwise) {
  return scull_tf_int(call, name, otherwise) != 0;
}

double scull_tf_float(const scull_tf_call_t *call, const char *name, double otherwise) {
  const scull_tf_attr_t *attr = find(call, name, SCULL_TF_ATTR_FLOAT);
  return attr == NULL ? otherwise : attr->f;
}

const char *scull_tf_text(const scull_tf_call_t *call, const char *name, const char *otherwise) {
  const scull_tf_attr_t *attr = find(call, name, SCULL_TF_ATTR_TEXT);
  return attr == NULL ? otherwise : attr->text;
}

scull_ints_t scull_tf_ints(const scull_tf_call_t *call, const char *name) {
  const scull_tf_attr_t *attr = find(call, name, SCULL_TF_ATTR_INTS);
  return attr == NULL ? (scull_ints_t){0} : attr->ints;
}

scull_status_t scull_tf_type(scull_tf_call_t *call, const char *name, scull_dtype_t otherwise,
                             scull_dtype_t *out) {
  const scull_tf_attr_t *attr = find(call, name, SCULL_TF_ATTR_TYPE);
  *out = attr == NULL ? otherwise : scull_tf_dtype(attr->i);
  if (*out != SCULL_DTYPE_NONE)
    return SCULL_OK;
  return scull_import_unsupported(&call->emitter, "its %s is element type number %lld", name,
                                  attr == NULL ? 0 : (long long)attr->i);
}

/* --- what many mappings need ----------------------------------------------------------------- */

static int64_t row_int(const void *call, const char *name, int64_t otherwise) {
  return scull_tf_int(call, name, otherwise);
}
static double row_float(const void *call, const char *name, double otherwise) {
  return scull_tf_float(call, name, otherwise);
}
static const char *row_text(const void *call, const char *name, const char *otherwise) {
  return scull_tf_text(call, name, otherwise);
}
static scull_ints_t row_ints(const void *call, const char *name) {
  return scull_tf_ints(call, name);
}

scull_emit_t scull_tf_begin(scull_tf_call_t *call, scull_value_id_t x) {
  const scull_import_attrs_t attrs = {call, row_int, row_float, row_text, row_ints};
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  scull_import_row_attrs(&emit, &attrs, call->row->attrs);
  return emit;
}

scull_status_t scull_tf_map_unary(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  scull_emit_t emit = scull_tf_begin(call, x);
  return scull_tf_end(call, &emit, first);
}

/* An operand for a partner that is channels first: of rank 4 as it is had there, of a lower one
 * with the ones that broadcasting would put before it. */
static scull_status_t as_first(scull_tf_call_t *call, size_t index, scull_value_id_t *out) {
  int32_t rank = scull_tf_rank(call, index);
  SCULL_TRY(scull_tf_plain(call, index, out));
  if (rank == 0)
    return SCULL_OK;
  if (rank == 1) /* a number a channel */
    return scull_import_emit_unsqueeze(&call->emitter, *out, SCULL_INTS(1, 2), NULL, out);
  SCULL_TRY(scull_import_emit_unsqueeze(&call->emitter, *out,
                                        rank == 2 ? SCULL_INTS(0, 1) : SCULL_INTS(0), NULL, out));
  return scull_import_emit_transpose(&call->emitter, *out, (scull_ints_t){to_first, 4}, NULL, out);
}

scull_status_t scull_tf_pair(scull_tf_call_t *call, size_t a, size_t b, scull_value_id_t out[2],
                             bool *first) {
  const size_t index[2] = {a, b};
  SCULL_TRY(scull_tf_need(call, (a > b ? a : b) + 1));
  *first = call->inputs[a]->first != SCULL_NO_ID || call->inputs[b]->first != SCULL_NO_ID;
  *first = *first && scull_tf_rank(call, a) <= 4 && scull_tf_rank(call, b) <= 4;
  for (int i = 0; i < 2; i++) {
    bool four = scull_tf_rank(call, index[i]) == 4;
    SCULL_TRY(!*first ? scull_tf_plain(call, index[i], &out[i])
              : four  ? scull_tf_first(call, index[i], &out[i])
                      : as_first(call, index[i], &out[i]));
  }
  return SCULL_OK;
}
