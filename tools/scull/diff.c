/* scull diff: the differences between two plans, a line each. Exit status 0 when there are none, 1
 * when there are some, as of diff(1). */
#include <stdio.h>

#include "console.h"
#include "json.h"

typedef struct diff_args {
  const char *a, *b;
} diff_args_t;

static const cli_operand_t operands[] = {
    {"PLAN", offsetof(diff_args_t, a), false},
    {"PLAN", offsetof(diff_args_t, b), false},
};

static scull_status_t run(const void *user) {
  const diff_args_t *args = user;
  bool equal = false;
  CLI_TRY(cli_check(scull_plan_diff(args->a, args->b, &equal, cli_sink_write, stdout), args->a));
  if (!equal)
    return cli_fail(SCULL_NOT_FOUND, "%s and %s differ", args->a, args->b);
  printf("equal\n");
  return SCULL_OK;
}

const cli_command_t cli_command_diff = {
    .name = "diff",
    .summary = "what differs between two plans",
    .operands = operands,
    .operand_count = CLI_COUNT(operands),
    .args_size = sizeof(diff_args_t),
    .run = run,
};
