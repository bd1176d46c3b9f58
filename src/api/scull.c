/* Bodies of include/scull/scull.h: check arguments, unwrap handles, call in, keep the words of a
 * failure for scull_last_error. No logic. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"

/* --- errors --------------------------------------------------------------------------------------
 */

static _Thread_local char last_error[16384];

const char *scull_last_error(void) {
  return last_error;
}

void scull_api_begin(scull_diag_t *diag, const scull_logger_t *logger) {
  last_error[0] = '\0';
  scull_base_diag_init(diag, logger == NULL ? SCULL_SEVERITY_ERROR : logger->verbosity,
                       logger == NULL ? NULL : logger->log, logger == NULL ? NULL : logger->user);
}

scull_status_t scull_api_end(scull_diag_t *diag, scull_status_t status) {
  size_t used = 0;
  last_error[0] = '\0';
  const scull_message_t *m = status == SCULL_OK ? NULL : diag->first;
  for (; m != NULL && used + 1 < sizeof last_error; m = m->next) {
    if (m->severity != SCULL_SEVERITY_ERROR)
      continue;
    int n = snprintf(last_error + used, sizeof last_error - used, "%s%s", used == 0 ? "" : "\n",
                     m->text);
    used += n < 0 ? 0 : (size_t)n;
  }
  if (status != SCULL_OK && last_error[0] == '\0')
    snprintf(last_error, sizeof last_error, "%s", scull_base_status_text(status));
  scull_base_diag_deinit(diag);
  return status;
}

scull_status_t scull_api_refuse(const char *function, const char *cause) {
  snprintf(last_error, sizeof last_error, "%s: %s", function, cause);
  return SCULL_INVALID_ARGUMENT;
}

scull_status_t scull_api_give(scull_text_t *text, scull_text_sink_fn_t sink, void *user,
                              scull_diag_t *diag) {
  scull_status_t status = text->failed ? scull_base_fail_memory(diag, "a text") : SCULL_OK;
  if (status == SCULL_OK)
    sink(user, scull_base_text_get(text), text->size);
  scull_base_text_deinit(text);
  return status;
}

/* --- library -------------------------------------------------------------------------------------
 */

const char *scull_version(void) {
  return SCULL_LIBRARY_VERSION;
}
const char *scull_status_name(scull_status_t status) {
  return scull_base_status_name(status);
}
const char *scull_status_text(scull_status_t status) {
  return scull_base_status_text(status);
}

scull_status_t scull_device_get(size_t index, scull_device_info_t *out) {
  scull_diag_t diag;
  scull_device_t *device = NULL;
  scull_text_t facts = {0};
  if (out == NULL)
    return scull_api_refuse(__func__, "out is NULL");
  *out = (scull_device_info_t){0};
  const scull_backend_t *backend = scull_backend_at(index);
  scull_api_begin(&diag, NULL);
  if (backend == NULL)
    return scull_api_end(&diag, SCULL_NOT_FOUND);
  out->backend = backend->name;
  out->absent = backend->absent();
  scull_status_t status =
      out->absent == NULL ? scull_backend_open(backend, 0, &device, &diag) : SCULL_OK;
  if (status == SCULL_OK && device != NULL) {
    scull_backend_device_print(device, &facts);
    snprintf(out->name, sizeof out->name, "%s", device->name);
    snprintf(out->facts, sizeof out->facts, "%s", scull_base_text_get(&facts));
    scull_base_text_deinit(&facts);
    scull_backend_close(device);
  }
  return scull_api_end(&diag, status);
}

/* --- plans as files ------------------------------------------------------------------------------
 */

/* Opens a plan that is looked at, not run: all of the file is checked. */
static scull_status_t open_whole(const char *path, scull_plan_t *plan, scull_diag_t *diag) {
  scull_bytes_t sources;
  SCULL_TRY(scull_plan_open(path, plan, diag));
  return scull_plan_sources(plan, &sources, diag);
}

scull_status_t scull_plan_describe(const char *plan_path, scull_text_sink_fn_t sink, void *user) {
  scull_diag_t diag;
  scull_plan_t plan;
  scull_text_t text = {0};
  if (plan_path == NULL || sink == NULL)
    return scull_api_refuse(__func__, "a path and a sink are needed");
  scull_api_begin(&diag, NULL);
  scull_plan_init(&plan);
  scull_status_t status = open_whole(plan_path, &plan, &diag);
  if (status == SCULL_OK) {
    scull_plan_print(&plan, &text);
    status = scull_api_give(&text, sink, user, &diag);
  }
  scull_plan_deinit(&plan);
  return scull_api_end(&diag, status);
}

scull_status_t scull_plan_diff(const char *path_a, const char *path_b, bool *equal,
                               scull_text_sink_fn_t sink, void *user) {
  scull_diag_t diag;
  scull_plan_t a, b;
  scull_text_t text = {0};
  if (path_a == NULL || path_b == NULL || equal == NULL || sink == NULL)
    return scull_api_refuse(__func__, "two paths, equal and a sink are needed");
  scull_api_begin(&diag, NULL);
  scull_plan_init(&a);
  scull_plan_init(&b);
  *equal = false;
  scull_status_t status = open_whole(path_a, &a, &diag);
  if (status == SCULL_OK)
    status = open_whole(path_b, &b, &diag);
  if (status == SCULL_OK) {
    *equal = scull_plan_compare(&a, &b, &text) == 0;
    status = scull_api_give(&text, sink, user, &diag);
  }
  scull_plan_deinit(&a);
  scull_plan_deinit(&b);
  return scull_api_end(&diag, status);
}
