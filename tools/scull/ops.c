/* scull ops: the operators, the model operators that map to them, the devices that have tactics. */
#include <stdio.h>

#include "console.h"
#include "json.h"

typedef struct ops_args {
  const char *format;
  bool json;
} ops_args_t;

static const cli_option_t options[] = {
    {"format", 0, CLI_TEXT, offsetof(ops_args_t, format), "NAME",
     "only what models of that format use: paddle", 0},
    {"json", 0, CLI_FLAG, offsetof(ops_args_t, json), NULL, "print JSON", 0},
};

static scull_status_t run(const void *user) {
  const ops_args_t *args = user;
  cli_capture_t capture;
  CLI_TRY(cli_capture_open(&capture));
  scull_status_t status =
      cli_check(scull_ops_describe(args->format, cli_sink_write, capture.file), "ops");
  if (status == SCULL_OK)
    status = cli_capture_close(&capture);
  if (status == SCULL_OK)
    status = cli_json_show(&capture, "ops", args->json);
  cli_capture_deinit(&capture);
  return status;
}

const cli_command_t cli_command_ops = {
    .name = "ops",
    .summary = "the operators that Scull knows",
    .options = options,
    .option_count = CLI_COUNT(options),
    .args_size = sizeof(ops_args_t),
    .run = run,
};
