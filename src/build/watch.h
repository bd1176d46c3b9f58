/* Single tensors of a run, by the model's names: those that a step of the plan writes, and those
 * that passes or fusion removed, which the reference kernels recompute from the tensors that are
 * still there. Private to build/ and api/. */
#ifndef SCULL_BUILD_WATCH_H
#define SCULL_BUILD_WATCH_H

#include "runtime/runtime.h"

typedef struct scull_build_watch scull_build_watch_t;

/* A watch for the tensor `name`; which tensors of a run it keeps is settled here. *out is yours.
 * NOT_FOUND when neither plan nor model has such a tensor, UNSUPPORTED when the plan has not and
 * was built without its sources. */
scull_status_t scull_build_watch_create(const scull_plan_t *plan, const char *name,
                                        scull_diag_t *diag,
                                        scull_build_watch_t **out) SCULL_MUST_USE;
void scull_build_watch_destroy(scull_build_watch_t *watch); /* NULL is allowed */

const char *scull_build_watch_name(const scull_build_watch_t *watch);

/* To be called after each step of a run: keeps what the watch needs of its outputs. */
scull_status_t scull_build_watch_see(scull_build_watch_t *watch,
                                     const scull_runtime_engine_t *engine,
                                     const scull_runtime_event_t *event) SCULL_MUST_USE;

/* To be called after a run: the tensor, row-major; out->data is yours. Lets go of what was kept. */
scull_status_t scull_build_watch_end(scull_build_watch_t *watch,
                                     const scull_runtime_engine_t *engine,
                                     const scull_runtime_context_t *context, scull_tensor_t *out,
                                     scull_diag_t *diag) SCULL_MUST_USE;

#endif
