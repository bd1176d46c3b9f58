/* Plan files, as several commands open them. */
#ifndef SCULL_TOOL_PLANS_H
#define SCULL_TOOL_PLANS_H

#include "command.h"

/* True when the file begins like a plan (or is called .plan, so that a damaged one is reported as a
 * plan); else it is taken for a model. */
bool cli_plans_is_plan(const char *path);

typedef struct cli_open {
  bool strict, verify, verbose;
} cli_open_t;

CLI_CHECKED scull_status_t cli_plans_open(const char *path, const cli_open_t *how,
                                          scull_engine_t **out);

#endif
