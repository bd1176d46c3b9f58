/* The little language of operator tables, which every format's rows are written in. Attributes:
 * "alpha=0.02 slope>beta=0.5" is a list of theirs > ours = the default that the format applies
 * (without ">" both have one name). Private to import/. */
#ifndef SCULL_IMPORT_ROW_H
#define SCULL_IMPORT_ROW_H

#include "import/emit.h"

enum { SCULL_ROW_WORD = 40 };

/* Copies the next word of *text, up to one of `stops` or the end, and passes the stop, which is
 * returned. Rows are ours, so words are short. */
char scull_import_row_word(const char **text, const char *stops, char word[SCULL_ROW_WORD]);

/* How a row reads the attributes of the file's operator; `call` is the format's own. */
typedef struct scull_import_attrs {
  const void *call;
  int64_t (*get_int)(const void *call, const char *name, int64_t otherwise);
  double (*get_float)(const void *call, const char *name, double otherwise);
  const char *(*get_text)(const void *call, const char *name, const char *otherwise);
  scull_ints_t (*get_ints)(const void *call, const char *name);
} scull_import_attrs_t;

/* Sets the attributes of `emit` that `text` lists; NULL: none. Faults stick to the node. */
void scull_import_row_attrs(scull_emit_t *emit, const scull_import_attrs_t *from, const char *text);

#endif
