/* The operator table: the rows of all families, and the mapping of the plain ones, which say in
 * text which of our operators they are. */
#include <string.h>

#include "import/paddle/call.h"
#include "import/row.h"

static const scull_paddle_rows_t *const families[] = {
    &scull_paddle_rows_math,   &scull_paddle_rows_activation, &scull_paddle_rows_shape,
    &scull_paddle_rows_index,  &scull_paddle_rows_create,     &scull_paddle_rows_spatial,
    &scull_paddle_rows_norm,   &scull_paddle_rows_resize,     &scull_paddle_rows_matmul,
    &scull_paddle_rows_rnn,    &scull_paddle_rows_detection,  &scull_paddle_rows_sequence,
    &scull_paddle_rows_window, &scull_paddle_rows_scatter,    &scull_paddle_rows_flow,
    &scull_paddle_rows_array,  &scull_paddle_rows_quant,
};

const scull_paddle_row_t *scull_paddle_row_find(const char *type) {
  for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
    for (size_t i = 0; i < families[f]->count; i++) {
      if (strcmp(families[f]->rows[i].type, type) == 0)
        return &families[f]->rows[i];
    }
  }
  return NULL;
}

void scull_paddle_each_operator(scull_import_operator_fn_t fn, void *user) {
  for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
    for (size_t i = 0; i < families[f]->count; i++)
      fn(user, families[f]->rows[i].type, families[f]->rows[i].op);
  }
}

static int64_t get_int(const void *call, const char *name, int64_t otherwise) {
  return scull_paddle_int(call, name, otherwise);
}

static double get_float(const void *call, const char *name, double otherwise) {
  return scull_paddle_float(call, name, otherwise);
}

static const char *get_text(const void *call, const char *name, const char *otherwise) {
  return scull_paddle_text(call, name, otherwise);
}

static scull_ints_t get_ints(const void *call, const char *name) {
  return scull_paddle_ints(call, name);
}

scull_status_t scull_paddle_map_plain(scull_paddle_call_t *call) {
  const char *slots = call->row->slots == NULL ? "X>Out" : call->row->slots;
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, SCULL_NO_ID);
  char word[SCULL_ROW_WORD], stop = ' ';
  while (stop == ' ') {
    scull_value_id_t value = SCULL_NO_ID;
    stop = scull_import_row_word(&slots, " >", word);
    SCULL_TRY(scull_paddle_need(call, word, &value));
    scull_import_emit_input(&emit, value);
  }
  const scull_import_attrs_t attrs = {call, get_int, get_float, get_text, get_ints};
  scull_import_row_attrs(&emit, &attrs, call->row->attrs);
  scull_import_row_word(&slots, " ", word);
  return scull_paddle_end(call, &emit, word);
}
