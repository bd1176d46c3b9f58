/* What a model asks for and Scull has not: collected while the operators are walked, told together
 * at the end, one message a type of operator and reason. Private to import/. */
#ifndef SCULL_IMPORT_GAPS_H
#define SCULL_IMPORT_GAPS_H

#include "base/vec.h"
#include "import/emit.h"

enum { SCULL_GAP_PLACES = 3 };

typedef struct scull_import_gap {
  const char *type;
  const char *reason;
  size_t count;
  const char *places[SCULL_GAP_PLACES]; /* the first ones */
} scull_import_gap_t;

/* Zero-initialise all but the first two. */
typedef struct scull_import_gaps {
  const char *model_name;
  scull_diag_t *diag;
  scull_arena_t arena;
  SCULL_VEC(scull_import_gap_t) list;
} scull_import_gaps_t;

void scull_import_gaps_deinit(scull_import_gaps_t *gaps);

/* Notes an operator of `type` at a place of the file that the rest says in words ("node 'x'").
 * OUT_OF_MEMORY or OK. */
scull_status_t scull_import_gaps_add(scull_import_gaps_t *gaps, const char *type,
                                     const char *reason, const char *place, ...)
    __attribute__((format(printf, 4, 5)));

/* Tells them all; UNSUPPORTED when there are any. */
scull_status_t scull_import_gaps_report(const scull_import_gaps_t *gaps) SCULL_MUST_USE;

#endif
