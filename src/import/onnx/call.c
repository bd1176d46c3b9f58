/* Operands and attributes of one operator. */
#include "import/onnx/call.h"

#include <string.h>

/* --- operands -------------------------------------------------------------------------------- */

scull_value_id_t scull_onnx_in(const scull_onnx_call_t *call, size_t index) {
  return index < call->in_count ? call->in[index] : SCULL_NO_ID;
}

scull_status_t scull_onnx_need(const scull_onnx_call_t *call, size_t index, scull_value_id_t *out) {
  *out = scull_onnx_in(call, index);
  return *out != SCULL_NO_ID
             ? SCULL_OK
             : scull_base_fail(call->graph->diag, SCULL_CORRUPT, "operand %zu is missing", index);
}

scull_dtype_t scull_onnx_in_dtype(const scull_onnx_call_t *call, size_t index) {
  const scull_value_t *value = scull_graph_value(call->graph, scull_onnx_in(call, index));
  return value == NULL ? SCULL_DTYPE_NONE : value->dtype;
}

int32_t scull_onnx_in_rank(const scull_onnx_call_t *call, size_t index) {
  return scull_import_rank(call->graph, scull_onnx_in(call, index));
}

scull_status_t scull_onnx_fixed_shape(scull_onnx_call_t *call, scull_value_id_t x,
                                      scull_shape_t *out) {
  if (!scull_graph_is_fixed(call->graph, x))
    return scull_import_unsupported(&call->emitter,
                                    "it depends on extents that change from run to run");
  *out = scull_graph_value(call->graph, x)->shape[0];
  return SCULL_OK;
}

const char *scull_onnx_out_name(const scull_onnx_call_t *call, size_t index) {
  return index < call->out_count ? call->out_names[index] : NULL;
}

void scull_onnx_set(scull_onnx_call_t *call, size_t index, scull_value_id_t value) {
  if (index < call->out_count)
    call->out[index] = value;
}

scull_status_t scull_onnx_end(scull_onnx_call_t *call, scull_emit_t *emit) {
  scull_value_id_t out = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_end(emit, scull_onnx_out_name(call, 0), &out));
  scull_onnx_set(call, 0, out);
  return SCULL_OK;
}

scull_status_t scull_onnx_end_simple(scull_onnx_call_t *call, const char *op, scull_value_id_t x,
                                     scull_value_id_t y) {
  scull_emit_t emit = scull_import_emit(&call->emitter, op, x);
  if (y != SCULL_NO_ID)
    scull_import_emit_input(&emit, y);
  return scull_onnx_end(call, &emit);
}

/* --- attributes ------------------------------------------------------------------------------ */

const scull_onnx_attr_t *scull_onnx_attr(const scull_onnx_call_t *call, const char *name) {
  for (size_t i = 0; name != NULL && i < call->attrs.size; i++) {
    if (strcmp(call->attrs.data[i].name, name) == 0)
      return &call->attrs.data[i];
  }
  return NULL;
}

int64_t scull_onnx_int(const scull_onnx_call_t *call, const char *name, int64_t otherwise) {
  const scull_onnx_attr_t *attr = scull_onnx_attr(call, name);
  return attr != NULL && attr->kind == SCULL_ONNX_ATTR_INT ? attr->i : otherwise;
}

double scull_onnx_float(const scull_onnx_call_t *call, const char *name, double otherwise) {
  const scull_onnx_attr_t *attr = scull_onnx_attr(call, name);
  return attr != NULL && attr->kind == SCULL_ONNX_ATTR_FLOAT ? attr->f : otherwise;
}

const char *scull_onnx_text(const scull_onnx_call_t *call, const char *name,
                            const char *otherwise) {
  const scull_onnx_attr_t *attr = scull_onnx_attr(call, name);
  return attr != NULL && attr->kind == SCULL_ONNX_ATTR_TEXT ? attr->s : otherwise;
}

scull_ints_t scull_onnx_ints(const scull_onnx_call_t *call, const char *name) {
  const scull_onnx_attr_t *attr = scull_onnx_attr(call, name);
  return attr != NULL && attr->kind == SCULL_ONNX_ATTR_INTS ? attr->ints : (scull_ints_t){0};
}

scull_floats_t scull_onnx_floats(const scull_onnx_call_t *call, const char *name) {
  const scull_onnx_attr_t *attr = scull_onnx_attr(call, name);
  return attr != NULL && attr->kind == SCULL_ONNX_ATTR_FLOATS ? attr->floats : (scull_floats_t){0};
}

scull_status_t scull_onnx_axis(const scull_onnx_call_t *call, const char *name, int64_t otherwise,
                               int32_t rank, int64_t *out) {
  int32_t axis = 0;
  int64_t given = scull_onnx_int(call, name, otherwise);
  if (!scull_tensor_axis(given, rank, &axis))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%s %lld of %d dimensions", name,
                           (long long)given, rank);
  *out = axis;
  return SCULL_OK;
}

/* --- numbers that may be operands ------------------------------------------------------------ */

scull_status_t scull_onnx_list(scull_onnx_call_t *call, const char *attr, size_t index,
                               scull_ints_t *known, scull_value_id_t *tensor, bool *is_given) {
  scull_value_id_t given = scull_onnx_in(call, index);
  bool is_known = false;
  *tensor = SCULL_NO_ID;
  *is_given = true;
  if (given == SCULL_NO_ID) {
    *is_given = attr != NULL && scull_onnx_attr(call, attr) != NULL;
    *known = attr == NULL ? (scull_ints_t){0} : scull_onnx_ints(call, attr);
    return SCULL_OK;
  }
  SCULL_TRY(scull_import_known_list(call->graph, given, known, &is_known));
  return is_known ? SCULL_OK : scull_import_emit_list(&call->emitter, given, tensor);
}

static scull_status_t is_computed(scull_onnx_call_t *call, const char *what) {
  return scull_import_unsupported(&call->emitter, "its %s is computed while the network runs",
                                  what);
}

scull_status_t scull_onnx_fixed_list(scull_onnx_call_t *call, const char *attr, size_t index,
                                     scull_ints_t *known, bool *is_given) {
  scull_value_id_t tensor = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_list(call, attr, index, known, &tensor, is_given));
  return tensor == SCULL_NO_ID ? SCULL_OK : is_computed(call, attr == NULL ? "list" : attr);
}

scull_status_t scull_onnx_fixed_int(scull_onnx_call_t *call, size_t index, const char *what,
                                    int64_t otherwise, int64_t *out) {
  scull_value_id_t given = scull_onnx_in(call, index);
  *out = otherwise;
  if (given == SCULL_NO_ID || scull_import_known_int(call->graph, given, 0, out))
    return SCULL_OK;
  return is_computed(call, what);
}

scull_status_t scull_onnx_fixed_float(scull_onnx_call_t *call, size_t index, const char *what,
                                      double otherwise, double *out) {
  scull_value_id_t given = scull_onnx_in(call, index);
  *out = otherwise;
  if (given == SCULL_NO_ID || scull_import_known_float(call->graph, given, 0, out))
    return SCULL_OK;
  return is_computed(call, what);
}

/* --- constants and types --------------------------------------------------------------------- */

scull_status_t scull_onnx_constant(scull_onnx_call_t *call, const scull_onnx_tensor_t *tensor,
                                   const char *name, scull_value_id_t *out) {
  if (tensor->fault != NULL)
    return scull_import_unsupported(&call->emitter, "%s", tensor->fault);
  return scull_graph_add_constant(call->graph, name == NULL ? call->emitter.name : name,
                                  &tensor->type, tensor->data, out);
}

scull_status_t scull_onnx_to(scull_onnx_call_t *call, const char *name, scull_dtype_t otherwise,
                             scull_dtype_t *out) {
  *out = otherwise;
  if (scull_onnx_attr(call, name) == NULL)
    return SCULL_OK;
  int64_t element = scull_onnx_int(call, name, 0);
  *out = scull_onnx_dtype(element);
  return *out != SCULL_DTYPE_NONE
             ? SCULL_OK
             : scull_import_unsupported(&call->emitter, "%s: a tensor of type %s", name,
                                        scull_onnx_element_name(element));
}
