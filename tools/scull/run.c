/* scull run: one run of a plan on arrays from files; the outputs become files, too. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "console.h"
#include "expect.h"
#include "inputs.h"
#include "plans.h"
#include "values.h"

typedef struct run_args {
  const char *plan, *output_dir, *labels;
  cli_list_t inputs, watches, expected;
  double tolerance;
  int64_t threads;
  bool strict, verify, verbose;
} run_args_t;

static const run_args_t defaults = {.tolerance = 1e-4};

#define FIELD(name) offsetof(run_args_t, name)

static const cli_operand_t operands[] = {{"PLAN", FIELD(plan), false}};

static const cli_option_t options[] = {
    {"input", 'i', CLI_REPEATED, FIELD(inputs), "NAME=FILE",
     "a .npy file; the name may be left out when there is one input", 0},
    {"output-dir", 'd', CLI_TEXT, FIELD(output_dir), "DIR",
     "writes DIR/NAME.npy for each output and DIR/outputs.txt: index, name, file", 0},
    {"watch", 0, CLI_LIST, FIELD(watches), "NAMES",
     "inner tensors to write there, too; the plan stays as it is", 0},
    {"expect", 0, CLI_REPEATED, FIELD(expected), "NAME=FILE",
     "fail unless that output is what the .npy file holds", 0},
    {"tolerance", 0, CLI_NUMBER, FIELD(tolerance), "X",
     "for --expect: largest difference over the range of values (default 1e-4)", 0},
    {"labels", 0, CLI_TEXT, FIELD(labels), "FILE",
     "classes (i64 .npy): print the accuracy of the first output", 0},
    {"threads", 't', CLI_INTEGER, FIELD(threads), "N", "default: what the plan was tuned for", 0},
    {"strict", 0, CLI_FLAG, FIELD(strict), NULL,
     "refuse a plan of another device instead of tuning it again", 0},
    {"verify", 0, CLI_FLAG, FIELD(verify), NULL, "check first what a run does not use, too", 0},
    {"verbose", 'v', CLI_FLAG, FIELD(verbose), NULL, "say what happens", 0},
};

/* "DIR/name.npy"; what cannot stand in a file name is '_'. The caller frees it. */
static char *npy_path(const char *folder, const char *name) {
  size_t prefix = strlen(folder) + 1, length = strlen(name);
  char *path = malloc(prefix + length + sizeof ".npy");
  if (!path)
    return NULL;
  snprintf(path, prefix + length + sizeof ".npy", "%s/%s.npy", folder, name);
  for (char *at = path + prefix; at < path + prefix + length; at++)
    if (*at == '/' || *at == ':')
      *at = '_';
  return path;
}

static scull_status_t write_tensor(const char *folder, const char *name,
                                   const scull_tensor_view_t *tensor, FILE *list, size_t index) {
  char *path = npy_path(folder, name);
  if (!path)
    return cli_fail_memory();
  scull_status_t status = cli_npy_write(path, tensor);
  if (status == SCULL_OK && list)
    fprintf(list, "%zu %s %s\n", index, name, path + strlen(folder) + 1);
  free(path);
  return status;
}

static void print_tensor(const char *name, const scull_tensor_view_t *tensor) {
  char shape[CLI_SHAPE_ROOM];
  printf("%s  %s  %s", name, cli_dtype_name(tensor->dtype),
         cli_values_shape_text(tensor->rank, tensor->dims, shape, sizeof shape));
  if (tensor->dtype == SCULL_DTYPE_F32) {
    const float *values = tensor->data;
    size_t count = tensor->size / sizeof *values;
    for (size_t i = 0; i < count && i < 4; i++)
      printf("%s%.6g", i ? ", " : "  ", (double)values[i]);
    printf("%s", count > 4 ? ", ..." : "");
  }
  printf("\n");
}

/* --- watched tensors -------------------------------------------------------------------------- */

typedef struct watch_state {
  const char *folder; /* NULL: print only */
  scull_status_t status;
} watch_state_t;

static void take_watched(void *user, const char *name, const scull_tensor_view_t *tensor) {
  watch_state_t *state = user;
  print_tensor(name, tensor);
  if (state->folder && state->status == SCULL_OK)
    state->status = write_tensor(state->folder, name, tensor, NULL, 0);
}

static scull_status_t watch_all(scull_context_t *context, const cli_list_t *names,
                                watch_state_t *state) {
  for (size_t i = 0; i < names->count; i++)
    CLI_TRY(cli_check(scull_context_watch(context, names->items[i], take_watched, state),
                      names->items[i]));
  return SCULL_OK;
}

/* --- outputs ---------------------------------------------------------------------------------- */

static scull_status_t take_output(const run_args_t *args, const scull_engine_t *engine,
                                  scull_context_t *context, size_t index, FILE *list) {
  scull_tensor_info_t info;
  scull_tensor_view_t tensor;
  CLI_TRY(cli_check(scull_engine_output(engine, index, &info), args->plan));
  CLI_TRY(cli_check(scull_context_output(context, index, &tensor), info.name));
  print_tensor(info.name, &tensor);
  if (!list)
    return SCULL_OK;
  return write_tensor(args->output_dir, info.name, &tensor, list, index);
}

static scull_status_t open_list(const char *folder, FILE **out) {
  if (mkdir(folder, 0777) != 0 && errno != EEXIST)
    return cli_fail_errno(folder, "make the folder");
  size_t room = strlen(folder) + sizeof "/outputs.txt";
  char *path = malloc(room);
  if (!path)
    return cli_fail_memory();
  snprintf(path, room, "%s/outputs.txt", folder);
  *out = fopen(path, "w");
  scull_status_t status = *out ? SCULL_OK : cli_fail_errno(path, "write");
  free(path);
  return status;
}

static scull_status_t take_outputs(const run_args_t *args, const scull_engine_t *engine,
                                   scull_context_t *context, FILE *list) {
  for (size_t i = 0; i < scull_engine_output_count(engine); i++)
    CLI_TRY(take_output(args, engine, context, i, list));
  return SCULL_OK;
}

/* --- recorded answers ------------------------------------------------------------------------- */

static scull_status_t check_expected(const run_args_t *args, const scull_engine_t *engine,
                                     scull_context_t *context, const char *text) {
  size_t index = 0;
  const char *path = NULL;
  scull_tensor_info_t info;
  scull_tensor_view_t tensor;
  CLI_TRY(cli_plans_find_output(engine, text, &index, &path));
  CLI_TRY(cli_check(scull_engine_output(engine, index, &info), args->plan));
  CLI_TRY(cli_check(scull_context_output(context, index, &tensor), info.name));
  return cli_expect_array(info.name, &tensor, path, args->tolerance);
}

static scull_status_t check_labels(const run_args_t *args, const scull_engine_t *engine,
                                   scull_context_t *context) {
  scull_tensor_info_t info;
  scull_tensor_view_t tensor;
  CLI_TRY(cli_check(scull_engine_output(engine, 0, &info), args->plan));
  CLI_TRY(cli_check(scull_context_output(context, 0, &tensor), info.name));
  return cli_expect_labels(info.name, &tensor, args->labels);
}

static scull_status_t check_answers(const run_args_t *args, const scull_engine_t *engine,
                                    scull_context_t *context) {
  for (size_t i = 0; i < args->expected.count; i++)
    CLI_TRY(check_expected(args, engine, context, args->expected.items[i]));
  return args->labels ? check_labels(args, engine, context) : SCULL_OK;
}

static scull_status_t run_context(const run_args_t *args, const scull_engine_t *engine,
                                  scull_context_t *context, const cli_inputs_t *inputs) {
  FILE *list = NULL;
  watch_state_t watched = {args->output_dir, SCULL_OK};
  CLI_TRY(cli_inputs_apply(inputs, context));
  CLI_TRY(watch_all(context, &args->watches, &watched));
  if (args->output_dir)
    CLI_TRY(open_list(args->output_dir, &list));
  scull_status_t status = cli_check(scull_context_run(context), args->plan);
  if (status == SCULL_OK)
    status = take_outputs(args, engine, context, list);
  if (list && fclose(list) != 0 && status == SCULL_OK)
    status = cli_fail_errno(args->output_dir, "write outputs.txt in");
  if (status == SCULL_OK)
    status = check_answers(args, engine, context);
  return status == SCULL_OK ? watched.status : status;
}

static scull_status_t run(const void *user) {
  const run_args_t *args = user;
  scull_status_t status = SCULL_OK;
  scull_engine_t *engine = NULL;
  scull_context_t *context = NULL;
  cli_inputs_t inputs = {0};
  scull_context_options_t context_options;
  scull_context_options_init(&context_options);
  context_options.threads = (int)args->threads;
  context_options.logger = cli_console_logger(args->verbose);
  const cli_open_t how = {args->strict, args->verify, args->verbose};
  CLI_TRY(cli_plans_open(args->plan, &how, &engine));
  CLI_TRY_DONE(cli_inputs_read(engine, &args->inputs, CLI_MISSING_FAILS, &inputs));
  CLI_TRY_DONE(cli_check(scull_context_create(engine, &context_options, &context), args->plan));
  status = run_context(args, engine, context, &inputs);
done:
  scull_context_destroy(context);
  cli_inputs_deinit(&inputs);
  scull_engine_destroy(engine);
  return status;
}

const cli_command_t cli_command_run = {
    .name = "run",
    .summary = "run a plan once on .npy files",
    .notes = "  scull run net.plan --input x=picture.npy --output-dir out",
    .operands = operands,
    .operand_count = CLI_COUNT(operands),
    .options = options,
    .option_count = CLI_COUNT(options),
    .args_size = sizeof(run_args_t),
    .defaults = &defaults,
    .run = run,
};
