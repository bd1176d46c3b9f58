/* The tool's voice. The one piece of state of the process lives here: which command speaks, and
 * whether an unfinished progress line stands on the terminal. */
#define _POSIX_C_SOURCE 200809L
#include "console.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
  const char *command;
  bool line_open; /* a progress line without its newline */
} console = {.command = ""};

static void clear_line(void) {
  if (console.line_open)
    fputs("\r\033[K", stderr);
  console.line_open = false;
}

static void print_prefix(void) {
  clear_line();
  fprintf(stderr, "scull%s%s: ", console.command[0] ? " " : "", console.command);
}

void cli_console_begin(const char *command) {
  console.command = command;
}

scull_status_t cli_console_end(void) {
  clear_line();
  if (fflush(stdout) != 0 || ferror(stdout))
    return cli_fail_errno("stdout", "write");
  return SCULL_OK;
}

scull_status_t cli_fail(scull_status_t status, const char *format, ...) {
  va_list args;
  print_prefix();
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  return status;
}

scull_status_t cli_fail_memory(void) {
  return cli_fail(SCULL_OUT_OF_MEMORY, "memory is short");
}

scull_status_t cli_fail_errno(const char *path, const char *what) {
  int error = errno;
  scull_status_t status = error == ENOENT ? SCULL_NOT_FOUND : SCULL_IO;
  return cli_fail(status, "%s: cannot %s: %s", path, what, strerror(error));
}

/* Usage errors are the tool's own: what the library refuses is a failure of the work. */
static scull_status_t as_failure(scull_status_t status) {
  return status == SCULL_INVALID_ARGUMENT ? SCULL_OUT_OF_RANGE : status;
}

scull_status_t cli_check(scull_status_t status, const char *subject) {
  if (status == SCULL_OK)
    return SCULL_OK;
  const char *text = scull_last_error();
  if (!text[0])
    return cli_fail(as_failure(status), "%s: %s", subject, scull_status_text(status));
  while (*text) {
    size_t length = strcspn(text, "\n");
    if (length > 0)
      cli_fail(status, "%.*s", (int)length, text);
    text += length + (text[length] == '\n');
  }
  return as_failure(status);
}

void cli_note(const char *format, ...) {
  va_list args;
  clear_line();
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
}

static void log_line(void *user, scull_severity_t severity, const char *text) {
  (void)user;
  if (severity == SCULL_SEVERITY_ERROR)
    return;
  print_prefix();
  fprintf(stderr, "%s%s\n", severity == SCULL_SEVERITY_WARNING ? "warning: " : "", text);
}

scull_logger_t cli_console_logger(bool verbose) {
  return (scull_logger_t){.log = log_line,
                          .verbosity = verbose ? SCULL_SEVERITY_VERBOSE : SCULL_SEVERITY_WARNING};
}

bool cli_console_progress(void *user, const scull_progress_t *progress) {
  (void)user;
  if (!isatty(STDERR_FILENO))
    return true;
  double share = progress->total ? 100.0 * (double)progress->done / (double)progress->total : 0;
  fprintf(stderr, "\r\033[K%3.0f %%  %s %zu/%zu", share, progress->stage ? progress->stage : "",
          progress->done, progress->total);
  if (progress->remaining_s >= 0)
    fprintf(stderr, "  %.0f s left", progress->remaining_s);
  if (progress->what)
    fprintf(stderr, "  %.40s", progress->what);
  fflush(stderr);
  console.line_open = true;
  return true;
}
