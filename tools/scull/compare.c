/* scull compare: a plan's layers beside the reference kernels, or beside another plan: which layer
 * brings an error in, and what each costs. A model is built first, untimed, into a temporary
 * plan. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console.h"
#include "inputs.h"
#include "plans.h"
#include "table.h"
#include "values.h"

#define NAME_MAX_SHOWN 36

typedef struct compare_args {
  const char *path, *params, *against;
  cli_list_t inputs;
  int64_t threads, layers;
} compare_args_t;

#define FIELD(name) offsetof(compare_args_t, name)

static const cli_operand_t operands[] = {
    {"MODEL|PLAN", FIELD(path), false},
    {"PARAMS", FIELD(params), true},
};

static const cli_option_t options[] = {
    {"input", 'i', CLI_REPEATED, FIELD(inputs), "NAME=FILE|SHAPE",
     "a .npy file, or a shape to fill with noise (default: noise)", 0},
    {"against", 0, CLI_TEXT, FIELD(against), "PLAN",
     "another plan of the model (default: the reference kernels)", 0},
    {"threads", 't', CLI_INTEGER, FIELD(threads), "N", "default: what the plans were tuned for", 0},
    {"layers", 0, CLI_INTEGER, FIELD(layers), "N", "show the N worst only", 1},
};

/* --- collecting ------------------------------------------------------------------------------- */

typedef struct difference {
  scull_layer_difference_t values; /* its texts are the copies below */
  char *layer, *tactic, *tensor;
} difference_t;

typedef struct differences {
  difference_t *items;
  size_t count;
  bool failed;
} differences_t;

static void take(void *user, const scull_layer_difference_t *difference) {
  differences_t *all = user;
  difference_t *items = realloc(all->items, (all->count + 1) * sizeof *items);
  if (!items) {
    all->failed = true;
    return;
  }
  all->items = items;
  difference_t *item = &items[all->count++];
  *item = (difference_t){*difference, strdup(difference->layer), strdup(difference->tactic),
                         strdup(difference->tensor)};
  all->failed = all->failed || !item->layer || !item->tactic || !item->tensor;
}

static void deinit_differences(differences_t *all) {
  for (size_t i = 0; i < all->count; i++) {
    free(all->items[i].layer);
    free(all->items[i].tactic);
    free(all->items[i].tensor);
  }
  free(all->items);
}

/* Worst first: by what a layer introduces, then by its error, then in the order of the plan. */
static int compare_items(const void *a, const void *b) {
  const scull_layer_difference_t *x = &((const difference_t *)a)->values;
  const scull_layer_difference_t *y = &((const difference_t *)b)->values;
  if (x->introduced != y->introduced)
    return x->introduced < y->introduced ? 1 : -1;
  if (x->error != y->error)
    return x->error < y->error ? 1 : -1;
  return (x->index > y->index) - (x->index < y->index);
}

static void add_time(cli_table_t *table, double microseconds) {
  if (microseconds >= 0)
    cli_table_add(table, "%.1f", microseconds);
  else
    cli_table_add(table, " ");
}

static scull_status_t print_differences(differences_t *all, size_t most) {
  cli_table_t table;
  if (all->failed)
    return cli_fail_memory();
  if (all->count > 0)
    qsort(all->items, all->count, sizeof *all->items, compare_items);
  bool timed = false; /* the reference kernels are not */
  for (size_t i = 0; i < all->count; i++)
    timed = timed || all->items[i].values.against_microseconds >= 0;
  cli_table_init(&table,
                 timed ? ">#|>introduced|>error|>off > 10 %|>us|>against us|layer|tactic|tensor"
                       : ">#|>introduced|>error|>off > 10 %|>us|layer|tactic|tensor");
  for (size_t i = 0; i < all->count && i < most; i++) {
    const difference_t *item = &all->items[i];
    cli_table_add(&table, "%zu", item->values.index);
    cli_table_add(&table, "%.2e", item->values.introduced);
    cli_table_add(&table, "%.2e", item->values.error);
    cli_table_add(&table, "%.2f %%", 100 * item->values.off_share);
    add_time(&table, item->values.microseconds);
    if (timed)
      add_time(&table, item->values.against_microseconds);
    cli_table_add(&table, "%s", item->layer);
    cli_table_add(&table, "%s", item->tactic);
    cli_table_add(&table, "%s", item->tensor);
  }
  scull_status_t status = cli_table_print(&table, stdout, NAME_MAX_SHOWN);
  cli_table_deinit(&table);
  return status;
}

/* --- the plan --------------------------------------------------------------------------------- */

/* Shapes among --input also say how the model is built. */
static scull_status_t build_model(const compare_args_t *args, scull_shape_range_t *ranges,
                                  const char *plan) {
  scull_build_options_t build;
  scull_builder_t *builder = NULL;
  scull_build_options_init(&build);
  build.model.model_path = args->path;
  build.model.params_path = args->params;
  build.tune = SCULL_TUNE_NONE;
  build.threads = (int)args->threads;
  build.inputs = ranges;
  build.logger = cli_console_logger(false);
  for (size_t i = 0; i < args->inputs.count; i++) {
    const char *equals = strrchr(args->inputs.items[i], '=');
    if (equals && cli_values_is_shape(equals + 1))
      CLI_TRY(cli_values_range(args->inputs.items[i], &ranges[build.input_count++]));
  }
  CLI_TRY(cli_check(scull_builder_create(&builder), "builder"));
  scull_status_t status = cli_check(scull_builder_build(builder, &build, plan), args->path);
  scull_builder_destroy(builder);
  return status;
}

static scull_status_t build_temporary(const compare_args_t *args, const char *plan) {
  scull_shape_range_t *ranges = calloc(args->inputs.count + 1, sizeof *ranges);
  if (!ranges)
    return cli_fail_memory();
  scull_status_t status = build_model(args, ranges, plan);
  for (size_t i = 0; i < args->inputs.count; i++)
    free((char *)(uintptr_t)ranges[i].name);
  free(ranges);
  return status;
}

/* --- the comparison --------------------------------------------------------------------------- */

static scull_status_t name_tensors(const scull_engine_t *engine, const cli_inputs_t *inputs,
                                   scull_named_tensor_t *tensors) {
  for (size_t i = 0; i < inputs->count; i++) {
    const cli_array_t *array = &inputs->arrays[i];
    scull_tensor_info_t info;
    CLI_TRY(cli_check(scull_engine_input(engine, i, &info), "input"));
    tensors[i] = (scull_named_tensor_t){info.name, array->data, array->size, array->rank, {0}};
    memcpy(tensors[i].dims, array->dims, sizeof array->dims);
  }
  return SCULL_OK;
}

static scull_status_t compare_on(const compare_args_t *args, const char *plan,
                                 const scull_engine_t *engine, const cli_inputs_t *inputs) {
  scull_compare_options_t how;
  differences_t all = {0};
  scull_named_tensor_t *tensors = calloc(inputs->count + 1, sizeof *tensors);
  if (!tensors)
    return cli_fail_memory();
  scull_compare_options_init(&how);
  how.plan_path = plan;
  how.against_path = args->against;
  how.inputs = tensors;
  how.input_count = inputs->count;
  how.threads = (int)args->threads;
  how.logger = cli_console_logger(false);
  scull_status_t status = name_tensors(engine, inputs, tensors);
  if (status == SCULL_OK)
    status = cli_check(scull_compare(&how, take, &all), plan);
  if (status == SCULL_OK)
    status = print_differences(&all, args->layers ? (size_t)args->layers : SIZE_MAX);
  deinit_differences(&all);
  free(tensors);
  return status;
}

static scull_status_t compare_plan(const compare_args_t *args, const char *plan) {
  const cli_open_t how = {0};
  scull_engine_t *engine = NULL;
  cli_inputs_t inputs;
  CLI_TRY(cli_plans_open(plan, &how, &engine));
  scull_status_t status = cli_inputs_read(engine, &args->inputs, CLI_MISSING_NOISE, &inputs);
  if (status == SCULL_OK) {
    status = compare_on(args, plan, engine, &inputs);
    cli_inputs_deinit(&inputs);
  }
  scull_engine_destroy(engine);
  return status;
}

static scull_status_t run(const void *user) {
  const compare_args_t *args = user;
  char *plan = NULL;
  if (cli_plans_is_plan(args->path))
    return compare_plan(args, args->path);
  CLI_TRY(cli_plans_temporary(NULL, &plan));
  scull_status_t status = build_temporary(args, plan);
  if (status == SCULL_OK)
    status = compare_plan(args, plan);
  unlink(plan);
  free(plan);
  return status;
}

const cli_command_t cli_command_compare = {
    .name = "compare",
    .summary = "each layer beside the reference or another plan: error and time",
    .operands = operands,
    .operand_count = CLI_COUNT(operands),
    .options = options,
    .option_count = CLI_COUNT(options),
    .args_size = sizeof(compare_args_t),
    .run = run,
};
