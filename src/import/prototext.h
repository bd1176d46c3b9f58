/* Protobuf's text format (.prototxt, .pbtxt): a bounds-checked, depth-limited reader for every
 * format that is written in it. A message is the list of its fields in the order of the file;
 * scalars stay text until somebody who knows the schema asks for a number. Comments, both kinds of
 * brackets, lists and strings in pieces are understood; nothing here knows a schema.
 *
 *   layer { name: "conv1" top: "a" dim: [1, 3] param < lr_mult: 0 > }  # comment */
#ifndef SCULL_IMPORT_PROTOTEXT_H
#define SCULL_IMPORT_PROTOTEXT_H

#include "base/diag.h"
#include "base/text.h"

enum { SCULL_PROTOTEXT_MAX_DEPTH = 64 };

typedef struct scull_prototext {
  struct scull_prototext_field *first, *last;
  uint32_t line; /* where it begins, from 1 */
} scull_prototext_t;

typedef struct scull_prototext_field {
  struct scull_prototext_field *next;
  const char *name;
  const char *text;                 /* a scalar, strings without quotes; NULL for a message */
  const scull_prototext_t *message; /* NULL for a scalar */
  uint32_t line;
} scull_prototext_field_t;

/* Reads a whole file; everything but `bytes` lives in `arena`. CORRUPT names file and line. */
scull_status_t scull_import_prototext_read(scull_bytes_t bytes, const char *file,
                                           scull_arena_t *arena, scull_diag_t *diag,
                                           scull_prototext_t *out) SCULL_MUST_USE;

/* The last field of that name (of repeated scalars the last counts), or NULL. `message` may be
 * NULL. */
const scull_prototext_field_t *scull_import_prototext_find(const scull_prototext_t *message,
                                                           const char *name);
/* The first field of that name from `from` on, `from` included. */
const scull_prototext_field_t *scull_import_prototext_each(const scull_prototext_field_t *from,
                                                           const char *name);
size_t scull_import_prototext_count(const scull_prototext_t *message, const char *name);

/* The message in the last field of that name; NULL when there is none or it is a scalar. */
const scull_prototext_t *scull_import_prototext_message(const scull_prototext_t *message,
                                                        const char *name);

/* A scalar as a number or truth; false, and *out as it was, when it is none. */
bool scull_import_prototext_int(const scull_prototext_field_t *field, int64_t *out);
bool scull_import_prototext_float(const scull_prototext_field_t *field, double *out);
bool scull_import_prototext_bool(const scull_prototext_field_t *field, bool *out);

#endif
