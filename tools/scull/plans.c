/* Telling plans from models, and opening them with the console as logger. */
#define _POSIX_C_SOURCE 200809L
#include "plans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console.h"

bool cli_plans_is_plan(const char *path) {
  static const char magic[] = "SCULLPLN";
  char head[sizeof magic - 1] = {0};
  size_t length = strlen(path);
  if (length > 5 && strcmp(path + length - 5, ".plan") == 0)
    return true;
  FILE *file = fopen(path, "rb");
  if (!file)
    return false;
  size_t count = fread(head, 1, sizeof head, file);
  fclose(file);
  return count == sizeof head && memcmp(head, magic, sizeof head) == 0;
}

scull_status_t cli_plans_open(const char *path, const cli_open_t *how, scull_engine_t **out) {
  scull_engine_options_t options;
  scull_engine_options_init(&options);
  options.strict = how->strict;
  options.verify = how->verify;
  options.logger = cli_console_logger(how->verbose);
  return cli_check(scull_engine_open(path, &options, out), path);
}

scull_status_t cli_plans_temporary(const char *beside, char **path) {
  static const char end[] = ".XXXXXX";
  const char *set = getenv("TMPDIR"), *folder = set == NULL || *set == '\0' ? "/tmp" : set;
  const size_t size = strlen(beside == NULL ? folder : beside) + sizeof "/scull" + sizeof end;
  *path = malloc(size);
  if (*path == NULL)
    return cli_fail_memory();
  (void)snprintf(*path, size, "%s%s%s", beside == NULL ? folder : beside,
                 beside == NULL ? "/scull" : "", end);
  const int file = mkstemp(*path);
  if (file >= 0) {
    close(file);
    return SCULL_OK;
  }
  scull_status_t status = cli_fail_errno(*path, "make a temporary plan");
  free(*path);
  *path = NULL;
  return status;
}

typedef scull_status_t (*find_fn_t)(const scull_engine_t *, const char *, size_t *);

/* `what` is "input" or "output", of which there are `count`. */
static scull_status_t find_named(const scull_engine_t *engine, const char *text, const char *what,
                                 size_t count, find_fn_t find, size_t *index, const char **value) {
  const char *equals = strchr(text, '=');
  *index = 0;
  *value = equals ? equals + 1 : text;
  if (!equals && count == 1)
    return SCULL_OK;
  if (!equals)
    return cli_fail(SCULL_INVALID_ARGUMENT, "which %s? NAME=VALUE is wanted, not '%s'", what, text);
  char *name = strndup(text, (size_t)(equals - text));
  if (!name)
    return cli_fail_memory();
  scull_status_t status = find(engine, name, index);
  if (status != SCULL_OK)
    status = cli_fail(SCULL_NOT_FOUND, "%s: the plan has no %s '%s'", text, what, name);
  free(name);
  return status;
}

scull_status_t cli_plans_find_input(const scull_engine_t *engine, const char *text, size_t *index,
                                    const char **value) {
  return find_named(engine, text, "input", scull_engine_input_count(engine),
                    scull_engine_find_input, index, value);
}

scull_status_t cli_plans_find_output(const scull_engine_t *engine, const char *text, size_t *index,
                                     const char **value) {
  return find_named(engine, text, "output", scull_engine_output_count(engine),
                    scull_engine_find_output, index, value);
}
