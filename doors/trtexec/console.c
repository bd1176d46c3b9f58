#define _POSIX_C_SOURCE 200809L
#include "console.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool verbose;

void trtexec_console_verbose(void) {
  verbose = true;
}

static void say(char letter, const char *mark, const char *format, va_list args) {
  FILE *file = letter == 'E' || letter == 'W' ? stderr : stdout;
  char stamp[32] = "";
  struct tm local;
  const time_t now = time(NULL);
  if (letter == 'V' && !verbose)
    return;
  if (file == stderr)
    fflush(stdout); /* lines of both stay in order */
  if (localtime_r(&now, &local) != NULL)
    strftime(stamp, sizeof stamp, "%m/%d/%Y-%H:%M:%S", &local);
  fprintf(file, "[%s] [%c] %s", stamp, letter, mark);
  vfprintf(file, format, args);
  fputc('\n', file);
}

void trtexec_say(char letter, const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(letter, "", format, args);
  va_end(args);
}

bool trtexec_fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say('E', "", format, args);
  va_end(args);
  return false;
}

bool trtexec_fail_memory(void) {
  return trtexec_fail("memory is short");
}

static void say_library(char letter, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say_library(char letter, const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(letter, "[TRT] ", format, args);
  va_end(args);
}

bool trtexec_fail_scull(void) {
  for (const char *text = scull_last_error(); *text != '\0';) {
    const size_t length = strcspn(text, "\n");
    say_library('E', "%.*s", (int)length, text);
    text += length + (text[length] == '\n');
  }
  return false;
}

static void log_line(void *user, scull_severity_t severity, const char *text) {
  (void)user;
  if (severity != SCULL_SEVERITY_ERROR) /* errors come with the status of their call */
    say_library(severity == SCULL_SEVERITY_WARNING ? 'W' : 'V', "%s", text);
}

scull_logger_t trtexec_console_logger(void) {
  return (scull_logger_t){.log = log_line,
                          .verbosity = verbose ? SCULL_SEVERITY_VERBOSE : SCULL_SEVERITY_WARNING};
}

void trtexec_console_mark(const char *word, int count, char **words) {
  printf("&&&& %s TensorRT.trtexec [Scull v%d]", word,
         SCULL_VERSION_MAJOR * 10000 + SCULL_VERSION_MINOR * 100 + SCULL_VERSION_PATCH);
  fputs(" #", stdout);
  for (int i = 0; i < count; i++)
    printf(" %s", words[i]);
  putchar('\n');
  fflush(stdout);
}
