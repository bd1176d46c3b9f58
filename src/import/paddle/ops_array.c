/* Tensor arrays, which are sequences. */
#include <string.h>

#include "import/paddle/flow.h"

const scull_paddle_slot_t *scull_paddle_slot_find(const scull_paddle_slot_t *slots, size_t count,
                                                  const char *name) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(slots[i].name, name) == 0 && slots[i].count > 0)
      return &slots[i];
  }
  return NULL;
}

scull_status_t scull_paddle_emit_array(scull_paddle_call_t *call, scull_dtype_t dtype,
                                       scull_value_id_t *out) {
  scull_emit_t empty = scull_import_emit(&call->emitter, "sequence_make", SCULL_NO_ID);
  scull_import_emit_inputs(&empty, NULL, 0);
  scull_import_emit_dtype(&empty, "to", dtype);
  return scull_import_emit_end(&empty, NULL, out);
}

static scull_status_t map_create(scull_paddle_call_t *call) {
  const scull_paddle_slot_t *out =
      scull_paddle_slot_find(call->op->outputs, call->op->output_count, "Out");
  scull_value_id_t array = SCULL_NO_ID;
  scull_dtype_t dtype = out == NULL
                            ? SCULL_DTYPE_NONE
                            : scull_paddle_dtype(call->program->vars.data[out->vars[0]].element);
  if (dtype == SCULL_DTYPE_NONE)
    return scull_import_unsupported(&call->emitter, "an array of no known type");
  SCULL_TRY(scull_paddle_emit_array(call, dtype, &array));
  scull_paddle_set(call, "Out", 0, array);
  return SCULL_OK;
}

static scull_status_t map_write(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, at = SCULL_NO_ID, y = SCULL_NO_ID;
  const scull_paddle_slot_t *out =
      scull_paddle_slot_find(call->op->outputs, call->op->output_count, "Out");
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "I", &at));
  if (out == NULL)
    return scull_import_unsupported(&call->emitter, "it writes no array");
  scull_value_id_t array = scull_paddle_scope_value(call->scope, call->program, out->vars[0]);
  if (array == SCULL_PADDLE_LOST)
    return scull_import_unsupported(&call->emitter, "its array cannot be had");
  if (array == SCULL_NO_ID)
    SCULL_TRY(scull_paddle_emit_array(call, scull_graph_value(call->graph, x)->dtype, &array));
  scull_emit_t emit = scull_import_emit(&call->emitter, "sequence_set", array);
  scull_import_emit_input(&emit, x);
  scull_import_emit_input(&emit, at);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &y));
  scull_paddle_set(call, "Out", 0, y);
  return SCULL_OK;
}

static scull_status_t map_length(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, length = SCULL_NO_ID, y = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(
      scull_import_emit_simple(&call->emitter, "sequence_length", x, SCULL_NO_ID, NULL, &length));
  if (scull_paddle_out_rank(call, "Out") == 0) {
    scull_paddle_set(call, "Out", 0, length);
    return SCULL_OK;
  }
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, length, SCULL_INTS(1),
                                      scull_paddle_out_name(call, "Out", 0), &y));
  scull_paddle_set(call, "Out", 0, y);
  return SCULL_OK;
}

static scull_status_t map_join(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, outs[2] = {SCULL_NO_ID, SCULL_NO_ID}, sizes = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "sequence_concat", x);
  scull_import_emit_int(&emit, "axis", scull_paddle_int(call, "axis", 0));
  scull_import_emit_bool(&emit, "stack", scull_paddle_bool(call, "use_stack", false));
  const char *const names[] = {scull_paddle_out_name(call, "Out", 0), NULL};
  SCULL_TRY(scull_import_emit_end_many(&emit, names, 2, outs));
  scull_paddle_set(call, "Out", 0, outs[0]);
  if (scull_paddle_out_count(call, "OutIndex") == 0)
    return SCULL_OK;
  SCULL_TRY(scull_import_emit_cast(&call->emitter, outs[1], SCULL_DTYPE_I32,
                                   scull_paddle_out_name(call, "OutIndex", 0), &sizes));
  scull_paddle_set(call, "OutIndex", 0, sizes);
  return SCULL_OK;
}

static const scull_paddle_row_t rows[] = {
    {"create_array", map_create, "sequence_make", NULL, NULL},
    {"write_to_array", map_write, "sequence_set", NULL, NULL},
    {"read_from_array", scull_paddle_map_plain, "sequence_at", "X I>Out", NULL},
    {"lod_array_length", map_length, "sequence_length", NULL, NULL},
    {"tensor_array_to_tensor", map_join, "sequence_concat", NULL, NULL},
};

SCULL_PADDLE_ROWS(array, rows);
