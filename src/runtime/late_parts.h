/* What the parts of late running share. Private to runtime/. */
#ifndef SCULL_RUNTIME_LATE_PARTS_H
#define SCULL_RUNTIME_LATE_PARTS_H

#include "ops/loop.h"
#include "runtime/block.h"
#include "runtime/late.h"

/* Bytes that late values of a context may take, where nobody says otherwise. */
#define SCULL_LATE_GROWTH ((size_t)4 << 30)

typedef struct scull_late_step scull_late_step_t;

struct scull_late {
  const scull_runtime_engine_t *engine;
  scull_arena_t arena;
  scull_late_step_t **steps; /* by step; NULL: not late */
  scull_block_t *blocks;
  scull_sequence_t **sequences;
  scull_block_t scratch;
  size_t limit, left; /* bytes in all, and not yet taken */
  uint64_t trips, trip_limit;
  uint64_t clock;
  /* of the run at hand */
  scull_variant_t *variant;
  scull_memory_map_t map;
  scull_runtime_hook_t hook;
  void *hook_user;
};

const scull_plan_buffer_t *scull_runtime_late_buffer(const scull_late_t *late, uint32_t value);

/* Where the value lies, as `step` sees it. */
void *scull_runtime_late_address(const scull_late_t *late, const scull_plan_step_t *step,
                                 uint32_t value);

/* CORRUPT when the value at its present shape is larger than what lies behind it. */
scull_status_t scull_runtime_late_check(const scull_late_t *late, uint32_t value,
                                        scull_diag_t *diag) SCULL_MUST_USE;

/* Gives the value a shape and room for it; one that is not late must have that shape. */
scull_status_t scull_runtime_late_shape(scull_late_t *late, uint32_t value,
                                        const scull_shape_t *shape,
                                        scull_diag_t *diag) SCULL_MUST_USE;

/* Room for `bytes` where the value lies; the first `kept` stay. */
scull_status_t scull_runtime_late_reserve(scull_late_t *late, uint32_t value, size_t bytes,
                                          size_t kept, scull_diag_t *diag) SCULL_MUST_USE;

/* Runs a list once. */
scull_status_t scull_runtime_late_list(scull_late_t *late, uint32_t list,
                                       scull_diag_t *diag) SCULL_MUST_USE;

/* Runs the lists of a CONTROL step. */
scull_status_t scull_runtime_late_control(scull_late_t *late, const scull_plan_step_t *step,
                                          scull_diag_t *diag) SCULL_MUST_USE;

#endif
