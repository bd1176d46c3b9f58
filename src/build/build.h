/* The stages, in order. This is the map of the program: model file -> import -> passes -> partition
 * -> tactic search -> lowering -> plan; and the way back from a plan's sources when it must be
 * tuned again. */
#ifndef SCULL_BUILD_BUILD_H
#define SCULL_BUILD_BUILD_H

#include <stdatomic.h>

#include <scull/scull.h>

#include "base/diag.h"
#include "base/text.h"
#include "import/import.h"
#include "plan/plan.h"
#include "runtime/runtime.h"

typedef struct scull_build_result {
  scull_text_t report;      /* JSON */
  scull_text_t static_path; /* of the plan that use_static found or stored */
  scull_text_t calib_path;  /* of the table that use_calib_mode found or looked for */
  bool wants_calibration;   /* and did not find */
} scull_build_result_t;
void scull_build_result_deinit(scull_build_result_t *result);

/* See scull_builder_build of the public header. `cancel` may be NULL. */
scull_status_t scull_build_run(const scull_build_options_t *options, const atomic_bool *cancel,
                               const char *plan_path, scull_build_result_t *result,
                               scull_diag_t *diag) SCULL_MUST_USE;

/* The first stage alone: options to a graph. `files` must outlive it. */
scull_status_t scull_build_import(const scull_build_options_t *options, scull_import_files_t *files,
                                  scull_graph_t **out, scull_diag_t *diag) SCULL_MUST_USE;

/* An engine that runs the model in its own types, one operator a step, so that every tensor is
 * there to be looked at; hardly tuned. *out is yours. */
scull_status_t scull_build_float_engine(const scull_build_options_t *options,
                                        const atomic_bool *cancel, scull_runtime_engine_t **out,
                                        scull_diag_t *diag) SCULL_MUST_USE;

/* The same; `gap` hears of what is not supported, and then *out holds what there is of the graph
 * beside UNSUPPORTED. */
scull_status_t scull_build_import_partly(const scull_build_options_t *options,
                                         scull_import_files_t *files, scull_import_gap_fn_t gap,
                                         void *gap_user, scull_graph_t **out,
                                         scull_diag_t *diag) SCULL_MUST_USE;

/* See scull_model_ports. `out` as in scull_import_outline. */
scull_status_t scull_build_outline(const scull_build_options_t *options, scull_diag_t *diag,
                                   scull_import_outline_t *out) SCULL_MUST_USE;

/* See scull_model_describe. */
scull_status_t scull_build_describe(const scull_build_options_t *options, scull_text_t *out,
                                    scull_diag_t *diag) SCULL_MUST_USE;

/* See scull_model_export and scull_plan_export. */
scull_status_t scull_build_export_model(const scull_build_options_t *options, const char *path,
                                        scull_diag_t *diag) SCULL_MUST_USE;
scull_status_t scull_build_export_plan(const char *plan_path, const char *path,
                                       scull_diag_t *diag) SCULL_MUST_USE;

/* See scull_ops_describe. */
scull_status_t scull_build_describe_ops(const char *format, scull_text_t *out,
                                        scull_diag_t *diag) SCULL_MUST_USE;

/* Operations of one node at the opt shapes. */
double scull_build_node_flops(const scull_graph_t *graph, const scull_node_t *node);

/* A plan for a device that is here ("cpu"), from the sources of a plan for another one. `plan`
 * stays the caller's and must outlive *out. NEEDS_BUILD when it has no sources. */
scull_status_t scull_build_retune(const scull_plan_t *plan, const char *device, int device_index,
                                  scull_plan_t *out, scull_diag_t *diag) SCULL_MUST_USE;

#endif
