/* The prepared steps for one set of input shapes. Private to runtime/. */
#ifndef SCULL_RUNTIME_VARIANT_H
#define SCULL_RUNTIME_VARIANT_H

#include "runtime/runtime.h"

/* A step ready to run. Pointer lists are fixed but for those into the caller's memory. */
typedef struct scull_ready_step {
  const scull_plan_step_t *plan_step;
  const scull_tactic_t *tactic; /* NULL: reference */
  scull_prepared_t prepared;
  int threads; /* that its work is worth; 0: nothing of it runs on more than one */
  const void **inputs;
  void **outputs;
  const scull_shape_t **shapes; /* of outputs */
  const void *packed;
  const void *next; /* packed constants of the next step that has some; NULL: none */
  size_t next_bytes;
  bool skipped;         /* COPY: the caller's memory stands for the copy */
  size_t bytes;         /* COPY */
  scull_op_call_t call; /* reference steps: tensors with types and memory */
} scull_ready_step_t;

typedef struct scull_variant {
  scull_arena_t arena;
  scull_shape_t *shapes; /* of every plan value */
  char *shape_memory;    /* values that depend on shapes only */
  void *device_shapes;   /* a discrete device's copy of it; NULL: none */
  scull_ready_step_t *steps;
  size_t scratch, host_scratch; /* bytes, the largest of all steps of the device and of its host */
  int threads;
  uint64_t last_used;
  bool warm; /* has run: what a first run loads is there, so that work may be captured */
  struct scull_stretch *stretches; /* captured work (stretch.c) */
  size_t stretch_count;
} scull_variant_t;

/* Runs the shape rules from the input shapes on, computes at-shape values, prepares every tactic.
 * `input_shapes` has plan->input_count entries. */
scull_status_t scull_runtime_variant_create(const scull_runtime_engine_t *engine,
                                            const scull_shape_t *input_shapes, int threads,
                                            scull_variant_t **out,
                                            scull_diag_t *diag) SCULL_MUST_USE;
void scull_runtime_variant_destroy(const scull_runtime_engine_t *engine, scull_variant_t *variant);

/* The device that runs the step: the engine's or its host. */
const scull_device_t *scull_runtime_step_device(const scull_runtime_engine_t *engine,
                                                const scull_plan_step_t *step);

/* Where memory lies in a run. */
typedef struct scull_memory_map {
  char *arena, *scratch;
  char *host_arena, *host_scratch;  /* of the host beside a discrete device */
  const void *const *inputs;        /* the caller's, by input */
  void *const *outputs;             /* by output */
  void *const *instead;             /* by buffer: memory that stands for it; NULL: none at all */
  const struct scull_block *blocks; /* of late values; see late.h */
  struct scull_sequence *const *sequences;
} scull_memory_map_t;

/* Where a value lies as `step` sees it: constants and shapes are on both sides of a discrete
 * device. */
void *scull_runtime_address(const scull_runtime_engine_t *engine, const scull_variant_t *variant,
                            const scull_memory_map_t *map, const scull_plan_step_t *step,
                            uint32_t id);

/* CORRUPT when the step's packed weights are fewer than the `bytes` that its tactic reads; 0: as
 * many as it says. */
scull_status_t scull_runtime_check_packed(const scull_runtime_engine_t *engine, size_t step,
                                          size_t bytes, scull_diag_t *diag) SCULL_MUST_USE;

/* Fills the pointers of all steps. */
void scull_runtime_variant_bind(const scull_runtime_engine_t *engine, scull_variant_t *variant,
                                const scull_memory_map_t *map);

#endif
