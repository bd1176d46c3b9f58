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

/* Makes an empty file for a plan beside the file `beside`, or, where that is NULL, in $TMPDIR or
 * /tmp for one that is not kept. free() *path, and unlink or rename it; on failure it is NULL. */
CLI_CHECKED scull_status_t cli_plans_temporary(const char *beside, char **path);

/* For "NAME=VALUE": the index of the input (output) NAME, and where VALUE begins. VALUE alone is
 * enough when there is only one. */
CLI_CHECKED scull_status_t cli_plans_find_input(const scull_engine_t *engine, const char *text,
                                                size_t *index, const char **value);
CLI_CHECKED scull_status_t cli_plans_find_output(const scull_engine_t *engine, const char *text,
                                                 size_t *index, const char **value);

#endif
