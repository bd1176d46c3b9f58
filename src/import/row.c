/* Reads the attribute texts of operator tables. */
#include "import/row.h"

#include <stdlib.h>
#include <string.h>

char scull_import_row_word(const char **text, const char *stops, char word[SCULL_ROW_WORD]) {
  size_t length = strcspn(*text, stops);
  size_t kept = length < SCULL_ROW_WORD - 1 ? length : SCULL_ROW_WORD - 1;
  memcpy(word, *text, kept);
  word[kept] = '\0';
  char stop = (*text)[length];
  *text += length + (stop != '\0');
  return stop;
}

/* Sets our attribute from theirs, or from the default that the format applies. */
static void copy_attr(scull_emit_t *emit, const scull_import_attrs_t *from, const char *theirs,
                      const char *ours, const char *otherwise) {
  const scull_attr_field_t *field =
      emit->op == NULL ? NULL : scull_ops_attr_find(&emit->op->attrs, ours);
  switch (field == NULL ? SCULL_ATTR_INT : field->kind) {
  case SCULL_ATTR_FLOAT:
    scull_import_emit_float(emit, ours,
                            from->get_float(from->call, theirs, strtod(otherwise, NULL)));
    break;
  case SCULL_ATTR_BOOL:
    scull_import_emit_bool(emit, ours,
                           from->get_int(from->call, theirs, strcmp(otherwise, "true") == 0) != 0);
    break;
  case SCULL_ATTR_INTS:
    scull_import_emit_ints(emit, ours, from->get_ints(from->call, theirs));
    break;
  case SCULL_ATTR_ENUM:
    scull_import_emit_word(emit, ours, from->get_text(from->call, theirs, otherwise));
    break;
  default:
    scull_import_emit_int(emit, ours,
                          from->get_int(from->call, theirs, strtoll(otherwise, NULL, 10)));
    break;
  }
}

void scull_import_row_attrs(scull_emit_t *emit, const scull_import_attrs_t *from,
                            const char *text) {
  char theirs[SCULL_ROW_WORD], ours[SCULL_ROW_WORD], otherwise[SCULL_ROW_WORD];
  while (text != NULL && *text != '\0') {
    char stop = scull_import_row_word(&text, ">=", theirs);
    memcpy(ours, theirs, sizeof ours);
    if (stop == '>')
      scull_import_row_word(&text, "=", ours);
    scull_import_row_word(&text, " ", otherwise);
    copy_attr(emit, from, theirs, ours, otherwise);
  }
}
