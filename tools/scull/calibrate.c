/* scull calibrate: ranges of a network's tensors from inputs like those that it will see. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "interrupt.h"
#include "samples.h"
#include "values.h"

typedef struct calibrate_args {
  const char *model, *params, *output, *inputs, *dump;
  cli_list_t shapes;
  int64_t batch, threads;
  int method;
  cli_preprocess_args_t preprocess;
  bool quiet, verbose;
} calibrate_args_t;

static const calibrate_args_t defaults = {.batch = 1, .preprocess = {.scale = 1}};

#define FIELD(name) offsetof(calibrate_args_t, name)

static const cli_operand_t operands[] = {
    {"MODEL", FIELD(model), false},
    {"PARAMS", FIELD(params), true},
};

/* Words of --method, in an order with the default first. */
static const char method_words[] = "mse|best|entropy|minmax|percentile-99.9|percentile-99.99|"
                                   "percentile-99.999";
static const scull_calibration_method_t methods[] = {SCULL_CALIBRATION_MSE,
                                                     SCULL_CALIBRATION_BEST,
                                                     SCULL_CALIBRATION_ENTROPY,
                                                     SCULL_CALIBRATION_MINMAX,
                                                     SCULL_CALIBRATION_PERCENTILE_999,
                                                     SCULL_CALIBRATION_PERCENTILE_9999,
                                                     SCULL_CALIBRATION_PERCENTILE_99999};

static const cli_option_t option_table[] = {
    {"output", 'o', CLI_TEXT, FIELD(output), "FILE", "the table to write", 0},
    {"inputs", 0, CLI_TEXT, FIELD(inputs), "DIR|LIST",
     "a folder of .jpg, .png or .npy files, or a text file with a path a line", 0},
    {"input", 'i', CLI_REPEATED, FIELD(shapes), "NAME=SHAPE",
     "shape of an input that the model leaves free", 0},
    {"method", 0, CLI_CHOICE, FIELD(method), method_words,
     "how thresholds are found (default mse); best: by trial on the network's results", 0},
    {"batch", 'b', CLI_INTEGER, FIELD(batch), "N", "pictures that run at once (default 1)", 1},
    CLI_PREPROCESS_OPTIONS(FIELD(preprocess)),
    {"dump-inputs", 0, CLI_TEXT, FIELD(dump), "DIR",
     "write what the network sees as .npy files, to hold against your own preprocessing", 0},
    {"threads", 't', CLI_INTEGER, FIELD(threads), "N", "0 (default): all", 0},
    {"quiet", 'q', CLI_FLAG, FIELD(quiet), NULL, "no progress", 0},
    {"verbose", 'v', CLI_FLAG, FIELD(verbose), NULL, "say what happens", 0},
};

static scull_status_t fill_ranges(const calibrate_args_t *args, scull_shape_range_t **ranges,
                                  scull_build_options_t *options) {
  *ranges = calloc(args->shapes.count + 1, sizeof **ranges);
  if (!*ranges)
    return cli_fail_memory();
  options->inputs = *ranges;
  for (size_t i = 0; i < args->shapes.count; i++) {
    CLI_TRY(cli_values_range(args->shapes.items[i], &(*ranges)[i]));
    options->input_count = i + 1;
  }
  return SCULL_OK;
}

static scull_status_t calibrate(const calibrate_args_t *args, scull_builder_t *builder,
                                const scull_build_options_t *options, cli_samples_t *samples) {
  const scull_calibrator_t source = {
      .struct_size = sizeof source, .user = samples, .next_batch = cli_samples_next};
  scull_calibrate_options_t how;
  cli_interrupt_t interrupt;
  scull_calibrate_options_init(&how);
  how.calibrator = &source;
  how.method = methods[args->method];
  how.table_path = args->output;
  how.total = samples->files.count;
  CLI_TRY(cli_interrupt_begin(&interrupt, builder));
  scull_status_t status = scull_builder_calibrate(builder, options, &how);
  cli_interrupt_end(&interrupt);
  CLI_TRY(cli_check(status, args->model));
  if (!args->quiet)
    printf("%s\n", args->output);
  return SCULL_OK;
}

static scull_status_t run(const void *user) {
  const calibrate_args_t *args = user;
  scull_status_t status = SCULL_OK;
  scull_builder_t *builder = NULL;
  scull_build_options_t options;
  scull_shape_range_t *ranges = NULL;
  cli_samples_t samples = {.dump = args->dump};
  if (!args->output || !args->inputs)
    return cli_fail(SCULL_INVALID_ARGUMENT,
                    "say what to read and where the table goes: --inputs DIR -o table.txt");
  scull_build_options_init(&options);
  options.model.model_path = args->model;
  options.model.params_path = args->params;
  options.max_batch = args->batch;
  options.threads = (int)args->threads;
  options.logger = cli_console_logger(args->verbose);
  if (!args->quiet)
    options.progress = cli_console_progress;
  CLI_TRY_DONE(cli_preprocess_fill(&args->preprocess, &samples.preprocess));
  CLI_TRY_DONE(fill_ranges(args, &ranges, &options));
  CLI_TRY_DONE(cli_samples_open(args->inputs, &samples));
  CLI_TRY_DONE(cli_check(scull_builder_create(&builder), "builder"));
  status = calibrate(args, builder, &options, &samples);
done:
  scull_builder_destroy(builder);
  cli_samples_deinit(&samples);
  for (size_t i = 0; ranges && i < options.input_count; i++)
    free((char *)(uintptr_t)ranges[i].name);
  free(ranges);
  return status;
}

const cli_command_t cli_command_calibrate = {
    .name = "calibrate",
    .summary = "find the ranges of a network's tensors, for INT8",
    .notes =
        "  scull calibrate net.pdmodel --inputs pictures --resize 256 --mean 123.7,116.3,103.5 "
        "--std 58.4,57.1,57.4 -o net.table\n"
        "  scull build net.pdmodel --precision fp32,bf16,int8 --calibration net.table -o "
        "net.plan",
    .operands = operands,
    .operand_count = CLI_COUNT(operands),
    .options = option_table,
    .option_count = CLI_COUNT(option_table),
    .args_size = sizeof(calibrate_args_t),
    .defaults = &defaults,
    .run = run,
};
