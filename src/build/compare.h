/* A plan's layers beside the reference or another plan, and single tensors of a plan. */
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

/* True when some step of the plan writes a tensor of that name. */
bool scull_build_has_tensor(const scull_plan_t *plan, const char *name);

/* OK when the plan's sources know a tensor of that name; else NOT_FOUND or UNSUPPORTED with words.
 */
scull_status_t scull_build_find_source(const scull_plan_t *plan, const char *name,
                                       scull_diag_t *diag) SCULL_MUST_USE;

/* Recomputes the tensor `name` of the plan's sources by the reference kernels from the inputs of
 * the context. out->data is yours. NOT_FOUND, UNSUPPORTED (no sources). */
scull_status_t scull_build_recompute(const scull_runtime_engine_t *engine,
                                     const scull_runtime_context_t *context, const char *name,
                                     scull_tensor_t *out, scull_diag_t *diag) SCULL_MUST_USE;

#endif
