/* Nodes, constants and the few shapes of node that every importer makes. */
#include "import/emit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"

#undef scull_import_unsupported /* the analyzer's: see the header */

scull_status_t scull_import_unsupported(scull_emitter_t *emitter, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(emitter->reason, sizeof emitter->reason, format, args);
  va_end(args);
  return SCULL_UNSUPPORTED;
}

static scull_status_t no_memory(const scull_emitter_t *emitter) {
  return scull_base_fail_memory(emitter->graph->diag, "a graph");
}

scull_emit_t scull_import_emit(scull_emitter_t *emitter, const char *op, scull_value_id_t input) {
  scull_emit_t emit = {.emitter = emitter, .op = scull_ops_find(op)};
  if (emit.op == NULL) {
    emit.status = scull_import_unsupported(emitter, "Scull has no operator '%s'", op);
    return emit;
  }
  emit.attrs = scull_ops_attrs_create(&emit.op->attrs, &emitter->graph->arena);
  if (emit.attrs == NULL)
    emit.status = no_memory(emitter);
  if (input != SCULL_NO_ID)
    emit.few[emit.input_count++] = input;
  return emit;
}

void scull_import_emit_input(scull_emit_t *emit, scull_value_id_t value) {
  if (emit->input_count < SCULL_EMIT_INPUTS)
    emit->few[emit->input_count++] = value;
}

void scull_import_emit_inputs(scull_emit_t *emit, const scull_value_id_t *values, size_t count) {
  emit->inputs = values;
  emit->input_count = count;
}

/* The place of an attribute of one of two kinds, or NULL with the status set. */
static void *field_of(scull_emit_t *emit, const char *name, scull_attr_kind_t kind) {
  if (emit->status != SCULL_OK)
    return NULL;
  const scull_attr_field_t *field = scull_ops_attr_find(&emit->op->attrs, name);
  if (field != NULL && field->kind == kind)
    return (char *)emit->attrs + field->offset;
  emit->status = scull_import_unsupported(emit->emitter, "Scull's %s takes no such '%s'",
                                          emit->op->name, name);
  return NULL;
}

void scull_import_emit_int(scull_emit_t *emit, const char *name, int64_t value) {
  int64_t *at = field_of(emit, name, SCULL_ATTR_INT);
  if (at != NULL)
    *at = value;
}

void scull_import_emit_bool(scull_emit_t *emit, const char *name, bool value) {
  bool *at = field_of(emit, name, SCULL_ATTR_BOOL);
  if (at != NULL)
    *at = value;
}

void scull_import_emit_float(scull_emit_t *emit, const char *name, double value) {
  double *at = field_of(emit, name, SCULL_ATTR_FLOAT);
  if (at != NULL)
    *at = value;
}

void scull_import_emit_dtype(scull_emit_t *emit, const char *name, scull_dtype_t value) {
  scull_dtype_t *at = field_of(emit, name, SCULL_ATTR_DTYPE);
  if (at != NULL)
    *at = value;
}

void scull_import_emit_text(scull_emit_t *emit, const char *name, const char *text) {
  const char **at = field_of(emit, name, SCULL_ATTR_STRING);
  if (at != NULL)
    *at = text;
}

void scull_import_emit_ints(scull_emit_t *emit, const char *name, scull_ints_t value) {
  scull_ints_t *at = field_of(emit, name, SCULL_ATTR_INTS);
  if (at != NULL)
    *at = value;
}

void scull_import_emit_floats(scull_emit_t *emit, const char *name, scull_floats_t value) {
  scull_floats_t *at = field_of(emit, name, SCULL_ATTR_FLOATS);
  if (at != NULL)
    *at = value;
}

void scull_import_emit_word(scull_emit_t *emit, const char *name, const char *word) {
  int32_t *at = field_of(emit, name, SCULL_ATTR_ENUM);
  if (at == NULL)
    return;
  const scull_attr_field_t *field = scull_ops_attr_find(&emit->op->attrs, name);
  for (int32_t i = 0; field->names[i] != NULL; i++) {
    if (strcmp(field->names[i], word) == 0) {
      *at = i;
      return;
    }
  }
  emit->status = scull_import_unsupported(emit->emitter, "Scull's %s has no %s '%.40s'",
                                          emit->op->name, name, word);
}

scull_status_t scull_import_emit_end_many(scull_emit_t *emit, const char *const *names,
                                          size_t count, scull_value_id_t *outs) {
  scull_emitter_t *emitter = emit->emitter;
  scull_node_id_t id = SCULL_NO_ID;
  if (emit->status != SCULL_OK)
    return emit->status;
  const char *first = names == NULL ? NULL : names[0];
  if (first == NULL)
    first = scull_base_arena_format(&emitter->graph->arena, "%s/%s", emitter->name, emit->op->name);
  if (first == NULL)
    return no_memory(emitter);
  scull_node_spec_t spec = {.op = emit->op,
                            .name = first,
                            .attrs = emit->attrs,
                            .inputs = emit->inputs == NULL ? emit->few : emit->inputs,
                            .input_count = emit->input_count,
                            .output_count = count,
                            .output_names = names,
                            .origins = &emitter->origin,
                            .origin_count = emitter->has_origin ? 1 : 0};
  SCULL_TRY(scull_graph_add_node(emitter->graph, &spec, &id));
  const scull_node_t *node = scull_graph_node(emitter->graph, id);
  for (size_t i = 0; i < count; i++)
    outs[i] = node->outputs[i];
  return SCULL_OK;
}

scull_status_t scull_import_emit_end(scull_emit_t *emit, const char *name, scull_value_id_t *out) {
  return scull_import_emit_end_many(emit, &name, 1, out);
}

/* --- what many mappings need ----------------------------------------------------------------- */

scull_status_t scull_import_emit_simple(scull_emitter_t *emitter, const char *op,
                                        scull_value_id_t x, scull_value_id_t y, const char *name,
                                        scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(emitter, op, x);
  if (y != SCULL_NO_ID)
    scull_import_emit_input(&emit, y);
  return scull_import_emit_end(&emit, name, out);
}

scull_status_t scull_import_emit_constant(scull_emitter_t *emitter, const scull_type_t *type,
                                          const void *data, const char *name,
                                          scull_value_id_t *out) {
  scull_arena_t *arena = &emitter->graph->arena;
  const void *copy = scull_base_arena_copy(arena, data, scull_tensor_bytes(type));
  if (name == NULL)
    name = scull_base_arena_format(arena, "%s/constant", emitter->name);
  if (copy == NULL || name == NULL)
    return no_memory(emitter);
  return scull_graph_add_constant(emitter->graph, name, type, copy, out);
}

scull_status_t scull_import_emit_i64(scull_emitter_t *emitter, scull_ints_t values,
                                     scull_value_id_t *out) {
  scull_type_t type = {.dtype = SCULL_DTYPE_I64,
                       .shape = {.rank = 1, .dim = {(int64_t)values.size}}};
  return scull_import_emit_constant(emitter, &type, values.data, NULL, out);
}

scull_status_t scull_import_emit_scalar(scull_emitter_t *emitter, scull_dtype_t dtype, double value,
                                        scull_value_id_t *out) {
  scull_type_t type = {.dtype = dtype};
  uint64_t place = 0;
  scull_tensor_store(&place, dtype, 0, value);
  return scull_import_emit_constant(emitter, &type, &place, NULL, out);
}

/* The shape that `wanted` asks for of a constant; false when it does not fit. */
static bool resolve_shape(const scull_shape_t *from, scull_ints_t wanted, scull_shape_t *to) {
  int64_t count = 0, rest = 1;
  int32_t open = -1;
  if (wanted.size > SCULL_MAX_RANK || !scull_tensor_shape_count(from, &count))
    return false;
  to->rank = (int32_t)wanted.size;
  for (int32_t d = 0; d < to->rank; d++) {
    to->dim[d] = wanted.data[d] == 0 && d < from->rank ? from->dim[d] : wanted.data[d];
    if (to->dim[d] == -1 && open < 0)
      open = d;
    else if (to->dim[d] < 0 || !scull_base_i64_mul(rest, to->dim[d], &rest))
      return false;
  }
  if (open >= 0)
    to->dim[open] = rest == 0 ? 0 : count / rest;
  return open >= 0 ? rest == 0 || count % rest == 0 : rest == count;
}

static scull_status_t alias_constant(scull_emitter_t *emitter, scull_value_id_t x,
                                     const scull_shape_t *shape, const char *name,
                                     scull_value_id_t *out) {
  const scull_value_t *value = scull_graph_value(emitter->graph, x);
  scull_type_t type = {.dtype = value->dtype, .shape = *shape};
  return scull_graph_add_constant(emitter->graph, name == NULL ? value->name : name, &type,
                                  value->data, out);
}

scull_status_t scull_import_emit_reshape(scull_emitter_t *emitter, scull_value_id_t x,
                                         scull_ints_t shape, const char *name,
                                         scull_value_id_t *out) {
  scull_shape_t fixed;
  if (scull_graph_is_constant(emitter->graph, x) &&
      resolve_shape(&scull_graph_value(emitter->graph, x)->shape[0], shape, &fixed))
    return alias_constant(emitter, x, &fixed, name, out);
  scull_emit_t emit = scull_import_emit(emitter, "reshape", x);
  scull_import_emit_ints(&emit, "shape", shape);
  return scull_import_emit_end(&emit, name, out);
}

/* One node with one list of axes; a constant goes through the reshape above instead. */
static scull_status_t emit_axes(scull_emitter_t *emitter, const char *op, const char *attr,
                                scull_value_id_t x, scull_ints_t axes, const char *name,
                                scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(emitter, op, x);
  scull_import_emit_ints(&emit, attr, axes);
  return scull_import_emit_end(&emit, name, out);
}

scull_status_t scull_import_emit_unsqueeze(scull_emitter_t *emitter, scull_value_id_t x,
                                           scull_ints_t axes, const char *name,
                                           scull_value_id_t *out) {
  const scull_value_t *value = scull_graph_value(emitter->graph, x);
  const scull_shape_t *from = &value->shape[0];
  int64_t dims[SCULL_MAX_RANK];
  size_t rank = (size_t)from->rank + axes.size, next = 0;
  if (value->data == NULL || rank > SCULL_MAX_RANK)
    return emit_axes(emitter, "unsqueeze", "axes", x, axes, name, out);
  for (size_t d = 0, a = 0; d < rank; d++) {
    bool one = a < axes.size && axes.data[a] == (int64_t)d;
    a += one;
    dims[d] = one || next >= (size_t)from->rank ? 1 : from->dim[next++];
  }
  scull_shape_t shape = scull_tensor_shape((int32_t)rank, dims);
  return alias_constant(emitter, x, &shape, name, out);
}

scull_status_t scull_import_emit_squeeze(scull_emitter_t *emitter, scull_value_id_t x,
                                         scull_ints_t axes, const char *name,
                                         scull_value_id_t *out) {
  return emit_axes(emitter, "squeeze", "axes", x, axes, name, out);
}

scull_status_t scull_import_emit_transpose(scull_emitter_t *emitter, scull_value_id_t x,
                                           scull_ints_t perm, const char *name,
                                           scull_value_id_t *out) {
  return emit_axes(emitter, "transpose", "perm", x, perm, name, out);
}

scull_status_t scull_import_emit_scale(scull_emitter_t *emitter, scull_value_id_t x, double scale,
                                       double bias, const char *name, scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(emitter, "scale", x);
  scull_import_emit_float(&emit, "scale", scale);
  scull_import_emit_float(&emit, "bias", bias);
  return scull_import_emit_end(&emit, name, out);
}

scull_status_t scull_import_emit_cast(scull_emitter_t *emitter, scull_value_id_t x,
                                      scull_dtype_t to, const char *name, scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(emitter, "cast", x);
  scull_import_emit_dtype(&emit, "to", to);
  return scull_import_emit_end(&emit, name, out);
}

scull_status_t scull_import_emit_list(scull_emitter_t *emitter, scull_value_id_t x,
                                      scull_value_id_t *out) {
  *out = x;
  if (scull_graph_value(emitter->graph, x)->dtype != SCULL_DTYPE_I64)
    SCULL_TRY(scull_import_emit_cast(emitter, x, SCULL_DTYPE_I64, NULL, out));
  if (scull_import_rank(emitter->graph, x) != 1)
    SCULL_TRY(scull_import_emit_reshape(emitter, *out, SCULL_INTS(-1), NULL, out));
  return SCULL_OK;
}

/* The bytes of element `index` at every point, when they are known and agree. */
static const void *known_at(const scull_graph_t *graph, scull_value_id_t x, int64_t index) {
  const scull_value_t *value = scull_graph_value(graph, x);
  if (value == NULL || index < 0)
    return NULL;
  size_t size = scull_tensor_dtype_size(value->dtype), at = (size_t)index * size;
  for (int p = 0; p < graph->points; p++) {
    if (value->known[p] == NULL || index >= scull_tensor_count(&value->shape[p]) ||
        memcmp((const char *)value->known[p] + at, (const char *)value->known[0] + at, size) != 0)
      return NULL;
  }
  return value->known[0];
}

bool scull_import_known_int(const scull_graph_t *graph, scull_value_id_t x, int64_t index,
                            int64_t *out) {
  const void *data = known_at(graph, x, index);
  if (data != NULL)
    *out = scull_tensor_load_i64(data, scull_graph_value(graph, x)->dtype, index);
  return data != NULL;
}

bool scull_import_known_float(const scull_graph_t *graph, scull_value_id_t x, int64_t index,
                              double *out) {
  const void *data = known_at(graph, x, index);
  if (data != NULL)
    *out = scull_tensor_load(data, scull_graph_value(graph, x)->dtype, index);
  return data != NULL;
}

scull_status_t scull_import_known_list(scull_graph_t *graph, scull_value_id_t x, scull_ints_t *out,
                                       bool *is_known) {
  const scull_value_t *value = scull_graph_value(graph, x);
  *is_known = false;
  if (value == NULL || value->known[0] == NULL) /* what is known is small */
    return SCULL_OK;
  int64_t count = scull_tensor_count(&value->shape[0]);
  int64_t *list = SCULL_ARENA_ARRAY(&graph->arena, int64_t, (size_t)count);
  if (list == NULL)
    return scull_base_fail_memory(graph->diag, "a list");
  for (int64_t i = 0; i < count; i++) {
    if (!scull_import_known_int(graph, x, i, &list[i]))
      return SCULL_OK;
  }
  for (int p = 1; p < graph->points; p++) {
    if (!scull_tensor_shape_equal(&value->shape[p], &value->shape[0]))
      return SCULL_OK;
  }
  *out = (scull_ints_t){list, (size_t)count};
  *is_known = true;
  return SCULL_OK;
}

int32_t scull_import_rank(const scull_graph_t *graph, scull_value_id_t x) {
  const scull_value_t *value = scull_graph_value(graph, x);
  return value == NULL ? 0 : value->shape[0].rank;
}
