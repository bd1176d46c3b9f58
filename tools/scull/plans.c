/* Telling plans from models, and opening them with the console as logger. */
#include "plans.h"

#include <stdio.h>
#include <string.h>

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
