/* The operator table: the rows of all families, and the mapping of the plain ones, which say in
 * text which of our operators they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/paddle/call.h"

static const scull_paddle_rows_t *const families[] = {
    &scull_paddle_rows_math,  &scull_paddle_rows_activation, &scull_paddle_rows_shape,
    &scull_paddle_rows_index, &scull_paddle_rows_create,     &scull_paddle_rows_spatial,
    &scull_paddle_rows_norm,  &scull_paddle_rows_resize,     &scull_paddle_rows_matmul,
    &scull_paddle_rows_rnn,
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

enum { WORD = 40 };

/* Copies the next word of *text, up to one of `stops`, and passes the stop. Rows are ours, so words
 * are short. */
static char next_word(const char **text, const char *stops, char word[WORD]) {
  size_t length = strcspn(*text, stops);
  size_t kept = length < WORD - 1 ? length : WORD - 1;
  memcpy(word, *text, kept);
  word[kept] = '\0';
  char stop = (*text)[length];
  *text += length + (stop != '\0');
  return stop;
}

/* Sets our attribute from Paddle's, or from the default that Paddle applies. */
static void copy_attr(scull_paddle_call_t *call, scull_emit_t *emit, const char *theirs,
                      const char *ours, const char *otherwise) {
  const scull_attr_field_t *field =
      emit->op == NULL ? NULL : scull_ops_attr_find(&emit->op->attrs, ours);
  switch (field == NULL ? SCULL_ATTR_INT : field->kind) {
  case SCULL_ATTR_FLOAT:
    scull_import_emit_float(emit, ours, scull_paddle_float(call, theirs, strtod(otherwise, NULL)));
    break;
  case SCULL_ATTR_BOOL:
    scull_import_emit_bool(emit, ours,
                           scull_paddle_bool(call, theirs, strcmp(otherwise, "true") == 0));
    break;
  case SCULL_ATTR_INTS: scull_import_emit_ints(emit, ours, scull_paddle_ints(call, theirs)); break;
  default:
    scull_import_emit_int(emit, ours, scull_paddle_int(call, theirs, strtoll(otherwise, NULL, 10)));
    break;
  }
}

static void copy_attrs(scull_paddle_call_t *call, scull_emit_t *emit, const char *text) {
  char theirs[WORD], ours[WORD], otherwise[WORD];
  while (text != NULL && *text != '\0') {
    char stop = next_word(&text, ">=", theirs);
    memcpy(ours, theirs, sizeof ours);
    if (stop == '>')
      next_word(&text, "=", ours);
    next_word(&text, " ", otherwise);
    copy_attr(call, emit, theirs, ours, otherwise);
  }
}

scull_status_t scull_paddle_map_plain(scull_paddle_call_t *call) {
  const char *slots = call->row->slots == NULL ? "X>Out" : call->row->slots;
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, SCULL_NO_ID);
  char word[WORD], stop = ' ';
  while (stop == ' ') {
    scull_value_id_t value = SCULL_NO_ID;
    stop = next_word(&slots, " >", word);
    SCULL_TRY(scull_paddle_need(call, word, &value));
    scull_import_emit_input(&emit, value);
  }
  copy_attrs(call, &emit, call->row->attrs);
  next_word(&slots, " ", word);
  return scull_paddle_end(call, &emit, word);
}
