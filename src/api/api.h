/* What the bodies of the public functions share. Private to api/. */
#ifndef SCULL_API_API_H
#define SCULL_API_API_H

#include <scull/scull.h>

#include "build/build.h"
#include "runtime/runtime.h"

/* A sink for one call; forwards to the logger, which may be NULL. */
void scull_api_begin(scull_diag_t *diag, const scull_logger_t *logger);

/* Keeps the errors for scull_last_error, gives the sink back, returns `status`. */
scull_status_t scull_api_end(scull_diag_t *diag, scull_status_t status);

/* INVALID_ARGUMENT with words, for calls that have not begun. */
scull_status_t scull_api_refuse(const char *function, const char *cause);

/* Hands a text over and gives it back. */
scull_status_t scull_api_give(scull_text_t *text, scull_text_sink_fn_t sink, void *user,
                              scull_diag_t *diag) SCULL_MUST_USE;

/* What is wrong with the options themselves; NULL when nothing is. */
const char *scull_api_options_fault(const scull_build_options_t *options);

#endif
