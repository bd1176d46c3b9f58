/* Operands and attributes of one operator, by name. */
#include "import/paddle/call.h"

#include <stdio.h>
#include <string.h>

static const scull_paddle_slot_t *find_slot(const scull_paddle_slot_t *slots, size_t count,
                                            const char *name) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(slots[i].name, name) == 0)
      return &slots[i];
  }
  return NULL;
}

static const scull_paddle_slot_t *in_slot(const scull_paddle_call_t *call, const char *name) {
  return name == NULL ? NULL : find_slot(call->op->inputs, call->op->input_count, name);
}

static const scull_paddle_slot_t *out_slot(const scull_paddle_call_t *call, const char *name) {
  return find_slot(call->op->outputs, call->op->output_count, name);
}

static scull_status_t no_memory(const scull_paddle_call_t *call) {
  return scull_base_fail_memory(call->graph->diag, "a graph");
}

/* --- operands -------------------------------------------------------------------------------- */

size_t scull_paddle_in_count(const scull_paddle_call_t *call, const char *slot) {
  const scull_paddle_slot_t *found = in_slot(call, slot);
  return found == NULL ? 0 : found->count;
}

scull_value_id_t scull_paddle_in_at(const scull_paddle_call_t *call, const char *slot,
                                    size_t index) {
  const scull_paddle_slot_t *found = in_slot(call, slot);
  return found == NULL || index >= found->count ? SCULL_NO_ID : call->values[found->vars[index]];
}

scull_value_id_t scull_paddle_in(const scull_paddle_call_t *call, const char *slot) {
  return scull_paddle_in_at(call, slot, 0);
}

scull_status_t scull_paddle_need(const scull_paddle_call_t *call, const char *slot,
                                 scull_value_id_t *out) {
  *out = scull_paddle_in(call, slot);
  if (*out != SCULL_NO_ID)
    return SCULL_OK;
  return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "input %s is missing", slot);
}

scull_status_t scull_paddle_in_all(const scull_paddle_call_t *call, const char *slot,
                                   scull_value_id_t **out, size_t *count) {
  *count = scull_paddle_in_count(call, slot);
  if (*count == 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "input %s is missing", slot);
  *out = SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, *count);
  if (*out == NULL)
    return no_memory(call);
  for (size_t i = 0; i < *count; i++)
    (*out)[i] = scull_paddle_in_at(call, slot, i);
  return SCULL_OK;
}

size_t scull_paddle_out_count(const scull_paddle_call_t *call, const char *slot) {
  const scull_paddle_slot_t *found = out_slot(call, slot);
  return found == NULL ? 0 : found->count;
}

const char *scull_paddle_out_name(const scull_paddle_call_t *call, const char *slot, size_t index) {
  const scull_paddle_slot_t *found = out_slot(call, slot);
  return found == NULL || index >= found->count ? NULL
                                                : call->program->vars.data[found->vars[index]].name;
}

bool scull_paddle_out_used(const scull_paddle_call_t *call, const char *slot) {
  const scull_paddle_slot_t *found = out_slot(call, slot);
  for (size_t i = 0; found != NULL && i < found->count; i++) {
    if (call->program->vars.data[found->vars[i]].reads > 0)
      return true;
  }
  return false;
}

/* The variable of an output that is declared as a tensor, or NULL. */
static const scull_paddle_var_t *declared_out(const scull_paddle_call_t *call, const char *slot) {
  const scull_paddle_slot_t *found = out_slot(call, slot);
  if (found == NULL || found->count == 0)
    return NULL;
  const scull_paddle_var_t *var = &call->program->vars.data[found->vars[0]];
  return var->declared && var->element >= 0 ? var : NULL;
}

int32_t scull_paddle_out_rank(const scull_paddle_call_t *call, const char *slot) {
  const scull_paddle_var_t *var = declared_out(call, slot);
  return var == NULL ? -1 : (int32_t)var->dims.size;
}

scull_dtype_t scull_paddle_out_dtype(const scull_paddle_call_t *call, const char *slot) {
  const scull_paddle_var_t *var = declared_out(call, slot);
  return var == NULL ? SCULL_DTYPE_NONE : scull_paddle_dtype(var->element);
}

void scull_paddle_set(const scull_paddle_call_t *call, const char *slot, size_t index,
                      scull_value_id_t value) {
  const scull_paddle_slot_t *found = out_slot(call, slot);
  if (found != NULL && index < found->count)
    call->values[found->vars[index]] = value;
}

scull_status_t scull_paddle_end(const scull_paddle_call_t *call, scull_emit_t *emit,
                                const char *slot) {
  scull_value_id_t out = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_end(emit, scull_paddle_out_name(call, slot, 0), &out));
  scull_paddle_set(call, slot, 0, out);
  return SCULL_OK;
}

/* --- attributes ------------------------------------------------------------------------------ */

const scull_paddle_attr_t *scull_paddle_attr(const scull_paddle_call_t *call, const char *name) {
  for (size_t i = 0; i < call->op->attr_count; i++) {
    if (strcmp(call->op->attrs[i].name, name) == 0)
      return &call->op->attrs[i];
  }
  return NULL;
}

int64_t scull_paddle_int(const scull_paddle_call_t *call, const char *name, int64_t otherwise) {
  const scull_paddle_attr_t *attr = scull_paddle_attr(call, name);
  if (attr != NULL && attr->kind == SCULL_PADDLE_ATTR_INTS && attr->ints.size == 1)
    return attr->ints.data[0];
  return attr != NULL && attr->kind == SCULL_PADDLE_ATTR_INT ? attr->i : otherwise;
}

bool scull_paddle_bool(const scull_paddle_call_t *call, const char *name, bool otherwise) {
  return scull_paddle_int(call, name, otherwise) != 0;
}

double scull_paddle_float(const scull_paddle_call_t *call, const char *name, double otherwise) {
  const scull_paddle_attr_t *attr = scull_paddle_attr(call, name);
  if (attr != NULL && attr->kind == SCULL_PADDLE_ATTR_INT)
    return (double)attr->i;
  return attr != NULL && attr->kind == SCULL_PADDLE_ATTR_FLOAT ? attr->f : otherwise;
}

const char *scull_paddle_text(const scull_paddle_call_t *call, const char *name,
                              const char *otherwise) {
  const scull_paddle_attr_t *attr = scull_paddle_attr(call, name);
  return attr != NULL && attr->kind == SCULL_PADDLE_ATTR_STRING ? attr->s : otherwise;
}

scull_ints_t scull_paddle_ints(const scull_paddle_call_t *call, const char *name) {
  const scull_paddle_attr_t *attr = name == NULL ? NULL : scull_paddle_attr(call, name);
  if (attr != NULL && attr->kind == SCULL_PADDLE_ATTR_INT)
    return (scull_ints_t){&attr->i, 1};
  return attr != NULL && attr->kind == SCULL_PADDLE_ATTR_INTS ? attr->ints : (scull_ints_t){0};
}

scull_floats_t scull_paddle_floats(const scull_paddle_call_t *call, const char *name) {
  const scull_paddle_attr_t *attr = scull_paddle_attr(call, name);
  if (attr != NULL && attr->kind == SCULL_PADDLE_ATTR_FLOAT)
    return (scull_floats_t){&attr->f, 1};
  return attr != NULL && attr->kind == SCULL_PADDLE_ATTR_FLOATS ? attr->floats
                                                                : (scull_floats_t){0};
}

/* --- numbers that may be tensors ------------------------------------------------------------- */

/* A tensor of one element, also where only a run knows that it has no more. */
static scull_status_t emit_item(scull_paddle_call_t *call, scull_value_id_t x,
                                scull_value_id_t *out) {
  SCULL_TRY(scull_import_emit_list(&call->emitter, x, out));
  if (!scull_graph_value(call->graph, *out)->late)
    return SCULL_OK;
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", *out);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(0));
  scull_import_emit_ints(&emit, "starts", SCULL_INTS(0));
  scull_import_emit_ints(&emit, "ends", SCULL_INTS(1));
  return scull_import_emit_end(&emit, NULL, out);
}

/* Many one-element tensors as one list. */
static scull_status_t join_list(scull_paddle_call_t *call, const char *slot, scull_ints_t *known,
                                scull_value_id_t *tensor) {
  scull_value_id_t *parts = NULL;
  size_t count = 0;
  bool all = true;
  SCULL_TRY(scull_paddle_in_all(call, slot, &parts, &count));
  int64_t *list = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, count);
  if (list == NULL)
    return no_memory(call);
  for (size_t i = 0; i < count; i++)
    all = scull_import_known_int(call->graph, parts[i], 0, &list[i]) && all;
  *known = (scull_ints_t){list, count};
  if (all)
    return SCULL_OK;
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(emit_item(call, parts[i], &parts[i]));
  scull_emit_t concat = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&concat, parts, count);
  return scull_import_emit_end(&concat, NULL, tensor);
}

scull_status_t scull_paddle_list(scull_paddle_call_t *call, const char *attr, const char *slot,
                                 const char *list_slot, scull_ints_t *known,
                                 scull_value_id_t *tensor) {
  bool is_known = false;
  *tensor = SCULL_NO_ID;
  if (scull_paddle_in_count(call, list_slot) > 0)
    return join_list(call, list_slot, known, tensor);
  scull_value_id_t given = scull_paddle_in(call, slot);
  if (given == SCULL_NO_ID) {
    *known = scull_paddle_ints(call, attr);
    return SCULL_OK;
  }
  SCULL_TRY(scull_import_known_list(call->graph, given, known, &is_known));
  return is_known ? SCULL_OK : scull_import_emit_list(&call->emitter, given, tensor);
}

scull_status_t scull_paddle_fixed_list(scull_paddle_call_t *call, const char *attr,
                                       const char *slot, const char *list_slot,
                                       scull_ints_t *known) {
  scull_value_id_t tensor = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_list(call, attr, slot, list_slot, known, &tensor));
  if (tensor == SCULL_NO_ID)
    return SCULL_OK;
  return scull_import_unsupported(&call->emitter, "its %s is computed while the network runs",
                                  attr != NULL ? attr : slot);
}

scull_status_t scull_paddle_fixed_int(scull_paddle_call_t *call, const char *attr, const char *slot,
                                      int64_t otherwise, int64_t *out) {
  scull_value_id_t given = scull_paddle_in(call, slot);
  *out = scull_paddle_int(call, attr, otherwise);
  if (given == SCULL_NO_ID || scull_import_known_int(call->graph, given, 0, out))
    return SCULL_OK;
  return scull_import_unsupported(&call->emitter, "its %s is computed while the network runs",
                                  attr);
}

scull_status_t scull_paddle_fixed_float(scull_paddle_call_t *call, const char *attr,
                                        const char *slot, double otherwise, double *out) {
  scull_value_id_t given = scull_paddle_in(call, slot);
  *out = scull_paddle_float(call, attr, otherwise);
  if (given == SCULL_NO_ID || scull_import_known_float(call->graph, given, 0, out))
    return SCULL_OK;
  return scull_import_unsupported(&call->emitter, "its %s is computed while the network runs",
                                  attr);
}

/* --- layouts --------------------------------------------------------------------------------- */

bool scull_paddle_channels_last(const scull_paddle_call_t *call, const char *attr) {
  const char *layout = scull_paddle_text(call, attr, "NCHW");
  size_t length = strlen(layout);
  return length >= 3 && layout[0] == 'N' && layout[length - 1] == 'C';
}

scull_status_t scull_paddle_to_first(scull_paddle_call_t *call, bool last, scull_value_id_t x,
                                     scull_value_id_t *out) {
  int32_t rank = scull_import_rank(call->graph, x);
  int64_t perm[SCULL_MAX_RANK];
  *out = x;
  if (!last || rank < 3)
    return SCULL_OK;
  perm[0] = 0;
  perm[1] = rank - 1;
  for (int32_t d = 2; d < rank; d++)
    perm[d] = d - 1;
  return scull_import_emit_transpose(&call->emitter, x, (scull_ints_t){perm, (size_t)rank}, NULL,
                                     out);
}

scull_status_t scull_paddle_end_first(scull_paddle_call_t *call, scull_emit_t *emit, bool last,
                                      const char *slot) {
  scull_value_id_t out = SCULL_NO_ID;
  int64_t perm[SCULL_MAX_RANK];
  if (!last)
    return scull_paddle_end(call, emit, slot);
  SCULL_TRY(scull_import_emit_end(emit, NULL, &out));
  int32_t rank = scull_import_rank(call->graph, out);
  perm[0] = 0;
  for (int32_t d = 1; d < rank; d++)
    perm[d] = d + 1 < rank ? d + 1 : 1;
  scull_emit_t back = scull_import_emit(&call->emitter, rank < 3 ? "identity" : "transpose", out);
  if (rank >= 3)
    scull_import_emit_ints(&back, "perm", (scull_ints_t){perm, (size_t)rank});
  return scull_paddle_end(call, &back, slot);
}

scull_status_t scull_paddle_pads(const scull_paddle_call_t *call, scull_ints_t paddings,
                                 size_t spatial, scull_ints_t *out) {
  *out = paddings;
  if (paddings.size == 0 || paddings.size == spatial)
    return SCULL_OK;
  if (paddings.size != 2 * spatial)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "paddings has %zu numbers for %zu spatial axes", paddings.size, spatial);
  int64_t *pads = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, paddings.size);
  if (pads == NULL)
    return no_memory(call);
  for (size_t i = 0; i < spatial; i++) {
    pads[i] = paddings.data[2 * i];
    pads[spatial + i] = paddings.data[2 * i + 1];
  }
  *out = (scull_ints_t){pads, paddings.size};
  return SCULL_OK;
}

const char *scull_paddle_auto_pad(const scull_paddle_call_t *call) {
  const char *algorithm = scull_paddle_text(call, "padding_algorithm", "EXPLICIT");
  if (strcmp(algorithm, "SAME") == 0)
    return "same";
  return strcmp(algorithm, "VALID") == 0 ? "valid" : "explicit";
}
