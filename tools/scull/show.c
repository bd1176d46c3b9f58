/* scull show: what is in a model or in a plan, before anything is built or run. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>

#include "console.h"
#include "json.h"
#include "plans.h"

typedef struct show_args {
  const char *path, *params;
  bool json;
} show_args_t;

#define FIELD(name) offsetof(show_args_t, name)

static const cli_operand_t operands[] = {
    {"MODEL|PLAN", FIELD(path), false},
    {"PARAMS", FIELD(params), true},
};

static const cli_option_t options[] = {
    {"json", 0, CLI_FLAG, FIELD(json), NULL, "print JSON", 0},
};

static scull_status_t describe(const show_args_t *args, cli_capture_t *capture) {
  scull_build_options_t build;
  if (cli_plans_is_plan(args->path))
    return cli_check(scull_plan_describe(args->path, cli_sink_write, capture->file), args->path);
  scull_build_options_init(&build);
  build.model.model_path = args->path;
  build.model.params_path = args->params;
  build.logger = cli_console_logger(false);
  return cli_check(scull_model_describe(&build, cli_sink_write, capture->file), args->path);
}

static scull_status_t run(const void *user) {
  const show_args_t *args = user;
  cli_capture_t capture;
  CLI_TRY(cli_capture_open(&capture));
  scull_status_t status = describe(args, &capture);
  if (status == SCULL_OK)
    status = cli_capture_close(&capture);
  if (status == SCULL_OK)
    status = cli_json_show(&capture, args->path, args->json);
  cli_capture_deinit(&capture);
  return status;
}

const cli_command_t cli_command_show = {
    .name = "show",
    .summary = "what is in a model or a plan",
    .operands = operands,
    .operand_count = CLI_COUNT(operands),
    .options = options,
    .option_count = CLI_COUNT(options),
    .args_size = sizeof(show_args_t),
    .run = run,
};
