/* Regions while an importer writes them: a graph that sees the graph around it. What it reads from
 * there becomes a parameter (a constant: a constant of its own) the first time; the node that owns
 * the region gets those as captures, behind its own operands. Private to import/. */
#ifndef SCULL_IMPORT_REGION_H
#define SCULL_IMPORT_REGION_H

#include "import/emit.h"

typedef struct scull_import_capture {
  scull_value_id_t outer, inner;
  bool is_param;
} scull_import_capture_t;

/* Zero-initialise it; deinit destroys the graph unless a node took it. */
typedef struct scull_import_region {
  scull_graph_t *outer, *graph;
  SCULL_VEC(scull_import_capture_t) captures;
  scull_status_t status; /* sticks: a capture that failed */
} scull_import_region_t;

scull_status_t scull_import_region_begin(scull_graph_t *outer,
                                         scull_import_region_t *region) SCULL_MUST_USE;
void scull_import_region_deinit(scull_import_region_t *region);

/* A parameter that is no capture; all of them before the first capture. `like` gives its type. */
scull_status_t scull_import_region_param(scull_import_region_t *region, const char *name,
                                         const scull_value_t *like,
                                         scull_value_id_t *out) SCULL_MUST_USE;

/* What a value of the graph around is inside; SCULL_NO_ID after a failure, which sticks. */
scull_value_id_t scull_import_region_capture(scull_import_region_t *region, scull_value_id_t outer);

/* What the node that owns the region is to be. */
typedef struct scull_import_owner {
  const char *const *names; /* of its outputs; NULL or with NULLs: made up */
  size_t output_count;
  scull_value_id_t *outputs; /* to be set */
} scull_import_owner_t;

/* `if` over two regions whose results have been added. The regions are taken on success. */
scull_status_t scull_import_emit_branch(scull_emitter_t *emitter, scull_value_id_t condition,
                                        scull_import_region_t *yes, scull_import_region_t *no,
                                        const scull_import_owner_t *owner) SCULL_MUST_USE;

/* `loop` over a region whose parameters begin with trip, condition and the carried values. */
typedef struct scull_import_loop {
  scull_value_id_t trips, condition; /* either may be SCULL_NO_ID */
  const scull_value_id_t *carried;
  size_t carried_count;
} scull_import_loop_t;
scull_status_t scull_import_emit_loop(scull_emitter_t *emitter, const scull_import_loop_t *loop,
                                      scull_import_region_t *body,
                                      const scull_import_owner_t *owner) SCULL_MUST_USE;

#endif
