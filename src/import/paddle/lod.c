/* Offsets of rows, beside the values that they belong to. */
#include "import/paddle/lod.h"

#include <string.h>

static const scull_paddle_slot_t *find_slot(const scull_paddle_slot_t *slots, size_t count,
                                            const char *name) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(slots[i].name, name) == 0)
      return &slots[i];
  }
  return NULL;
}

scull_value_id_t scull_paddle_lod(const scull_paddle_call_t *call, const char *slot, size_t index) {
  const scull_paddle_slot_t *found = find_slot(call->op->inputs, call->op->input_count, slot);
  return found == NULL || index >= found->count ? SCULL_NO_ID : call->lods[found->vars[index]];
}

scull_status_t scull_paddle_need_lod(scull_paddle_call_t *call, const char *slot,
                                     scull_value_id_t *out) {
  *out = scull_paddle_lod(call, slot, 0);
  if (*out != SCULL_NO_ID)
    return SCULL_OK;
  return scull_import_unsupported(&call->emitter, "its %s has no LoD that says whose its rows are",
                                  slot);
}

void scull_paddle_set_lod(const scull_paddle_call_t *call, const char *slot, size_t index,
                          scull_value_id_t offsets) {
  const scull_paddle_slot_t *found = find_slot(call->op->outputs, call->op->output_count, slot);
  if (found != NULL && index < found->count)
    call->lods[found->vars[index]] = offsets;
}

/* --- offsets and counts ---------------------------------------------------------------------- */

static scull_status_t part_of(scull_paddle_call_t *call, scull_value_id_t x, int64_t start,
                              int64_t end, scull_value_id_t *out) {
  scull_emit_t slice = scull_import_emit(&call->emitter, "slice", x);
  scull_import_emit_ints(&slice, "starts", SCULL_INTS(start));
  scull_import_emit_ints(&slice, "ends", SCULL_INTS(end));
  return scull_import_emit_end(&slice, NULL, out);
}

scull_status_t scull_paddle_lod_to_counts(scull_paddle_call_t *call, scull_value_id_t offsets,
                                          scull_value_id_t *out) {
  scull_value_id_t begins = SCULL_NO_ID, ends = SCULL_NO_ID;
  SCULL_TRY(part_of(call, offsets, 0, -1, &begins));
  SCULL_TRY(part_of(call, offsets, 1, INT64_MAX, &ends));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "sub", ends, begins, NULL, out));
  return scull_import_emit_cast(&call->emitter, *out, SCULL_DTYPE_I32, NULL, out);
}

scull_status_t scull_paddle_lod_from_counts(scull_paddle_call_t *call, scull_value_id_t counts,
                                            scull_value_id_t *out) {
  SCULL_TRY(scull_import_emit_cast(&call->emitter, counts, SCULL_DTYPE_I64, NULL, out));
  scull_emit_t sum = scull_import_emit(&call->emitter, "cumsum", *out);
  scull_import_emit_int(&sum, "axis", 0);
  SCULL_TRY(scull_import_emit_end(&sum, NULL, out));
  scull_emit_t pad = scull_import_emit(&call->emitter, "pad", *out);
  scull_import_emit_ints(&pad, "pads", SCULL_INTS(1, 0));
  return scull_import_emit_end(&pad, NULL, out);
}

/* --- from operand to result ------------------------------------------------------------------ */

static bool is_operand(const scull_paddle_op_t *op, uint32_t var) {
  for (size_t s = 0; s < op->input_count; s++) {
    for (size_t k = 0; k < op->inputs[s].count; k++) {
      if (op->inputs[s].vars[k] == var)
        return true;
    }
  }
  return false;
}

scull_value_id_t scull_paddle_lod_before(const scull_paddle_call_t *call, scull_value_id_t *like) {
  const scull_paddle_op_t *op = call->op;
  scull_value_id_t found = SCULL_NO_ID;
  for (size_t s = 0; s < op->output_count; s++) { /* a variable that is written anew */
    for (size_t k = 0; k < op->outputs[s].count; k++) {
      if (!is_operand(op, op->outputs[s].vars[k]))
        call->lods[op->outputs[s].vars[k]] = SCULL_NO_ID;
    }
  }
  for (size_t s = 0; s < op->input_count && found == SCULL_NO_ID; s++) {
    for (size_t k = 0; k < op->inputs[s].count && found == SCULL_NO_ID; k++) {
      found = call->lods[op->inputs[s].vars[k]];
      *like = call->values[op->inputs[s].vars[k]];
    }
  }
  return found;
}

static bool same_rows(const scull_graph_t *graph, scull_value_id_t a, scull_value_id_t b) {
  const scull_value_t *x = scull_graph_value(graph, a), *y = scull_graph_value(graph, b);
  if (x == NULL || y == NULL || x->shape[0].rank < 1 || y->shape[0].rank < 1)
    return false;
  for (int p = 0; p < graph->points; p++) {
    if (x->shape[p].dim[0] != y->shape[p].dim[0])
      return false;
  }
  return true;
}

void scull_paddle_lod_after(const scull_paddle_call_t *call, scull_value_id_t offsets,
                            scull_value_id_t like) {
  const scull_paddle_op_t *op = call->op;
  for (size_t s = 0; s < op->output_count && offsets != SCULL_NO_ID; s++) {
    for (size_t k = 0; k < op->outputs[s].count; k++) {
      uint32_t var = op->outputs[s].vars[k];
      if (call->lods[var] == SCULL_NO_ID && same_rows(call->graph, call->values[var], like))
        call->lods[var] = offsets;
    }
  }
}

/* --- which programs need them ---------------------------------------------------------------- */

/* Types beside sequence_* that ask for offsets, at least when nothing else says whose rows are. */
static const char *const readers[] = {"lod_reset",
                                      "im2sequence",
                                      "ctc_align",
                                      "box_clip",
                                      "multiclass_nms",
                                      "multiclass_nms2",
                                      "distribute_fpn_proposals",
                                      "collect_fpn_proposals",
                                      "roi_align",
                                      "roi_pool",
                                      "psroi_pool",
                                      "deformable_psroi_pooling",
                                      "bipartite_match"};

static bool reads_lod(const char *type) {
  if (strncmp(type, "sequence_", strlen("sequence_")) == 0)
    return true;
  for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
    if (strcmp(readers[i], type) == 0)
      return true;
  }
  return false;
}

bool scull_paddle_reads_lod(const scull_paddle_program_t *program) {
  for (size_t i = 0; i < program->op_count; i++) {
    if (reads_lod(program->ops[i].type))
      return true;
  }
  return false;
}

const char *scull_paddle_lod_name(scull_paddle_program_t *program, const char *name) {
  static const char suffix[] = "@lod";
  size_t length = strlen(name);
  char *text = SCULL_ARENA_ARRAY(&program->arena, char, length + sizeof suffix);
  if (text == NULL)
    return NULL;
  memcpy(text, name, length);
  memcpy(text + length, suffix, sizeof suffix);
  return text;
}
