/* What every importer does around its operators: the file's operators that cannot be had are
 * collected and told together, a mapping's words get the file and the place that they lack, and the
 * values that the user asked for become outputs. Private to import/. */
#ifndef SCULL_IMPORT_GAPS_H
#define SCULL_IMPORT_GAPS_H

#include "import/emit.h"
#include "import/format.h"

/* One type of operator and one reason, with the first places where it stands. */
typedef struct scull_import_gap {
  const char *type;
  char reason[SCULL_EMIT_REASON];
  size_t count;
  char *places; /* "block 0 operator 3 (relu, output 'y'); ..." */
} scull_import_gap_t;

/* Zero-initialise it. */
typedef struct scull_import_gaps {
  SCULL_VEC(scull_import_gap_t) list;
  scull_arena_t arena;
} scull_import_gaps_t;

void scull_import_gaps_deinit(scull_import_gaps_t *gaps);

/* Notes an operator; `type` is borrowed until the report, `place` says where it stands in the
 * file. */
scull_status_t scull_import_gaps_add(scull_import_gaps_t *gaps, scull_diag_t *diag,
                                     const char *type, const char *reason,
                                     const char *place) SCULL_MUST_USE;

/* One message a type and reason; UNSUPPORTED when there are any. */
scull_status_t scull_import_gaps_report(const scull_import_gaps_t *gaps,
                                        const scull_import_source_t *source) SCULL_MUST_USE;

/* True when the graph of a model whose import failed so is wanted all the same. */
bool scull_import_keeps_partial(const scull_import_source_t *source, scull_status_t status);

/* Runs a mapping. While it runs, the graph's words go to a sink of their own and come out as
 * "FILE: PLACE: words". An UNSUPPORTED operator becomes a gap and *lost is set: the caller then has
 * no values for its outputs. */
typedef scull_status_t (*scull_import_map_fn_t)(void *user);
scull_status_t scull_import_map(const scull_import_source_t *source, scull_emitter_t *emitter,
                                scull_import_gaps_t *gaps, const char *type, const char *place,
                                scull_import_map_fn_t fn, void *user, bool *lost) SCULL_MUST_USE;

/* Marks the values that the options ask for as outputs, too. `find` gives SCULL_NO_ID for a name
 * that is not in the model: INVALID_ARGUMENT. */
typedef scull_value_id_t (*scull_import_find_fn_t)(void *user, const char *name);
scull_status_t scull_import_extra_outputs(const scull_import_source_t *source, scull_graph_t *graph,
                                          scull_import_find_fn_t find, void *user) SCULL_MUST_USE;

#endif
