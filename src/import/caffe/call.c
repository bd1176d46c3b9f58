/* Bottoms, tops, blobs and parameters of one layer, and the layer table. */
#include "import/caffe/call.h"

#include <string.h>

#include "base/checked.h"

static const scull_caffe_rows_t *const families[] = {
    &scull_caffe_rows_neuron,  &scull_caffe_rows_trained, &scull_caffe_rows_shape,
    &scull_caffe_rows_picture, &scull_caffe_rows_detect,  &scull_caffe_rows_roles,
};

enum { FAMILIES = sizeof families / sizeof families[0] };

const scull_caffe_row_t *scull_caffe_row_find(const char *type) {
  for (size_t f = 0; f < FAMILIES; f++) {
    for (size_t i = 0; i < families[f]->count; i++) {
      if (strcmp(families[f]->rows[i].type, type) == 0)
        return &families[f]->rows[i];
    }
  }
  return NULL;
}

void scull_caffe_each_operator(scull_import_operator_fn_t fn, void *user) {
  for (size_t f = 0; f < FAMILIES; f++) {
    for (size_t i = 0; i < families[f]->count; i++)
      fn(user, families[f]->rows[i].type, families[f]->rows[i].op);
  }
}

/* --- bottoms and tops ------------------------------------------------------------------------ */

scull_status_t scull_caffe_bottom(const scull_caffe_call_t *call, size_t index,
                                  scull_value_id_t *out) {
  *out = SCULL_NO_ID;
  if (index >= call->layer->bottoms.size)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "bottom %zu is missing", index);
  *out = call->bottoms[index];
  return SCULL_OK;
}

const char *scull_caffe_top_name(const scull_caffe_call_t *call, size_t index) {
  return index < call->layer->tops.size ? call->layer->tops.data[index] : NULL;
}

scull_status_t scull_caffe_set(scull_caffe_call_t *call, scull_value_id_t value) {
  if (call->layer->tops.size == 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "it has no top");
  call->tops[0] = value;
  return SCULL_OK;
}

scull_status_t scull_caffe_end(scull_caffe_call_t *call, scull_emit_t *emit) {
  scull_value_id_t out = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_end(emit, scull_caffe_top_name(call, 0), &out));
  return scull_caffe_set(call, out);
}

scull_status_t scull_caffe_map_identity(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "identity", x);
  return scull_caffe_end(call, &emit);
}

scull_status_t scull_caffe_map_plain(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  return scull_caffe_end(call, &emit);
}

/* --- trained blobs --------------------------------------------------------------------------- */

int64_t scull_caffe_blob_count(const scull_caffe_call_t *call, size_t index) {
  return index < call->blobs.size ? scull_tensor_count(&call->blobs.data[index].shape) : 0;
}

scull_status_t scull_caffe_blob(const scull_caffe_call_t *call, size_t index, scull_ints_t shape,
                                scull_value_id_t *out) {
  scull_diag_t *diag = call->graph->diag;
  int64_t count = scull_caffe_blob_count(call, index), rest = 1, open = -1;
  scull_type_t type = {.dtype = SCULL_DTYPE_F32};
  if (index >= call->blobs.size)
    return scull_base_fail(diag, SCULL_CORRUPT,
                           "it has %zu trained blobs where %zu are wanted: is the .caffemodel the "
                           "one of this network?",
                           call->blobs.size, index + 1);
  bool fits = shape.size <= SCULL_MAX_RANK;
  for (size_t d = 0; fits && d < shape.size; d++) {
    type.shape.dim[d] = shape.data[d];
    if (shape.data[d] == -1)
      open = (int64_t)d;
    else
      fits = shape.data[d] >= 0 && scull_base_i64_mul(rest, shape.data[d], &rest);
  }
  if (fits && open >= 0 && rest > 0)
    type.shape.dim[open] = count / rest;
  type.shape.rank = (int32_t)shape.size;
  int64_t wanted = 0;
  if (!fits || !scull_tensor_shape_count(&type.shape, &wanted) || wanted != count) {
    char text[96];
    return scull_base_fail(
        diag, SCULL_CORRUPT, "trained blob %zu has %lld elements, wanted is %s", index,
        (long long)count, fits ? scull_tensor_type_text(&type, text, sizeof text) : "another size");
  }
  const char *name =
      scull_base_arena_format(&call->graph->arena, "%s.%zu", call->emitter.name, index);
  if (name == NULL)
    return scull_base_fail_memory(diag, "a graph");
  return scull_graph_add_constant(call->graph, name, &type, call->blobs.data[index].data, out);
}

/* --- parameters ------------------------------------------------------------------------------ */

/* V0's name of a field that was renamed, or the name itself. */
static const char *old_name(const char *name) {
  static const char *const renamed[][2] = {
      {"kernel_size", "kernelsize"}, {"bias_term", "biasterm"}, {"crop_size", "cropsize"}};
  for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++) {
    if (strcmp(renamed[i][0], name) == 0)
      return renamed[i][1];
  }
  return name;
}

static const scull_prototext_field_t *find(const scull_caffe_call_t *call, const char *name) {
  return scull_import_prototext_find(call->param, call->layer->flat ? old_name(name) : name);
}

static void bad(scull_caffe_call_t *call, const scull_prototext_field_t *field, const char *what) {
  call->status = scull_base_fail(call->graph->diag, SCULL_CORRUPT, "line %u: %s is no %s",
                                 field->line, field->name, what);
}

bool scull_caffe_has(const scull_caffe_call_t *call, const char *name) {
  return find(call, name) != NULL;
}

int64_t scull_caffe_int(scull_caffe_call_t *call, const char *name, int64_t otherwise) {
  const scull_prototext_field_t *field = find(call, name);
  int64_t value = otherwise;
  if (field != NULL && !scull_import_prototext_int(field, &value))
    bad(call, field, "whole number");
  return value;
}

double scull_caffe_float(scull_caffe_call_t *call, const char *name, double otherwise) {
  const scull_prototext_field_t *field = find(call, name);
  double value = otherwise;
  if (field != NULL && !scull_import_prototext_float(field, &value))
    bad(call, field, "number");
  return value;
}

bool scull_caffe_bool(scull_caffe_call_t *call, const char *name, bool otherwise) {
  const scull_prototext_field_t *field = find(call, name);
  bool value = otherwise;
  if (field != NULL && !scull_import_prototext_bool(field, &value))
    bad(call, field, "truth");
  return value;
}

int64_t scull_caffe_enum(scull_caffe_call_t *call, const char *name, const char *const *words) {
  const scull_prototext_field_t *field = find(call, name);
  int64_t number = -1, i = 0;
  if (field == NULL)
    return 0;
  (void)scull_import_prototext_int(field, &number);
  for (; words[i] != NULL; i++) {
    if (number == i || (field->text != NULL && strcmp(words[i], field->text) == 0))
      return i;
  }
  bad(call, field, "word that Caffe has");
  return 0;
}

/* Counts a repeated field and gives its first place. */
static const scull_prototext_field_t *first_of(const scull_caffe_call_t *call, const char **name,
                                               size_t *count) {
  *name = call->layer->flat ? old_name(*name) : *name;
  *count = scull_import_prototext_count(call->param, *name);
  return call->param == NULL ? NULL : call->param->first;
}

static void no_memory(scull_caffe_call_t *call) {
  call->status = scull_base_fail_memory(call->graph->diag, "a graph");
}

scull_ints_t scull_caffe_ints(scull_caffe_call_t *call, const char *name) {
  size_t count = 0, i = 0;
  const scull_prototext_field_t *field = first_of(call, &name, &count);
  int64_t *list = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, count);
  if (list == NULL) {
    no_memory(call);
    return (scull_ints_t){0};
  }
  for (; (field = scull_import_prototext_each(field, name)) != NULL; field = field->next) {
    if (!scull_import_prototext_int(field, &list[i++]))
      bad(call, field, "whole number");
  }
  return (scull_ints_t){list, count};
}

scull_floats_t scull_caffe_floats(scull_caffe_call_t *call, const char *name) {
  size_t count = 0, i = 0;
  const scull_prototext_field_t *field = first_of(call, &name, &count);
  double *list = SCULL_ARENA_ARRAY(&call->graph->arena, double, count);
  if (list == NULL) {
    no_memory(call);
    return (scull_floats_t){0};
  }
  for (; (field = scull_import_prototext_each(field, name)) != NULL; field = field->next) {
    if (!scull_import_prototext_float(field, &list[i++]))
      bad(call, field, "number");
  }
  return (scull_floats_t){list, count};
}

scull_status_t scull_caffe_axis(scull_caffe_call_t *call, const char *name, int64_t otherwise,
                                int32_t rank, int32_t *out) {
  int64_t axis = scull_caffe_int(call, name, otherwise);
  *out = 0;
  if (scull_tensor_axis(axis, rank, out))
    return call->status;
  return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%s %lld of a bottom of %d dimensions",
                         name, (long long)axis, rank);
}
