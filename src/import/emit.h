/* Writing nodes, for importers: one operator of the file becomes one or several of ours. A node is
 * begun, given inputs and attributes by name, and ended; faults stick to it and come out at the
 * end, so that a mapping reads as a list of what it makes.
 *
 *   scull_emit_t pool = scull_import_emit(emitter, "max_pool", x);
 *   scull_import_emit_ints(&pool, "kernel", kernel);
 *   return scull_import_emit_end(&pool, "y", &y); */
#ifndef SCULL_IMPORT_EMIT_H
#define SCULL_IMPORT_EMIT_H

#include "graph/graph.h"

enum { SCULL_EMIT_INPUTS = 8, SCULL_EMIT_REASON = 200 };

/* Where nodes go, and which operator of the file they stand for. */
typedef struct scull_emitter {
  scull_graph_t *graph;
  const char *name; /* of the file's operator: the base of made-up names */
  uint32_t origin;
  bool has_origin;
  char reason[SCULL_EMIT_REASON]; /* why UNSUPPORTED */
} scull_emitter_t;

typedef struct scull_emit {
  scull_emitter_t *emitter;
  const scull_opdef_t *op;
  void *attrs;
  scull_value_id_t few[SCULL_EMIT_INPUTS];
  const scull_value_id_t *inputs;
  size_t input_count;
  scull_status_t status;
} scull_emit_t;

/* Notes the reason and returns UNSUPPORTED; nothing goes to the sink yet, because an importer tells
 * all unsupported operators together. */
scull_status_t scull_import_unsupported(scull_emitter_t *emitter, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#ifdef __clang_analyzer__ /* see base/diag.h */
#define scull_import_unsupported(...)                                                              \
  ((void)(scull_import_unsupported)(__VA_ARGS__), SCULL_UNSUPPORTED)
#endif

/* Begins a node of the operator of that name with a first input (SCULL_NO_ID: none yet).
 * UNSUPPORTED when Scull has no such operator. */
scull_emit_t scull_import_emit(scull_emitter_t *emitter, const char *op, scull_value_id_t input);

/* The next input; SCULL_NO_ID leaves an optional one out. */
void scull_import_emit_input(scull_emit_t *emit, scull_value_id_t value);
/* All inputs at once; borrowed until the end. */
void scull_import_emit_inputs(scull_emit_t *emit, const scull_value_id_t *values, size_t count);

/* Attributes. Lists are borrowed until the end. An attribute that the operator has not makes the
 * node UNSUPPORTED, as does a word that its list of words has not. */
void scull_import_emit_int(scull_emit_t *emit, const char *name, int64_t value);
void scull_import_emit_bool(scull_emit_t *emit, const char *name, bool value);
void scull_import_emit_float(scull_emit_t *emit, const char *name, double value);
void scull_import_emit_word(scull_emit_t *emit, const char *name, const char *word);
void scull_import_emit_dtype(scull_emit_t *emit, const char *name, scull_dtype_t value);
/* Any text; borrowed until the end. */
void scull_import_emit_text(scull_emit_t *emit, const char *name, const char *text);
void scull_import_emit_ints(scull_emit_t *emit, const char *name, scull_ints_t value);
void scull_import_emit_floats(scull_emit_t *emit, const char *name, scull_floats_t value);

/* Adds the node. `name` is that of its output; NULL makes one up. */
scull_status_t scull_import_emit_end(scull_emit_t *emit, const char *name,
                                     scull_value_id_t *out) SCULL_MUST_USE;
/* The same for several outputs; `names` may be NULL or hold NULLs. */
scull_status_t scull_import_emit_end_many(scull_emit_t *emit, const char *const *names,
                                          size_t count, scull_value_id_t *outs) SCULL_MUST_USE;

/* --- what many mappings need ----------------------------------------------------------------- */

/* A node without attributes; `y` may be SCULL_NO_ID. */
scull_status_t scull_import_emit_simple(scull_emitter_t *emitter, const char *op,
                                        scull_value_id_t x, scull_value_id_t y, const char *name,
                                        scull_value_id_t *out) SCULL_MUST_USE;

/* A constant of the type with the bytes copied into the graph. */
scull_status_t scull_import_emit_constant(scull_emitter_t *emitter, const scull_type_t *type,
                                          const void *data, const char *name,
                                          scull_value_id_t *out) SCULL_MUST_USE;
/* A one-dimensional i64 constant. */
scull_status_t scull_import_emit_i64(scull_emitter_t *emitter, scull_ints_t values,
                                     scull_value_id_t *out) SCULL_MUST_USE;
/* A constant of rank 0. */
scull_status_t scull_import_emit_scalar(scull_emitter_t *emitter, scull_dtype_t dtype, double value,
                                        scull_value_id_t *out) SCULL_MUST_USE;

/* x with another shape of as many elements (0 copies an extent, one -1 takes what is left). A
 * constant stays one: it only gets a second name for its bytes. */
scull_status_t scull_import_emit_reshape(scull_emitter_t *emitter, scull_value_id_t x,
                                         scull_ints_t shape, const char *name,
                                         scull_value_id_t *out) SCULL_MUST_USE;
/* x with ones inserted at `axes` of the result, ascending. */
scull_status_t scull_import_emit_unsqueeze(scull_emitter_t *emitter, scull_value_id_t x,
                                           scull_ints_t axes, const char *name,
                                           scull_value_id_t *out) SCULL_MUST_USE;
scull_status_t scull_import_emit_squeeze(scull_emitter_t *emitter, scull_value_id_t x,
                                         scull_ints_t axes, const char *name,
                                         scull_value_id_t *out) SCULL_MUST_USE;
scull_status_t scull_import_emit_transpose(scull_emitter_t *emitter, scull_value_id_t x,
                                           scull_ints_t perm, const char *name,
                                           scull_value_id_t *out) SCULL_MUST_USE;
/* scale * x + bias */
scull_status_t scull_import_emit_scale(scull_emitter_t *emitter, scull_value_id_t x, double scale,
                                       double bias, const char *name,
                                       scull_value_id_t *out) SCULL_MUST_USE;
scull_status_t scull_import_emit_cast(scull_emitter_t *emitter, scull_value_id_t x,
                                      scull_dtype_t to, const char *name,
                                      scull_value_id_t *out) SCULL_MUST_USE;

/* x as a one-dimensional i64 value: what lists are, where they come as tensors. */
scull_status_t scull_import_emit_list(scull_emitter_t *emitter, scull_value_id_t x,
                                      scull_value_id_t *out) SCULL_MUST_USE;

/* Element `index` of x where it is the same at all points; false when it is not known. */
bool scull_import_known_int(const scull_graph_t *graph, scull_value_id_t x, int64_t index,
                            int64_t *out);
bool scull_import_known_float(const scull_graph_t *graph, scull_value_id_t x, int64_t index,
                              double *out);

/* All elements of an integer tensor, in graph->arena, where they are the same at all points; else
 * *is_known is false. */
scull_status_t scull_import_known_list(scull_graph_t *graph, scull_value_id_t x, scull_ints_t *out,
                                       bool *is_known) SCULL_MUST_USE;

/* Rank of x; 0 for SCULL_NO_ID. The same at all points: ranks do not move. */
int32_t scull_import_rank(const scull_graph_t *graph, scull_value_id_t x);

/* A list on the caller's stack: SCULL_INTS(1, 2, 3). */
#define SCULL_INTS(...)                                                                            \
  ((scull_ints_t){(const int64_t[]){__VA_ARGS__},                                                  \
                  sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)})

#endif
