/* Collectors. */
#include <string.h>

#include "api/api.h"
#include "build/collect.h"
#include "build/quantize.h"

struct scull_collector {
  scull_collection_t *collection;
  scull_named_tensor_t *tensors; /* in the model's order */
  scull_text_t path;
  scull_logger_t logger;
};

static scull_status_t create(const scull_build_options_t *options, scull_collector_t *c,
                             scull_diag_t *diag) {
  c->logger = options->logger;
  if (options->model.network == NULL)
    SCULL_TRY(scull_build_calib_path(options, &c->path, diag));
  SCULL_TRY(scull_build_collection_create(options, NULL, &c->collection, diag));
  const size_t inputs = scull_build_collection_plan(c->collection)->input_count;
  c->tensors = scull_base_alloc((inputs + 1) * sizeof *c->tensors);
  return c->tensors == NULL ? scull_base_fail_memory(diag, "calibration") : SCULL_OK;
}

scull_status_t scull_collector_create(const scull_build_options_t *options,
                                      scull_collector_t **out_collector) {
  scull_diag_t diag;
  const char *fault =
      out_collector == NULL ? "out_collector is NULL" : scull_api_options_fault(options);
  if (fault != NULL)
    return scull_api_refuse(__func__, fault);
  scull_api_begin(&diag, &options->logger);
  scull_collector_t *c = scull_base_alloc(sizeof *c);
  scull_status_t status =
      c == NULL ? scull_base_fail_memory(&diag, "calibration") : create(options, c, &diag);
  if (status != SCULL_OK) {
    scull_collector_destroy(c);
    c = NULL;
  }
  *out_collector = c;
  return scull_api_end(&diag, status);
}

void scull_collector_destroy(scull_collector_t *collector) {
  if (collector == NULL)
    return;
  scull_build_collection_destroy(collector->collection);
  scull_base_free(collector->tensors);
  scull_base_text_deinit(&collector->path);
  scull_base_free(collector);
}

static scull_status_t add(scull_collector_t *c, const scull_named_tensor_t *inputs, size_t count,
                          scull_diag_t *diag) {
  const scull_plan_t *plan = scull_build_collection_plan(c->collection);
  for (size_t i = 0; i < plan->input_count; i++) {
    const scull_named_tensor_t *found = NULL;
    for (size_t k = 0; k < count && found == NULL; k++)
      found = strcmp(inputs[k].name, plan->inputs[i].name) == 0 ? &inputs[k] : NULL;
    if (found == NULL)
      return scull_base_fail(diag, SCULL_NOT_FOUND, "calibration: input '%s' is not given",
                             plan->inputs[i].name);
    c->tensors[i] = *found;
  }
  return scull_build_collection_add(c->collection, c->tensors, diag);
}

scull_status_t scull_collector_add(scull_collector_t *collector, const scull_named_tensor_t *inputs,
                                   size_t count) {
  scull_diag_t diag;
  const char *fault = collector == NULL             ? "collector is NULL"
                      : count > 0 && inputs == NULL ? "inputs are NULL"
                                                    : NULL;
  for (size_t i = 0; i < count && fault == NULL; i++)
    fault = inputs[i].name == NULL ? "an input has no name" : NULL;
  if (fault != NULL)
    return scull_api_refuse(__func__, fault);
  scull_api_begin(&diag, &collector->logger);
  return scull_api_end(&diag, add(collector, inputs, count, &diag));
}

uint64_t scull_collector_count(const scull_collector_t *collector) {
  return collector == NULL ? 0 : scull_build_collection_inputs(collector->collection);
}

const char *scull_collector_path(const scull_collector_t *collector) {
  return collector == NULL ? "" : scull_base_text_get(&collector->path);
}

static scull_status_t write_table(scull_collector_t *c, scull_calibration_method_t method,
                                  const char *path, scull_diag_t *diag) {
  scull_text_t text = {0};
  scull_status_t status = scull_build_collection_print(c->collection, method, &text, diag);
  if (status == SCULL_OK)
    status = scull_base_file_write(path, scull_base_text_get(&text), text.size, diag);
  scull_base_text_deinit(&text);
  return status;
}

scull_status_t scull_collector_write(scull_collector_t *collector,
                                     scull_calibration_method_t method, const char *path) {
  scull_diag_t diag;
  if (collector == NULL || (unsigned)method > SCULL_CALIBRATION_BEST)
    return scull_api_refuse(__func__, "collector is NULL or method is out of range");
  path = path == NULL ? scull_base_text_get(&collector->path) : path;
  if (path[0] == '\0')
    return scull_api_refuse(__func__, "a network has no cache folder: name a path");
  scull_api_begin(&diag, &collector->logger);
  return scull_api_end(&diag, write_table(collector, method, path, &diag));
}
