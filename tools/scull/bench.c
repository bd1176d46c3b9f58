/* scull bench: latency, throughput, and the layers that take the time. */
#define _POSIX_C_SOURCE 200809L
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "gpu_watch.h"
#include "measure.h"
#include "plans.h"
#include "table.h"
#include "values.h"

#define NAME_MAX_SHOWN 44

typedef struct bench_args {
  const char *plan;
  cli_list_t inputs, batches;
  int64_t contexts, threads, layers;
  double duration;
  const char *json, *trace;
  bool strict;
} bench_args_t;

static const bench_args_t defaults = {.contexts = 1, .duration = 3, .layers = 10};

#define FIELD(name) offsetof(bench_args_t, name)

static const cli_operand_t operands[] = {{"PLAN", FIELD(plan), false}};

static const cli_option_t options[] = {
    {"input", 'i', CLI_REPEATED, FIELD(inputs), "NAME=FILE|SHAPE",
     "a .npy file, or a shape to fill with noise (default: noise of the shapes it was tuned for)",
     0},
    {"batch", 'b', CLI_LIST, FIELD(batches), "LIST",
     "dimension 0 of all inputs, such as 1,5,10: a row each", 0},
    {"contexts", 'c', CLI_INTEGER, FIELD(contexts), "N", "run N at once, a thread each", 1},
    {"threads", 't', CLI_INTEGER, FIELD(threads), "N",
     "of each context (default: what the plan was tuned for)", 0},
    {"duration", 0, CLI_NUMBER, FIELD(duration), "SECONDS", "of each row (default 3)", 0},
    {"layers", 0, CLI_INTEGER, FIELD(layers), "N",
     "show the N layers that take most of the time (default 10)", 0},
    {"json", 0, CLI_TEXT, FIELD(json), "FILE", "write everything as JSON, all layers included", 0},
    {"trace", 0, CLI_TEXT, FIELD(trace), "FILE",
     "write the layers' times as a trace that chrome://tracing and Perfetto show", 0},
    {"strict", 0, CLI_FLAG, FIELD(strict), NULL,
     "refuse a plan of another device instead of tuning it again", 0},
};

/* One batch size. */
typedef struct row {
  int64_t batch; /* 0: as the inputs are */
  cli_measure_t measure;
  cli_profile_t profile;
  cli_gpu_t gpu; /* while it was measured */
} row_t;

typedef struct rows {
  row_t *items;
  size_t count;
} rows_t;

static int64_t images_of(const row_t *row, const cli_inputs_t *inputs) {
  if (row->batch > 0)
    return row->batch;
  return inputs->count > 0 && inputs->arrays[0].rank > 0 ? inputs->arrays[0].dims[0] : 1;
}

static bool runs_on_gpu(const scull_engine_t *engine) {
  return strstr(scull_engine_report(engine), "NVIDIA") != NULL;
}

static scull_status_t measure_row(const bench_args_t *args, scull_engine_t *engine,
                                  const cli_inputs_t *inputs, row_t *row) {
  cli_gpu_watch_t *watch = NULL;
  const cli_measure_options_t how = {(int)args->contexts, (int)args->threads, args->duration};
  cli_inputs_t batched;
  CLI_TRY(cli_inputs_rebatch(inputs, row->batch, &batched));
  if (runs_on_gpu(engine))
    watch = cli_gpu_watch_begin(0);
  scull_status_t status = cli_measure_latency(engine, &batched, &how, &row->measure);
  cli_gpu_watch_end(watch, &row->gpu);
  if (status == SCULL_OK && (args->layers > 0 || args->json || args->trace))
    status = cli_measure_layers(engine, &batched, &how, &row->profile);
  row->batch = images_of(row, &batched);
  cli_inputs_deinit(&batched);
  return status;
}

/* --- text ------------------------------------------------------------------------------------- */

static scull_status_t print_rows(const rows_t *rows) {
  cli_table_t table;
  cli_table_init(&table, ">batch|>median ms|>p10|>p90|>p99|>min|>runs|>items/s");
  for (size_t i = 0; i < rows->count; i++) {
    const row_t *row = &rows->items[i];
    const cli_measure_t *m = &row->measure;
    cli_table_add(&table, "%lld", (long long)row->batch);
    const double times[] = {m->median, m->p10, m->p90, m->p99, m->min};
    for (size_t t = 0; t < CLI_COUNT(times); t++)
      cli_table_add(&table, "%.3f", times[t]);
    cli_table_add(&table, "%zu", m->runs);
    cli_table_add(&table, "%.1f", m->per_second * (double)row->batch);
  }
  scull_status_t status = cli_table_print(&table, stdout, 0);
  cli_table_deinit(&table);
  return status;
}

static void print_gpu(const row_t *row) {
  const cli_gpu_t *g = &row->gpu;
  if (g->samples == 0)
    return;
  printf(
      "%s at batch %lld: %.0f MHz (memory %.0f), busy %.0f %% (memory %.0f %%), %.1f of %.1f GiB "
      "in use, %.0f W\n",
      g->name, (long long)row->batch, g->sm_mhz, g->memory_mhz, g->busy, g->memory_busy,
      g->used_gib, g->total_gib, g->watts);
}

static int compare_layers(const void *a, const void *b) {
  const cli_layer_share_t *x = *(const cli_layer_share_t *const *)a;
  const cli_layer_share_t *y = *(const cli_layer_share_t *const *)b;
  return (x->microseconds < y->microseconds) - (x->microseconds > y->microseconds);
}

static void fill_layers(cli_table_t *table, const cli_layer_share_t **sorted, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const cli_layer_share_t *layer = sorted[i];
    cli_table_add(table, "%.1f %%", 100 * layer->share);
    cli_table_add(table, "%.1f", layer->microseconds);
    cli_table_add(table, "%s", layer->layer ? layer->layer : "");
    cli_table_add(table, "%s", layer->tactic ? layer->tactic : "");
  }
}

static scull_status_t print_layers(const row_t *row, size_t most) {
  const cli_profile_t *profile = &row->profile;
  size_t shown = profile->count < most ? profile->count : most;
  cli_table_t table;
  const cli_layer_share_t **sorted = calloc(profile->count + 1, sizeof *sorted);
  if (!sorted)
    return cli_fail_memory();
  for (size_t i = 0; i < profile->count; i++)
    sorted[i] = &profile->layers[i];
  qsort(sorted, profile->count, sizeof *sorted, compare_layers);
  printf("\nlayers at batch %lld (%zu of %zu)\n", (long long)row->batch, shown, profile->count);
  cli_table_init(&table, ">time|>us|layer|tactic");
  fill_layers(&table, sorted, shown);
  scull_status_t status = cli_table_print(&table, stdout, NAME_MAX_SHOWN);
  cli_table_deinit(&table);
  free(sorted);
  return status;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static json_t *layers_json(const cli_profile_t *profile) {
  json_t *layers = json_array();
  for (size_t i = 0; i < profile->count; i++) {
    const cli_layer_share_t *layer = &profile->layers[i];
    json_array_append_new(layers, json_pack("{si ss* ss* sf sf}", "index", (int)i, "name",
                                            layer->layer, "tactic", layer->tactic, "time_us",
                                            layer->microseconds, "share", layer->share));
  }
  return layers;
}

static json_t *gpu_json(const cli_gpu_t *g) {
  if (g->samples == 0)
    return json_null();
  return json_pack("{ss sf sf sf sf sf sf sf}", "name", g->name, "sm_mhz", g->sm_mhz, "memory_mhz",
                   g->memory_mhz, "busy_percent", g->busy, "memory_busy_percent", g->memory_busy,
                   "used_gib", g->used_gib, "total_gib", g->total_gib, "watts", g->watts);
}

static json_t *row_json(const row_t *row) {
  const cli_measure_t *m = &row->measure;
  return json_pack("{sI sI sf sf sf sf sf sf so so}", "batch", (json_int_t)row->batch, "runs",
                   (json_int_t)m->runs, "median_ms", m->median, "p10_ms", m->p10, "p90_ms", m->p90,
                   "p99_ms", m->p99, "min_ms", m->min, "items_per_s",
                   m->per_second * (double)row->batch, "layers", layers_json(&row->profile), "gpu",
                   gpu_json(&row->gpu));
}

static scull_status_t write_json(const bench_args_t *args, const rows_t *rows) {
  json_t *list = json_array();
  for (size_t i = 0; i < rows->count; i++)
    json_array_append_new(list, row_json(&rows->items[i]));
  json_t *root =
      json_pack("{ss sI sI sf so}", "plan", args->plan, "contexts", (json_int_t)args->contexts,
                "threads", (json_int_t)args->threads, "duration_s", args->duration, "rows", list);
  int error = root ? json_dump_file(root, args->json, JSON_INDENT(1)) : 0;
  bool made = root != NULL;
  json_decref(root);
  if (!made)
    return cli_fail_memory();
  return error ? cli_fail(SCULL_IO, "%s: cannot write", args->json) : SCULL_OK;
}

/* The layers of one run, one behind the other, a process a batch size. Every layer was timed alone,
 * so what overlaps in a run does not do so here. */
static void add_events(json_t *events, const row_t *row) {
  double at = 0;
  for (size_t i = 0; i < row->profile.count; i++) {
    const cli_layer_share_t *layer = &row->profile.layers[i];
    json_array_append_new(events,
                          json_pack("{ss* ss ss sf sf sI si s{ss* sf}}", "name", layer->layer,
                                    "cat", "layer", "ph", "X", "ts", at, "dur", layer->microseconds,
                                    "pid", (json_int_t)row->batch, "tid", 1, "args", "tactic",
                                    layer->tactic, "share", layer->share));
    at += layer->microseconds;
  }
}

static scull_status_t write_trace(const bench_args_t *args, const rows_t *rows) {
  json_t *events = json_array();
  for (size_t i = 0; i < rows->count; i++) {
    char name[64];
    snprintf(name, sizeof name, "batch %lld", (long long)rows->items[i].batch);
    json_array_append_new(events,
                          json_pack("{ss ss sI s{ss}}", "name", "process_name", "ph", "M", "pid",
                                    (json_int_t)rows->items[i].batch, "args", "name", name));
    add_events(events, &rows->items[i]);
  }
  json_t *root = json_pack("{so ss}", "traceEvents", events, "displayTimeUnit", "ms");
  int error = root ? json_dump_file(root, args->trace, JSON_INDENT(1)) : 0;
  bool made = root != NULL;
  json_decref(root);
  if (!made)
    return cli_fail_memory();
  return error ? cli_fail(SCULL_IO, "%s: cannot write", args->trace) : SCULL_OK;
}

/* --- command ---------------------------------------------------------------------------------- */

static scull_status_t fill_batches(const bench_args_t *args, rows_t *rows) {
  size_t count = args->batches.count ? args->batches.count : 1;
  rows->items = calloc(count, sizeof *rows->items);
  if (!rows->items)
    return cli_fail_memory();
  rows->count = count;
  for (size_t i = 0; i < args->batches.count; i++) {
    CLI_TRY(cli_values_integer("batch", args->batches.items[i], &rows->items[i].batch));
    if (rows->items[i].batch < 1)
      return cli_fail(SCULL_INVALID_ARGUMENT, "--batch wants numbers from 1 on");
  }
  return SCULL_OK;
}

static scull_status_t measure_rows(const bench_args_t *args, scull_engine_t *engine,
                                   const cli_inputs_t *inputs, rows_t *rows) {
  for (size_t i = 0; i < rows->count; i++)
    CLI_TRY(measure_row(args, engine, inputs, &rows->items[i]));
  CLI_TRY(print_rows(rows));
  for (size_t i = 0; i < rows->count; i++)
    print_gpu(&rows->items[i]);
  for (size_t i = 0; i < rows->count && args->layers > 0; i++)
    CLI_TRY(print_layers(&rows->items[i], (size_t)args->layers));
  if (args->trace)
    CLI_TRY(write_trace(args, rows));
  return args->json ? write_json(args, rows) : SCULL_OK;
}

static scull_status_t run(const void *user) {
  const bench_args_t *args = user;
  const cli_open_t how = {.strict = args->strict};
  scull_status_t status = SCULL_OK;
  scull_engine_t *engine = NULL;
  cli_inputs_t inputs = {0};
  rows_t rows = {0};
  if (args->contexts > 1024 || args->threads > 4096)
    return cli_fail(SCULL_INVALID_ARGUMENT, "--contexts or --threads is too large");
  CLI_TRY_DONE(fill_batches(args, &rows));
  CLI_TRY_DONE(cli_plans_open(args->plan, &how, &engine));
  CLI_TRY_DONE(cli_inputs_read(engine, &args->inputs, CLI_MISSING_NOISE, &inputs));
  status = measure_rows(args, engine, &inputs, &rows);
done:
  for (size_t i = 0; i < rows.count; i++)
    cli_profile_deinit(&rows.items[i].profile);
  free(rows.items);
  cli_inputs_deinit(&inputs);
  scull_engine_destroy(engine);
  return status;
}

const cli_command_t cli_command_bench = {
    .name = "bench",
    .summary = "latency percentiles, throughput, time by layer",
    .notes = "  scull bench net.plan --batch 1,5,10",
    .operands = operands,
    .operand_count = CLI_COUNT(operands),
    .options = options,
    .option_count = CLI_COUNT(options),
    .args_size = sizeof(bench_args_t),
    .defaults = &defaults,
    .run = run,
};
