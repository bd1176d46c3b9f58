/* Plan + inputs -> outputs. No graph, no search; a run allocates nothing, but for what depends on
 * data: its blocks grow until the largest run was seen, and tactics are prepared for new shapes.
 *
 * engine: an opened plan with its device and tactics; immutable, shared by threads.
 * context: what one thread needs to run it: arena, prepared tactics for the shapes at hand.
 * variant: the prepared tactics for one set of input shapes; a context keeps the last few. */
#ifndef SCULL_RUNTIME_RUNTIME_H
#define SCULL_RUNTIME_RUNTIME_H

#include "plan/plan.h"

typedef struct scull_runtime_engine {
  scull_plan_t plan;
  scull_device_t *device;
  const scull_tactic_t **tactics; /* one a step; NULL: the reference kernel, or an at-shape step */
  void *weights;                  /* the device's copy; NULL where the device reads the plan's */
  uint32_t *writers;              /* by buffer: how many steps of a run write into it */
} scull_runtime_engine_t;

/* Takes over `plan` (also on failure: it is then deinitialised). NEEDS_BUILD when the plan is of
 * another device or names a tactic that is not here in that version. */
scull_status_t scull_runtime_engine_create(scull_plan_t *plan, int device_index,
                                           scull_runtime_engine_t **out,
                                           scull_diag_t *diag) SCULL_MUST_USE;
void scull_runtime_engine_destroy(scull_runtime_engine_t *engine);

/* *why is NULL when the plan can run on this device as it is, else why not, in words kept in
 * `buffer`. OUT_OF_MEMORY when that cannot be told. */
scull_status_t scull_runtime_mismatch(const scull_plan_t *plan, const scull_device_t *device,
                                      char *buffer, size_t size, const char **why) SCULL_MUST_USE;

typedef struct scull_runtime_context scull_runtime_context_t;

typedef struct scull_runtime_options {
  int threads; /* 0: the plan's */
  void *arena; /* the caller's memory of the plan's device, or NULL */
  size_t arena_size;
  void *stream; /* the caller's own stream of the device (a CUstream), or NULL */
  /* For what a run settles; 0: defaults. Trips of all loops in one run; bytes of all values whose
   * size depends on data. */
  uint64_t trip_limit;
  size_t growth_limit;
} scull_runtime_options_t;

/* What the profiler and the watcher see of a step: copies in host memory where the device's own
 * cannot be read. */
typedef struct scull_runtime_event {
  size_t step;
  double microseconds;
  const scull_plan_step_t *plan_step;
  void *const *outputs;               /* of the site, as they lie in memory */
  const scull_shape_t *const *shapes; /* their actual shapes */
} scull_runtime_event_t;
typedef void (*scull_runtime_hook_t)(void *user, const scull_runtime_event_t *event);

scull_status_t scull_runtime_context_create(const scull_runtime_engine_t *engine,
                                            const scull_runtime_options_t *options,
                                            scull_runtime_context_t **out,
                                            scull_diag_t *diag) SCULL_MUST_USE;
void scull_runtime_context_destroy(scull_runtime_context_t *context);

/* See scull_context_* of the public header: same effects, same statuses. */
scull_status_t scull_runtime_set_shape(scull_runtime_context_t *context, size_t input,
                                       const scull_shape_t *shape,
                                       scull_diag_t *diag) SCULL_MUST_USE;
scull_status_t scull_runtime_set_input(scull_runtime_context_t *context, size_t input,
                                       const void *data, size_t size,
                                       scull_diag_t *diag) SCULL_MUST_USE;
scull_status_t scull_runtime_set_output(scull_runtime_context_t *context, size_t output, void *data,
                                        size_t size, scull_diag_t *diag) SCULL_MUST_USE;
scull_status_t scull_runtime_prepare(scull_runtime_context_t *context,
                                     scull_diag_t *diag) SCULL_MUST_USE;
scull_status_t scull_runtime_run(scull_runtime_context_t *context,
                                 scull_diag_t *diag) SCULL_MUST_USE;

/* As run, but on a discrete device what is left when the last step of the host is done goes on
 * behind the caller's back: `wait` tells how it ended. Several may be on their way, in order. */
scull_status_t scull_runtime_enqueue(scull_runtime_context_t *context,
                                     scull_diag_t *diag) SCULL_MUST_USE;
scull_status_t scull_runtime_wait(scull_runtime_context_t *context,
                                  scull_diag_t *diag) SCULL_MUST_USE;
/* True when enqueue returns before the work is done. */
bool scull_runtime_is_asynchronous(const scull_runtime_context_t *context);

/* Type and memory of an output (data NULL before a run). Of an output whose shape depends on data
 * the extents are bounds until a run is through; a sequence has a scull_sequence_t as data. */
scull_status_t scull_runtime_output(scull_runtime_context_t *context, size_t output,
                                    scull_tensor_t *out, scull_diag_t *diag) SCULL_MUST_USE;

/* Current shape of an input. */
const scull_shape_t *scull_runtime_input_shape(const scull_runtime_context_t *context,
                                               size_t input);
const void *scull_runtime_input_data(const scull_runtime_context_t *context, size_t input);

/* Called after each step of a run; NULL: off. */
void scull_runtime_set_hook(scull_runtime_context_t *context, scull_runtime_hook_t hook,
                            void *user);

#endif
