/* Nodes that are operators of plug-ins: operands in the order of the file, attributes by their
 * names. A domain that Scull reads itself is no plug-in's, unless the plug-in says so. */
#include "plugin/plugin.h"

#include <string.h>

#include "import/onnx/call.h"

static scull_status_t set_field(scull_emit_t *emit, const scull_attr_field_t *field,
                                const scull_onnx_attr_t *attr) {
  bool number = attr->kind == SCULL_ONNX_ATTR_INT || attr->kind == SCULL_ONNX_ATTR_FLOAT;
  double value = attr->kind == SCULL_ONNX_ATTR_INT ? (double)attr->i : attr->f;
  switch (field->kind) {
  case SCULL_ATTR_INT:
    if (attr->kind != SCULL_ONNX_ATTR_INT)
      break;
    scull_import_emit_int(emit, field->name, attr->i);
    return SCULL_OK;
  case SCULL_ATTR_BOOL:
    if (attr->kind != SCULL_ONNX_ATTR_INT)
      break;
    scull_import_emit_bool(emit, field->name, attr->i != 0);
    return SCULL_OK;
  case SCULL_ATTR_FLOAT:
    if (!number)
      break;
    scull_import_emit_float(emit, field->name, value);
    return SCULL_OK;
  case SCULL_ATTR_STRING:
    if (attr->kind != SCULL_ONNX_ATTR_TEXT)
      break;
    scull_import_emit_text(emit, field->name, attr->s);
    return SCULL_OK;
  case SCULL_ATTR_INTS:
    if (attr->kind != SCULL_ONNX_ATTR_INTS)
      break;
    scull_import_emit_ints(emit, field->name, attr->ints);
    return SCULL_OK;
  case SCULL_ATTR_FLOATS:
    if (attr->kind != SCULL_ONNX_ATTR_FLOATS)
      break;
    scull_import_emit_floats(emit, field->name, attr->floats);
    return SCULL_OK;
  default: break;
  }
  return scull_import_unsupported(
      emit->emitter, "its attribute '%.60s' is not of the kind that the plug-in says", field->name);
}

static scull_status_t map_plugin(scull_onnx_call_t *call) {
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, SCULL_NO_ID);
  scull_import_emit_inputs(&emit, call->in, call->in_count);
  for (size_t i = 0; i < call->attrs.size; i++) {
    const scull_onnx_attr_t *attr = &call->attrs.data[i];
    const scull_attr_field_t *field = scull_ops_attr_find(&emit.op->attrs, attr->name);
    if (field == NULL)
      return scull_import_unsupported(&call->emitter, "the plug-in's operator has no field '%.60s'",
                                      attr->name);
    SCULL_TRY(set_field(&emit, field, attr));
  }
  return scull_import_emit_end_many(&emit, call->out_names, call->out_count, call->out);
}

bool scull_onnx_plugin_row(const scull_onnx_node_t *node, scull_onnx_row_t *out) {
  const scull_opdef_t *def = scull_plugin_find_model(node->type, node->domain);
  bool ours = node->domain[0] == '\0' || strcmp(node->domain, "com.microsoft") == 0;
  if (def == NULL || (ours && scull_plugin_given(def)->onnx_domain == NULL))
    return false;
  *out = (scull_onnx_row_t){.type = node->type, .since = 1, .map = map_plugin, .op = def->name};
  return true;
}
