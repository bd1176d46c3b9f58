/* The diagnostics sink. Messages are bounded in number and length, so that a hostile file with a
 * million faults cannot fill the memory with words about them. */
#include "base/diag.h"

#include <stdio.h>
#include <string.h>

#undef scull_base_fail        /* the analyzer's: see the header */
#undef scull_base_fail_memory /* the analyzer's: see the header */

enum { MAX_MESSAGES = 1000, MAX_TEXT = 1024 };

void scull_base_diag_init(scull_diag_t *diag, scull_severity_t verbosity, scull_log_fn_t log,
                          void *log_user) {
  *diag = (scull_diag_t){.verbosity = verbosity, .log = log, .log_user = log_user};
  scull_base_arena_init(&diag->arena);
}

void scull_base_diag_deinit(scull_diag_t *diag) {
  scull_base_diag_clear(diag);
}

void scull_base_diag_clear(scull_diag_t *diag) {
  scull_base_arena_deinit(&diag->arena);
  diag->first = diag->last = NULL;
  diag->errors = diag->warnings = 0;
}

static void keep(scull_diag_t *diag, scull_severity_t severity, scull_status_t status,
                 const char *text) {
  if (severity == SCULL_SEVERITY_ERROR)
    diag->errors++;
  else
    diag->warnings++;
  if (diag->errors + diag->warnings > MAX_MESSAGES)
    return;
  scull_message_t *message = SCULL_ARENA_NEW(&diag->arena, scull_message_t);
  char *copy = scull_base_arena_string(&diag->arena, text, strlen(text));
  if (message == NULL || copy == NULL)
    return; /* the status still tells the caller */
  *message = (scull_message_t){.severity = severity, .status = status, .text = copy};
  if (diag->last == NULL)
    diag->first = message;
  else
    diag->last->next = message;
  diag->last = message;
}

static void __attribute__((format(printf, 4, 0)))
emit(scull_diag_t *diag, scull_severity_t severity, scull_status_t status, const char *format,
     va_list args) {
  char text[MAX_TEXT];
  if (diag == NULL)
    return;
  vsnprintf(text, sizeof text, format, args);
  if (severity <= SCULL_SEVERITY_WARNING)
    keep(diag, severity, status, text);
  if (diag->log != NULL && severity <= diag->verbosity)
    diag->log(diag->log_user, severity, text);
}

scull_status_t scull_base_fail(scull_diag_t *diag, scull_status_t status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  emit(diag, SCULL_SEVERITY_ERROR, status, format, args);
  va_end(args);
  return status;
}

scull_status_t scull_base_fail_memory(scull_diag_t *diag, const char *what) {
  return scull_base_fail(diag, SCULL_OUT_OF_MEMORY, "out of memory: %s", what);
}

#define SCULL_DIAG_WORDS(name, severity)                                                           \
  void name(scull_diag_t *diag, const char *format, ...) {                                         \
    va_list args;                                                                                  \
    va_start(args, format);                                                                        \
    emit(diag, severity, SCULL_OK, format, args);                                                  \
    va_end(args);                                                                                  \
  }
SCULL_DIAG_WORDS(scull_base_warn, SCULL_SEVERITY_WARNING)
SCULL_DIAG_WORDS(scull_base_info, SCULL_SEVERITY_INFO)
SCULL_DIAG_WORDS(scull_base_verbose, SCULL_SEVERITY_VERBOSE)

const char *scull_base_diag_first_error(const scull_diag_t *diag) {
  for (const scull_message_t *m = diag == NULL ? NULL : diag->first; m != NULL; m = m->next) {
    if (m->severity == SCULL_SEVERITY_ERROR)
      return m->text;
  }
  return "";
}
