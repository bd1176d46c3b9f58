/* What the tool says: results go to stdout, everything about the work itself to stderr. A failure
 * is one line, "scull build: net/model.pdmodel: ...: cause"; the progress line shows on a terminal
 * only. */
#ifndef SCULL_TOOL_CONSOLE_H
#define SCULL_TOOL_CONSOLE_H

#include "command.h"

/* Names the command in all lines that follow; "" for the tool itself. */
void cli_console_begin(const char *command);

/* Flushes stdout; IO (and a line) when what was printed could not be written. */
CLI_CHECKED scull_status_t cli_console_end(void);

/* Prints one line to stderr and returns `status`. INVALID_ARGUMENT stands for wrong usage. */
scull_status_t cli_fail(scull_status_t status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
scull_status_t cli_fail_memory(void);

/* The same for the error number that libc left: "PATH: cannot WHAT: cause". */
scull_status_t cli_fail_errno(const char *path, const char *what);

/* Passes the status of an API call on; prints the library's words when it failed, a line for each
 * cause. `subject` (a path, mostly) is used when the library said nothing. */
CLI_CHECKED scull_status_t cli_check(scull_status_t status, const char *subject);

/* One line to stderr. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A logger that prints warnings, and with `verbose` everything; errors are cli_check's. */
scull_logger_t cli_console_logger(bool verbose);

/* A progress function for builds: one line that is rewritten in place, with percent, count and time
 * left. Silent when stderr is no terminal. */
bool cli_console_progress(void *user, const scull_progress_t *progress);

#endif
