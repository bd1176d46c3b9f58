/* Operators of plug-ins: operands by the slots that the plug-in says (or all of them, in the order
 * of the file), attributes by their names. Paddle writes attributes of its own beside an
 * operator's, so what the plug-in has no field for is left. */
#include "plugin/plugin.h"

#include <string.h>

#include "import/paddle/call.h"

/* Names of slots: the plug-in's, else the file's. */
static const char *slot_name(const char *const *said, const scull_paddle_slot_t *slots,
                             size_t count, size_t index) {
  if (said == NULL)
    return index < count ? slots[index].name : NULL;
  for (size_t i = 0; i < index; i++) {
    if (said[i] == NULL)
      return NULL;
  }
  return said[index];
}

static void set_field(const scull_paddle_call_t *call, scull_emit_t *emit,
                      const scull_attr_field_t *field) {
  const char *name = field->name;
  if (scull_paddle_attr(call, name) == NULL)
    return;
  switch (field->kind) {
  case SCULL_ATTR_INT: scull_import_emit_int(emit, name, scull_paddle_int(call, name, 0)); break;
  case SCULL_ATTR_BOOL: scull_import_emit_bool(emit, name, scull_paddle_bool(call, name, 0)); break;
  case SCULL_ATTR_FLOAT:
    scull_import_emit_float(emit, name, scull_paddle_float(call, name, 0));
    break;
  case SCULL_ATTR_STRING:
    scull_import_emit_text(emit, name, scull_paddle_text(call, name, ""));
    break;
  case SCULL_ATTR_INTS: scull_import_emit_ints(emit, name, scull_paddle_ints(call, name)); break;
  case SCULL_ATTR_FLOATS:
    scull_import_emit_floats(emit, name, scull_paddle_floats(call, name));
    break;
  default: break;
  }
}

static scull_status_t too_many(scull_paddle_call_t *call) {
  return scull_import_unsupported(&call->emitter, "more than %d inputs or outputs",
                                  SCULL_PLUGIN_MAX_PORTS);
}

static scull_status_t map_plugin(scull_paddle_call_t *call) {
  const scull_opdef_t *def = scull_plugin_find_model(call->op->type, NULL);
  const scull_plugin_operator_t *given = scull_plugin_given(def);
  scull_value_id_t in[SCULL_PLUGIN_MAX_PORTS], out[SCULL_PLUGIN_MAX_PORTS];
  const char *names[SCULL_PLUGIN_MAX_PORTS], *slot = NULL;
  size_t inputs = 0, outputs = 0;
  scull_emit_t emit = scull_import_emit(&call->emitter, def->name, SCULL_NO_ID);
  const scull_paddle_op_t *op = call->op;
  for (size_t s = 0;
       (slot = slot_name(given->paddle_inputs, op->inputs, op->input_count, s)) != NULL; s++) {
    size_t count = scull_paddle_in_count(call, slot);
    for (size_t i = 0; i < (count == 0 ? 1 : count); i++) {
      if (inputs == SCULL_PLUGIN_MAX_PORTS)
        return too_many(call);
      in[inputs++] = scull_paddle_in_at(call, slot, i);
    }
  }
  while (inputs > 0 && in[inputs - 1] == SCULL_NO_ID)
    inputs--;
  scull_import_emit_inputs(&emit, in, inputs);
  for (size_t i = 0; i < def->attrs.count; i++)
    set_field(call, &emit, &def->attrs.fields[i]);
  for (size_t s = 0;
       (slot = slot_name(given->paddle_outputs, op->outputs, op->output_count, s)) != NULL; s++) {
    for (size_t i = 0; i < scull_paddle_out_count(call, slot); i++) {
      if (outputs == SCULL_PLUGIN_MAX_PORTS)
        return too_many(call);
      names[outputs++] = scull_paddle_out_name(call, slot, i);
    }
  }
  SCULL_TRY(scull_import_emit_end_many(&emit, names, outputs, out));
  outputs = 0;
  for (size_t s = 0;
       (slot = slot_name(given->paddle_outputs, op->outputs, op->output_count, s)) != NULL; s++) {
    for (size_t i = 0; i < scull_paddle_out_count(call, slot); i++)
      scull_paddle_set(call, slot, i, out[outputs++]);
  }
  return SCULL_OK;
}

const scull_paddle_row_t *scull_paddle_plugin_row(const char *type) {
  static const scull_paddle_row_t row = {"plug-in", map_plugin, NULL, NULL, NULL};
  return scull_plugin_find_model(type, NULL) == NULL ? NULL : &row;
}
