/* scull export: the optimized network of a model or a plan as an ONNX file. */
#include <stdio.h>
#include <string.h>

#include "console.h"
#include "plans.h"

typedef struct export_args {
  const char *path, *params, *output;
} export_args_t;

#define FIELD(name) offsetof(export_args_t, name)

static const cli_operand_t operands[] = {
    {"MODEL|PLAN", FIELD(path), false},
    {"PARAMS", FIELD(params), true},
};

static const cli_option_t options[] = {
    {"output", 'o', CLI_TEXT, FIELD(output), "FILE", "the file to write", 0},
};

static scull_status_t run(const void *user) {
  const export_args_t *args = user;
  scull_build_options_t build;
  scull_status_t status = SCULL_OK;
  if (args->output == NULL)
    return cli_fail(SCULL_INVALID_ARGUMENT, "give a file to write: -o FILE.onnx");
  if (cli_plans_is_plan(args->path)) {
    status = scull_plan_export(args->path, args->output);
  } else {
    scull_build_options_init(&build);
    build.model.model_path = args->path;
    build.model.params_path = args->params;
    build.logger = cli_console_logger(false);
    status = scull_model_export(&build, args->output);
  }
  CLI_TRY(cli_check(status, args->path));
  printf("%s\n", args->output);
  return SCULL_OK;
}

const cli_command_t cli_command_export = {
    .name = "export",
    .summary = "the optimized network as an ONNX file",
    .notes = "  scull export net.plan -o optimized.onnx",
    .operands = operands,
    .operand_count = CLI_COUNT(operands),
    .options = options,
    .option_count = CLI_COUNT(options),
    .args_size = sizeof(export_args_t),
    .run = run,
};
