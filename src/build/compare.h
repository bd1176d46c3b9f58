/* A plan's layers beside the reference or another plan. */
#ifndef SCULL_BUILD_COMPARE_H
#define SCULL_BUILD_COMPARE_H

#include <scull/scull.h>

#include "graph/graph.h"
#include "runtime/runtime.h"

/* See scull_compare of the public header. `against` may be NULL. */
scull_status_t scull_build_compare(const scull_compare_options_t *options,
                                   const scull_runtime_engine_t *engine,
                                   const scull_runtime_engine_t *against, scull_compare_fn_t take,
                                   void *user, scull_diag_t *diag) SCULL_MUST_USE;

/* The tensor that step `event` gives under the model's name `name`, row-major, in the heap (yours);
 * data is NULL when the step gives no such tensor. */
scull_status_t scull_build_take_output(const scull_runtime_engine_t *engine,
                                       const scull_runtime_event_t *event, const char *name,
                                       scull_tensor_t *out) SCULL_MUST_USE;

/* True for a step that only stores a tensor otherwise. */
bool scull_build_is_reformat(const scull_plan_t *plan, const scull_plan_step_t *step);

/* The value of that name that some step of the plan writes, or NULL. */
const scull_plan_value_t *scull_build_find_tensor(const scull_plan_t *plan, const char *name);

#endif
