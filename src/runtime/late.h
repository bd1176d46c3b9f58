/* What is settled in a run: steps whose shapes depend on data, and the lists of steps that control
 * flow runs. Their values lie in blocks that grow when a run needs more and never shrink, so a
 * context that has seen its largest run takes no memory any more. A network without such steps has
 * none of this. Private to runtime/. */
#ifndef SCULL_RUNTIME_LATE_H
#define SCULL_RUNTIME_LATE_H

#include "runtime/variant.h"
#include "tensor/sequence.h"

typedef struct scull_late scull_late_t;

/* *out is NULL with SCULL_OK when the plan has no late step. */
scull_status_t scull_runtime_late_create(const scull_runtime_engine_t *engine,
                                         const scull_runtime_options_t *options, scull_late_t **out,
                                         scull_diag_t *diag) SCULL_MUST_USE;
void scull_runtime_late_destroy(scull_late_t *late); /* NULL is allowed */

/* Where the runs from now on find memory: `map` is copied, `variant` kept; its shapes of late
 * values are written by runs. */
void scull_runtime_late_bind(scull_late_t *late, scull_variant_t *variant,
                             const scull_memory_map_t *map);

/* Before the first step of each run. */
void scull_runtime_late_begin(scull_late_t *late);

/* Runs late step `index`. OUT_OF_RANGE past the limit of trips, OUT_OF_MEMORY past that of memory,
 * INVALID_ARGUMENT for shapes that do not go together. Pointers and shapes of its results stand in
 * the variant's step. */
scull_status_t scull_runtime_late_step(scull_late_t *late, size_t index,
                                       scull_diag_t *diag) SCULL_MUST_USE;

/* The steps of regions are shown, too. */
void scull_runtime_late_watch(scull_late_t *late, scull_runtime_hook_t hook, void *user);

/* Where a late value lies after a run: a tensor's bytes, or its scull_sequence_t. */
void *scull_runtime_late_data(const scull_late_t *late, uint32_t value);

#endif
