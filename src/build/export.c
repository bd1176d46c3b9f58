/* The optimized network as a file for others: import or sources, passes, and out. */
#include "build/build.h"
#include "build/sources.h"
#include "export/onnx.h"
#include "passes/pass.h"

static scull_status_t optimize_and_write(scull_graph_t *graph, const scull_passes_options_t *passes,
                                         const char *path, scull_diag_t *diag) {
  SCULL_TRY(scull_passes_run(graph, passes));
  return scull_export_onnx(graph, path, diag);
}

scull_status_t scull_build_export_model(const scull_build_options_t *options, const char *path,
                                        scull_diag_t *diag) {
  scull_import_files_t files = {0};
  scull_graph_t *graph = NULL;
  const scull_passes_options_t passes = {.disabled = options->disabled_passes,
                                         .disabled_count = options->disabled_pass_count};
  scull_status_t status = scull_build_import(options, &files, &graph, diag);
  if (status == SCULL_OK)
    status = optimize_and_write(graph, &passes, path, diag);
  scull_graph_destroy(graph);
  scull_import_files_deinit(&files);
  return status;
}

scull_status_t scull_build_export_plan(const char *plan_path, const char *path,
                                       scull_diag_t *diag) {
  scull_plan_t plan;
  scull_graph_t *graph = NULL;
  scull_plan_init(&plan);
  scull_status_t status = scull_plan_open(plan_path, &plan, diag);
  if (status == SCULL_OK)
    status = scull_build_sources_graph(&plan, &graph, diag);
  if (status == SCULL_OK)
    status = optimize_and_write(graph, NULL, path, diag);
  scull_graph_destroy(graph);
  scull_plan_deinit(&plan);
  return status;
}
