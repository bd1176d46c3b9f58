/* Diagnostics: the words that go with a status. A sink keeps many messages, so that an importer can
 * report all unsupported operators at once, and forwards each to the caller's logger. */
#ifndef SCULL_BASE_DIAG_H
#define SCULL_BASE_DIAG_H

#include <stdarg.h>

#include "base/memory.h"

/* Called with one line of text, no newline; `text` is valid during the call only. */
typedef void (*scull_log_fn_t)(void *user, scull_severity_t severity, const char *text);

typedef struct scull_message {
  struct scull_message *next;
  scull_severity_t severity;
  scull_status_t status;
  char *text;
} scull_message_t;

typedef struct scull_diag {
  scull_arena_t arena; /* holds the messages */
  scull_message_t *first, *last;
  size_t errors, warnings;
  scull_severity_t verbosity; /* messages above it are dropped */
  scull_log_fn_t log;         /* may be NULL */
  void *log_user;
} scull_diag_t;

/* A sink that keeps errors and warnings and, when `log` is given, forwards what `verbosity` lets
 * pass. One sink belongs to one thread at a time. A NULL sink is allowed in every call below: the
 * words are lost, the status is not. */
void scull_base_diag_init(scull_diag_t *diag, scull_severity_t verbosity, scull_log_fn_t log,
                          void *log_user);
void scull_base_diag_deinit(scull_diag_t *diag);
void scull_base_diag_clear(scull_diag_t *diag);

/* Records an error and returns `status`, so that `return scull_base_fail(...)` reads well. Say
 * file, offset or node, and cause. */
scull_status_t scull_base_fail(scull_diag_t *diag, scull_status_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Records OUT_OF_MEMORY with what was wanted. */
scull_status_t scull_base_fail_memory(scull_diag_t *diag, const char *what);

#ifdef __clang_analyzer__
/* The analyzer does not look into other files; without this it goes on behind a failure. */
#define scull_base_fail(diag, status, ...)                                                         \
  ((void)(scull_base_fail)(diag, status, __VA_ARGS__), status)
#define scull_base_fail_memory(diag, what)                                                         \
  ((void)(scull_base_fail_memory)(diag, what), SCULL_OUT_OF_MEMORY)
#endif

void scull_base_warn(scull_diag_t *diag, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void scull_base_info(scull_diag_t *diag, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void scull_base_verbose(scull_diag_t *diag, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Text of the first error, or "" when there is none. Valid until clear or deinit. */
const char *scull_base_diag_first_error(const scull_diag_t *diag);

#endif
