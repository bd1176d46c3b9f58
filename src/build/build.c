/* The stages, in order. */
#include "build/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "build/disabled.h"
#include "build/network.h"
#include "build/picture.h"
#include "build/quantize.h"
#include "build/report.h"
#include "build/sources.h"
#include "build/static_plan.h"
#include "import/import.h"
#include "lower/lower.h"
#include "passes/pass.h"
#include "quant/tail.h"
#include "tune/tune.h"

enum { MAX_PLUGINS = 64 };

/* What one build owns. */
typedef struct {
  const scull_build_options_t *options; /* the caller's, or own */
  scull_build_options_t own;            /* with what calibration mode added */
  const atomic_bool *cancel;
  scull_diag_t *diag;
  scull_arena_t arena;
  scull_import_files_t files;
  scull_graph_t *graph;
  const scull_opdef_t *plugin_ops[MAX_PLUGINS]; /* in the sources, one of each plug-in */
  size_t plugin_op_count;
  scull_device_t *device;
  scull_tune_cache_t *cache;
  scull_file_t replay;
  scull_tune_options_t tune;
  scull_quantization_t quantization;
  scull_pass_notes_t notes;
  bool singles;        /* no groups: one operator a step */
  size_t nodes_before; /* of the pass that runs */
  scull_tuning_t tuning;
  scull_lowered_t lowered;
  scull_text_t sources;
  scull_text_t picture;
  uint64_t start;
} build_t;

void scull_build_result_deinit(scull_build_result_t *result) {
  scull_base_text_deinit(&result->report);
  scull_base_text_deinit(&result->static_path);
  scull_base_text_deinit(&result->calib_path);
  result->wants_calibration = false;
}

static void build_deinit(build_t *b) {
  scull_lower_deinit(&b->lowered);
  scull_base_text_deinit(&b->sources);
  scull_base_text_deinit(&b->picture);
  scull_build_quantization_deinit(&b->quantization);
  SCULL_VEC_DEINIT(&b->notes);
  scull_base_file_close(&b->replay);
  scull_tune_cache_destroy(b->cache);
  scull_graph_destroy(b->graph);
  scull_import_files_deinit(&b->files);
  scull_backend_close(b->device);
  scull_base_arena_deinit(&b->arena);
}

/* --- options -------------------------------------------------------------------------------------
 */

static scull_status_t open_device(build_t *b) {
  const scull_build_options_t *o = b->options;
  const char *name = o->device == NULL ? "cpu" : o->device;
  const scull_backend_t *backend = scull_backend_find(name);
  if (backend == NULL)
    return scull_base_fail(b->diag, SCULL_DEVICE, "no backend '%s' in this build", name);
  return scull_backend_open(backend, o->device_index, &b->device, b->diag);
}

static bool on_progress(void *user, const char *what, size_t done, size_t total) {
  const build_t *b = user;
  double elapsed = (double)(scull_base_now() - b->start) / 1e9;
  scull_progress_t progress = {.stage = "tuning",
                               .what = what,
                               .done = done,
                               .total = total,
                               .elapsed_s = elapsed,
                               .remaining_s = -1};
  if (done > 0)
    progress.remaining_s = elapsed / (double)done * (double)(total - done);
  return b->options->progress(b->options->progress_user, &progress);
}

static scull_status_t set_pins(build_t *b) {
  const scull_build_options_t *o = b->options;
  scull_pin_t *pins = SCULL_ARENA_ARRAY(&b->arena, scull_pin_t, o->layer_precision_count);
  if (pins == NULL)
    return scull_base_fail_memory(b->diag, "a build");
  for (size_t i = 0; i < o->layer_precision_count; i++) {
    int as = 0;
    while (o->layer_precisions[i].precision >> as != 1)
      as++;
    pins[i] = (scull_pin_t){o->layer_precisions[i].layer, (scull_precision_t)as};
  }
  b->tune.pins = pins;
  b->tune.pin_count = o->layer_precision_count;
  return SCULL_OK;
}

static scull_status_t set_tune_options(build_t *b) {
  const scull_build_options_t *o = b->options;
  b->tune =
      (scull_tune_options_t){.device = b->device,
                             .threads = o->threads > 0 ? o->threads : scull_base_threads_default(),
                             .workspace = o->workspace,
                             .level = (scull_tune_level_t)o->tune,
                             .time_budget_s = o->time_budget_s,
                             .min_subgraph_size = o->min_subgraph_size,
                             .disabled_ops = {o->disabled_ops, o->disabled_op_count},
                             .disabled_tactics = {o->disabled_tactics, o->disabled_tactic_count},
                             .precisions = o->precisions & ~(uint32_t)SCULL_PRECISION_F32,
                             .prefer_pins = o->prefer_layer_precisions,
                             .singles = b->singles,
                             .progress = o->progress == NULL ? NULL : on_progress,
                             .progress_user = b,
                             .cancel = b->cancel};
  SCULL_TRY(set_pins(b));
  SCULL_TRY(scull_build_read_ranges(o, &b->quantization, b->diag));
  if (o->timing_cache != NULL)
    SCULL_TRY(scull_tune_cache_open(o->timing_cache, b->device, &b->cache, b->diag));
  b->tune.cache = b->cache;
  SCULL_TRY(scull_build_check_tactics(b->tune.disabled_tactics, b->diag));
  if (o->replay != NULL) {
    SCULL_TRY(scull_base_file_open(o->replay, &b->replay, b->diag));
    b->tune.replay = b->replay.bytes;
    b->tune.replay_name = o->replay;
    if (b->replay.bytes.size == 0)
      return scull_base_fail(b->diag, SCULL_CORRUPT, "%s: no choices to replay", o->replay);
  }
  return SCULL_OK;
}

/* --- stages --------------------------------------------------------------------------------------
 */

static scull_shape_t shape_of(int32_t rank, const int64_t *dims) {
  return scull_tensor_shape(rank, dims);
}

static scull_import_options_t import_options(const scull_build_options_t *o) {
  return (scull_import_options_t){.model_path = o->model.model_path,
                                  .params_path = o->model.params_path,
                                  .model = {o->model.model_data, o->model.model_size},
                                  .params = {o->model.params_data, o->model.params_size},
                                  .max_batch = o->max_batch,
                                  .extra_outputs = o->extra_outputs,
                                  .extra_output_count = o->extra_output_count};
}

scull_status_t scull_build_outline(const scull_build_options_t *options, scull_diag_t *diag,
                                   scull_import_outline_t *out) {
  const scull_import_options_t import = import_options(options);
  return scull_import_outline(&import, diag, out);
}

scull_status_t scull_build_import(const scull_build_options_t *o, scull_import_files_t *files,
                                  scull_graph_t **out, scull_diag_t *diag) {
  return scull_build_import_partly(o, files, NULL, NULL, out, diag);
}

scull_status_t scull_build_import_partly(const scull_build_options_t *o,
                                         scull_import_files_t *files, scull_import_gap_fn_t gap,
                                         void *gap_user, scull_graph_t **out, scull_diag_t *diag) {
  scull_import_options_t options = import_options(o);
  options.gap = gap;
  options.gap_user = gap_user;
  scull_import_shape_t *shapes =
      SCULL_ARENA_ARRAY(&files->arena, scull_import_shape_t, o->input_count);
  *out = NULL;
  if (o->model.network != NULL)
    return scull_build_network_import(o, files, out, diag);
  if (shapes == NULL)
    return scull_base_fail_memory(diag, "a build");
  for (size_t i = 0; i < o->input_count; i++) {
    const scull_shape_range_t *r = &o->inputs[i];
    if (r->rank < 0 || r->rank > SCULL_MAX_RANK)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "input '%s': %d dimensions", r->name,
                             r->rank);
    shapes[i] = (scull_import_shape_t){.name = r->name,
                                       .min = shape_of(r->rank, r->min),
                                       .opt = shape_of(r->rank, r->opt),
                                       .max = shape_of(r->rank, r->max)};
  }
  options.shapes = shapes;
  options.shape_count = o->input_count;
  scull_import_value_t *values =
      SCULL_ARENA_ARRAY(&files->arena, scull_import_value_t, o->fixed_input_count);
  if (values == NULL)
    return scull_base_fail_memory(diag, "a build");
  for (size_t i = 0; i < o->fixed_input_count; i++) {
    const scull_fixed_input_t *f = &o->fixed_inputs[i];
    values[i] = (scull_import_value_t){
        f->name,
        {.type = {f->dtype, shape_of(f->rank, f->dims)}, .data = (void *)(uintptr_t)f->data}};
  }
  options.values = values;
  options.value_count = o->fixed_input_count;
  return scull_import_model(&options, files, diag, out);
}

static size_t live_nodes(const scull_graph_t *graph) {
  size_t count = 0;
  for (size_t i = 0; i < graph->nodes.size; i++)
    count += !graph->nodes.data[i].dead;
  return count;
}

static void note_pass(void *user, const scull_pass_t *pass, scull_graph_t *graph, bool changed) {
  build_t *b = user;
  size_t now = live_nodes(graph);
  scull_pass_note_t note = {pass->name, b->nodes_before, now, changed};
  b->nodes_before = now;
  if (changed && !SCULL_VEC_PUSH(&b->notes, note))
    return; /* a line less in the report */
}

static scull_status_t passes(build_t *b, const char *const *disabled, size_t count) {
  scull_passes_options_t options = {
      .disabled = disabled, .disabled_count = count, .after = note_pass, .after_user = b};
  b->nodes_before = live_nodes(b->graph);
  return scull_passes_run(b->graph, &options);
}

static bool takes_int8(const build_t *b) {
  bool pinned = false;
  for (size_t i = 0; i < b->tune.pin_count; i++)
    pinned = pinned || b->tune.pins[i].as == SCULL_AS_INT8;
  return pinned || (b->tune.precisions & 1u << SCULL_AS_INT8) != 0;
}

/* Patterns a line each, in the build's arena; NULL when memory is short. */
static const char *join_lines(build_t *b, const char *const *names, size_t count) {
  scull_text_t text = {0};
  for (size_t i = 0; i < count; i++)
    scull_base_text_print(&text, "%s\n", names[i]);
  const char *lines =
      text.failed ? NULL
                  : scull_base_arena_string(&b->arena, scull_base_text_get(&text), text.size);
  scull_base_text_deinit(&text);
  return lines;
}

static const char measures_line[] = "measures off=";

/* Pins as "pattern=int8", a line each. */
static const char *join_pins(build_t *b) {
  scull_text_t text = {0};
  for (size_t i = 0; i < b->tune.pin_count; i++)
    scull_base_text_print(&text, "%s=%s\n", b->tune.pins[i].pattern,
                          scull_backend_precision_name(b->tune.pins[i].as));
  if (b->quantization.measures_off != 0) /* no pin: earlier versions pass over it */
    scull_base_text_print(&text, "%s%u\n", measures_line, b->quantization.measures_off);
  const char *lines =
      text.failed ? NULL
                  : scull_base_arena_string(&b->arena, scull_base_text_get(&text), text.size);
  scull_base_text_deinit(&text);
  return lines;
}

/* The ranges of the build as a table; "" without. */
static const char *ranges_text(build_t *b) {
  scull_text_t text = {0};
  if (b->quantization.table.count == 0)
    return "";
  scull_quant_table_print(&b->quantization.table, &text);
  const char *lines =
      text.failed ? NULL
                  : scull_base_arena_string(&b->arena, scull_base_text_get(&text), text.size);
  scull_base_text_deinit(&text);
  return lines;
}

/* Whose operators the sources hold: passes may remove what the sources still need. */
static void note_plugins(build_t *b, const scull_graph_t *graph) {
  for (size_t i = 0; i < graph->nodes.size; i++) {
    const scull_opdef_t *def = graph->nodes.data[i].op;
    bool known = graph->nodes.data[i].dead || def->plugin == NULL;
    for (size_t k = 0; k < b->plugin_op_count && !known; k++)
      known = strcmp(b->plugin_ops[k]->plugin, def->plugin) == 0;
    if (!known && b->plugin_op_count < MAX_PLUGINS)
      b->plugin_ops[b->plugin_op_count++] = def;
  }
  for (size_t i = 0; i < graph->regions.size; i++)
    note_plugins(b, graph->regions.data[i]);
}

static scull_status_t name_plugins(build_t *b) {
  for (size_t i = 0; i < b->plugin_op_count; i++) {
    if (!scull_plan_use(&b->lowered.plan, b->plugin_ops[i]))
      return scull_base_fail_memory(b->diag, "a plan");
  }
  return SCULL_OK;
}

/* The network as it was imported, while it is that; a build that writes no plan needs none. */
static scull_status_t write_sources(build_t *b) {
  const scull_build_options_t *o = b->options;
  if (o->no_sources || o->stop_after != SCULL_STAGE_NONE)
    return SCULL_OK;
  note_plugins(b, b->graph);
  const scull_sources_options_t options = {
      .threads = b->tune.threads,
      .min_subgraph_size = b->tune.min_subgraph_size,
      .level = (int32_t)b->tune.level,
      .workspace = b->tune.workspace,
      .disabled_ops = join_lines(b, o->disabled_ops, o->disabled_op_count),
      .disabled_passes = join_lines(b, o->disabled_passes, o->disabled_pass_count),
      .disabled_tactics = join_lines(b, o->disabled_tactics, o->disabled_tactic_count),
      .precisions = b->tune.precisions,
      .pins = join_pins(b),
      .ranges = ranges_text(b),
      .dummy_range = (double)b->quantization.dummy};
  if (options.disabled_ops == NULL || options.ranges == NULL || options.pins == NULL ||
      options.disabled_passes == NULL || options.disabled_tactics == NULL)
    return scull_base_fail_memory(b->diag, "a plan's sources");
  return scull_build_sources_write(b->graph, &options, &b->sources);
}

static scull_status_t write_report(build_t *b) {
  const scull_report_input_t input = {.graph = b->graph,
                                      .tuning = &b->tuning,
                                      .lowered = &b->lowered,
                                      .passes = b->notes.data,
                                      .pass_count = b->notes.size,
                                      .quantization = takes_int8(b) ? &b->quantization : NULL};
  scull_text_t text = {0};
  b->lowered.plan.library = SCULL_LIBRARY_VERSION;
  scull_build_report(&input, &text);
  if (!text.failed)
    b->lowered.plan.report =
        scull_base_arena_string(&b->lowered.plan.arena, scull_base_text_get(&text), text.size);
  scull_base_text_deinit(&text);
  if (b->lowered.plan.report != NULL && b->lowered.plan.report[0] != '\0')
    return SCULL_OK;
  b->lowered.plan.report = "";
  return scull_base_fail_memory(b->diag, "a report");
}

/* --- the picture ---------------------------------------------------------------------------------
 */

/* Now, while the graph is as the file has it. */
static scull_status_t draw_original(build_t *b) {
  if (b->options->picture == NULL)
    return SCULL_OK;
  return scull_build_picture_original(b->graph, &b->tune, &b->picture);
}

/* What the stages that ran have given: a build that stops early shows the original alone. */
static scull_status_t show_picture(build_t *b) {
  if (b->options->picture == NULL)
    return SCULL_OK;
  if (b->tuning.choice_count > 0)
    SCULL_TRY(scull_build_picture_transformed(b->graph, &b->tuning, &b->picture));
  scull_build_picture_end(&b->picture);
  if (b->picture.failed)
    return scull_base_fail_memory(b->diag, "a picture");
  b->options->picture(b->options->picture_user, scull_base_text_get(&b->picture), b->picture.size);
  return SCULL_OK;
}

/* --- stopping in between -------------------------------------------------------------------------
 */

static bool stops_after(const build_t *b, scull_stage_t stage) {
  return b->options->stop_after == stage;
}

static scull_status_t show(const build_t *b, scull_text_t *text) {
  scull_status_t status = text->failed ? scull_base_fail_memory(b->diag, "a text") : SCULL_OK;
  if (status == SCULL_OK && b->options->print != NULL)
    b->options->print(b->options->print_user, scull_base_text_get(text), text->size);
  scull_base_text_deinit(text);
  return status;
}

static scull_status_t show_graph(build_t *b) {
  scull_text_t text = {0};
  scull_graph_print(b->graph, &text);
  return show(b, &text);
}

static scull_status_t show_partition(build_t *b, const scull_partition_t *partition) {
  scull_text_t text = {0};
  for (size_t i = 0; i < b->graph->nodes.size; i++) {
    const scull_node_t *node = &b->graph->nodes.data[i];
    if (node->dead)
      continue;
    if (partition->engine[i] >= 0)
      scull_base_text_print(&text, "engine %d\t%s\t%s\n", partition->engine[i], node->op->name,
                            node->name);
    else
      scull_base_text_print(&text, "native\t%s\t%s\t%s\n", node->op->name, node->name,
                            partition->why[i] == NULL ? "" : partition->why[i]);
  }
  return show(b, &text);
}

static scull_status_t show_choices(build_t *b) {
  scull_text_t text = {0};
  scull_tune_print_choices(b->graph, &b->tuning, &text);
  return show(b, &text);
}

static scull_status_t show_plan(build_t *b) {
  scull_text_t text = {0};
  scull_plan_print(&b->lowered.plan, &text);
  return show(b, &text);
}

/* --- all -----------------------------------------------------------------------------------------
 */

static scull_status_t save_choices(build_t *b) {
  scull_text_t text = {0};
  if (b->options->save_replay == NULL)
    return SCULL_OK;
  scull_tune_print_choices(b->graph, &b->tuning, &text);
  scull_status_t status =
      text.failed ? scull_base_fail_memory(b->diag, "the choices")
                  : scull_base_file_write(b->options->save_replay, scull_base_text_get(&text),
                                          text.size, b->diag);
  scull_base_text_deinit(&text);
  return status;
}

/* Partition, search, lowering: what tuning again repeats. */
static scull_status_t tune_and_lower(build_t *b) {
  scull_partition_t partition;
  if ((b->quantization.measures_off & SCULL_MEASURE_EXACT_TAIL) == 0)
    SCULL_TRY(scull_quant_mark_tail(b->graph));
  scull_build_mark_wide(b->graph, &b->quantization.table);
  if (takes_int8(b))
    SCULL_TRY(scull_build_quantize(b->graph, &b->quantization, b->diag));
  SCULL_TRY(scull_tune_partition(b->graph, &b->tune, &b->arena, &partition));
  if (stops_after(b, SCULL_STAGE_PARTITION))
    return show_partition(b, &partition);
  scull_status_t status = scull_tune_search(b->graph, &partition, &b->tune, &b->arena, &b->tuning);
  if (b->cache != NULL && (status == SCULL_OK || status == SCULL_CANCELLED)) {
    scull_status_t kept =
        scull_tune_cache_write(b->cache, b->diag); /* also what was timed so far */
    status = status == SCULL_OK ? kept : status;
  }
  SCULL_TRY(status);
  if (stops_after(b, SCULL_STAGE_TUNE))
    return show_choices(b);
  SCULL_TRY(save_choices(b));
  SCULL_TRY(scull_lower_plan(b->graph, &b->tuning, &b->tune, &b->lowered));
  SCULL_TRY(name_plugins(b));
  SCULL_TRY(write_report(b));
  return stops_after(b, SCULL_STAGE_LOWER) ? show_plan(b) : SCULL_OK;
}

static scull_status_t write_plan(build_t *b, const char *plan_path, scull_text_t *static_path) {
  b->lowered.plan.sources = (scull_bytes_t){(const uint8_t *)b->sources.data, b->sources.size};
  if (plan_path != NULL)
    SCULL_TRY(scull_plan_write(&b->lowered.plan, plan_path, b->diag));
  if (static_path->size > 0)
    SCULL_TRY(scull_plan_write(&b->lowered.plan, static_path->data, b->diag));
  return SCULL_OK;
}

static void put_report(const build_t *b, const char *plan, scull_build_result_t *result) {
  scull_base_text_print(
      &result->report, "{\"seconds\": %.3f, \"timed\": %zu, \"cached\": %zu, \"plan\": %s}",
      (double)(scull_base_now() - b->start) / 1e9, b->tuning.timed, b->tuning.cached, plan);
}

/* A mistyped shape is seen before the machine starts to swap: tensors at their largest shapes that
 * take a good part of its memory are named. */
static void warn_of_size(const build_t *b) {
  uint64_t installed = scull_base_memory_installed();
  const scull_graph_t *g = b->graph;
  const scull_value_t *largest = NULL;
  size_t most = 0;
  for (size_t i = 0; i < g->values.size; i++) {
    const scull_value_t *v = &g->values.data[i];
    for (int p = 0; p < g->points && !v->dead && v->data == NULL; p++) {
      const scull_type_t type = {.dtype = v->dtype, .shape = v->shape[p]};
      size_t bytes = scull_tensor_bytes(&type);
      largest = bytes > most ? v : largest;
      most = bytes > most ? bytes : most;
    }
  }
  if (installed > 0 && most > installed / 8)
    scull_base_warn(b->diag,
                    "at the largest shapes '%s' alone takes %.1f GiB of this machine's %.1f GiB: "
                    "are the input's shapes meant so?",
                    largest->name, (double)most / 0x1p30, (double)installed / 0x1p30);
}

static scull_status_t run_stages(build_t *b, const char *plan_path, scull_build_result_t *result) {
  SCULL_TRY(scull_build_import(b->options, &b->files, &b->graph, b->diag));
  SCULL_TRY(draw_original(b));
  if (stops_after(b, SCULL_STAGE_IMPORT))
    return show_graph(b);
  SCULL_TRY(write_sources(b));
  SCULL_TRY(passes(b, b->options->disabled_passes, b->options->disabled_pass_count));
  SCULL_TRY(scull_build_check_ops(b->tune.disabled_ops, b->graph));
  warn_of_size(b);
  if (stops_after(b, SCULL_STAGE_PASSES))
    return show_graph(b);
  SCULL_TRY(tune_and_lower(b));
  if (b->options->stop_after != SCULL_STAGE_NONE)
    return SCULL_OK;
  SCULL_TRY(write_plan(b, plan_path, &result->static_path));
  put_report(b, b->lowered.plan.report, result);
  return SCULL_OK;
}

/* What was done is little, the plan's own report stays true. */
static scull_status_t stored_report(const build_t *b, scull_build_result_t *result) {
  scull_plan_t plan;
  scull_plan_init(&plan);
  scull_status_t status = scull_plan_open(result->static_path.data, &plan, b->diag);
  if (status == SCULL_OK)
    put_report(b, plan.report, result);
  scull_plan_deinit(&plan);
  return status;
}

/* Says at once, not after minutes of tuning, that a file cannot be written. */
static scull_status_t try_to_write(const char *path, scull_diag_t *diag) {
  scull_writer_t *writer = NULL;
  if (path == NULL)
    return SCULL_OK;
  SCULL_TRY(scull_base_writer_create(path, &writer, diag));
  scull_base_writer_destroy(writer);
  return SCULL_OK;
}

static scull_status_t find_or_build(build_t *b, const char *plan_path,
                                    scull_build_result_t *result) {
  bool found = false;
  b->own = *b->options;
  SCULL_TRY(scull_build_calib_mode(&b->own, result, b->diag));
  b->options = &b->own;
  SCULL_TRY(open_device(b));
  SCULL_TRY(set_tune_options(b));
  SCULL_TRY(try_to_write(plan_path, b->diag));
  SCULL_TRY(try_to_write(b->options->save_replay, b->diag));
  SCULL_TRY(try_to_write(b->options->timing_cache, b->diag));
  if (b->options->use_static && b->options->stop_after == SCULL_STAGE_NONE)
    SCULL_TRY(scull_build_static_find(b->options, b->device, plan_path, &result->static_path,
                                      &found, b->diag));
  if (found && b->options->picture == NULL) /* a stored plan has no picture */
    return stored_report(b, result);
  SCULL_TRY(run_stages(b, plan_path, result));
  return show_picture(b);
}

scull_status_t scull_build_run(const scull_build_options_t *options, const atomic_bool *cancel,
                               const char *plan_path, scull_build_result_t *result,
                               scull_diag_t *diag) {
  build_t b = {.options = options, .cancel = cancel, .diag = diag, .start = scull_base_now()};
  scull_plan_init(&b.lowered.plan);
  scull_status_t status = find_or_build(&b, plan_path, result);
  build_deinit(&b);
  return status;
}

/* --- one operator a step
 * --------------------------------------------------------------------------
 */

static scull_status_t build_float(build_t *b, scull_plan_t *out) {
  SCULL_TRY(open_device(b));
  SCULL_TRY(set_tune_options(b));
  SCULL_TRY(scull_build_import(b->options, &b->files, &b->graph, b->diag));
  SCULL_TRY(passes(b, b->options->disabled_passes, b->options->disabled_pass_count));
  SCULL_TRY(tune_and_lower(b));
  /* the plan's names and attributes are the graph's */
  scull_base_arena_join(&b->lowered.plan.arena, &b->graph->arena);
  *out = b->lowered.plan;
  scull_plan_init(&b->lowered.plan);
  return SCULL_OK;
}

scull_status_t scull_build_float_engine(const scull_build_options_t *options,
                                        const atomic_bool *cancel, scull_runtime_engine_t **out,
                                        scull_diag_t *diag) {
  scull_build_options_t own = *options;
  scull_plan_t plan;
  own.precisions = SCULL_PRECISION_F32;
  own.layer_precision_count = 0;
  own.calibration = own.ranges_file = own.replay = NULL;
  own.stop_after = SCULL_STAGE_NONE;
  own.tune = SCULL_TUNE_NONE;
  own.progress = NULL;
  build_t b = {
      .options = &own, .cancel = cancel, .diag = diag, .singles = true, .start = scull_base_now()};
  *out = NULL;
  scull_plan_init(&b.lowered.plan);
  scull_status_t status = build_float(&b, &plan);
  if (status == SCULL_OK)
    status = scull_runtime_engine_create(&plan, own.device_index, out, diag);
  build_deinit(&b);
  return status;
}

/* --- tuning again --------------------------------------------------------------------------------
 */

/* "a\nb\n" as a list of patterns. */
static scull_status_t split_lines(const char *text, scull_arena_t *arena, scull_names_t *out) {
  size_t count = 0;
  for (const char *at = text; *at != '\0'; at++)
    count += *at == '\n';
  const char **names = SCULL_ARENA_ARRAY(arena, const char *, count + 1);
  if (names == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; i < count; i++) {
    size_t length = strcspn(text, "\n");
    names[i] = scull_base_arena_string(arena, text, length);
    if (names[i] == NULL)
      return SCULL_OUT_OF_MEMORY;
    text += length + 1;
  }
  *out = (scull_names_t){names, count};
  return SCULL_OK;
}

static uint32_t read_measures(const char *text) {
  const char *at = strstr(text, measures_line);
  return at == NULL ? 0 : (uint32_t)strtoul(at + strlen(measures_line), NULL, 10);
}

/* "pattern=int8" a line as pins; what this version does not know is left out. */
static scull_status_t read_pins(const char *text, scull_arena_t *arena, scull_tune_options_t *out) {
  scull_names_t lines;
  SCULL_TRY(split_lines(text, arena, &lines));
  scull_pin_t *pins = SCULL_ARENA_ARRAY(arena, scull_pin_t, lines.count);
  if (pins == NULL)
    return SCULL_OUT_OF_MEMORY;
  out->pins = pins;
  for (size_t i = 0; i < lines.count; i++) {
    const char *word = strrchr(lines.names[i], '=');
    scull_pin_t pin = {0};
    if (word == NULL || !scull_backend_precision_find(word + 1, &pin.as))
      continue;
    pin.pattern = scull_base_arena_string(arena, lines.names[i], (size_t)(word - lines.names[i]));
    if (pin.pattern == NULL)
      return SCULL_OUT_OF_MEMORY;
    pins[out->pin_count++] = pin;
  }
  return SCULL_OK;
}

static scull_status_t retune(build_t *b, const scull_plan_t *plan, scull_plan_t *out) {
  scull_sources_options_t kept = {0};
  scull_bytes_t sources;
  scull_names_t passes_off = {0};
  SCULL_TRY(open_device(b));
  SCULL_TRY(scull_plan_sources(plan, &sources, b->diag));
  SCULL_TRY(scull_build_sources_read(sources, b->diag, &b->graph, &kept));
  note_plugins(b, b->graph);
  b->tune = (scull_tune_options_t){.device = b->device,
                                   .threads = kept.threads < 1 || kept.threads > 4096
                                                  ? scull_base_threads_default()
                                                  : kept.threads,
                                   .workspace = kept.workspace,
                                   .level = kept.level < 0 || kept.level > SCULL_TUNE_LEVEL_FULL
                                                ? SCULL_TUNE_LEVEL_FAST
                                                : (scull_tune_level_t)kept.level,
                                   .min_subgraph_size = kept.min_subgraph_size,
                                   .precisions = kept.precisions,
                                   .prefer_pins = true}; /* another device may not have them */
  SCULL_TRY(split_lines(kept.disabled_ops, &b->arena, &b->tune.disabled_ops));
  SCULL_TRY(split_lines(kept.disabled_tactics, &b->arena, &b->tune.disabled_tactics));
  SCULL_TRY(read_pins(kept.pins, &b->arena, &b->tune));
  scull_quant_table_init(&b->quantization.table);
  b->quantization.dummy =
      kept.dummy_range > 0 && kept.dummy_range < 1e38 ? (float)kept.dummy_range : 0;
  b->quantization.measures_off = read_measures(kept.pins);
  if (kept.ranges[0] != '\0')
    SCULL_TRY(
        scull_quant_table_read((scull_bytes_t){(const uint8_t *)kept.ranges, strlen(kept.ranges)},
                               "the plan's ranges", &b->quantization.table, b->diag));
  SCULL_TRY(split_lines(kept.disabled_passes, &b->arena, &passes_off));
  SCULL_TRY(passes(b, passes_off.names, passes_off.count));
  SCULL_TRY(tune_and_lower(b));
  b->lowered.plan.sources = sources;
  /* the plan's names and attributes are the graph's */
  scull_base_arena_join(&b->lowered.plan.arena, &b->graph->arena);
  *out = b->lowered.plan;
  scull_plan_init(&b->lowered.plan);
  return SCULL_OK;
}

scull_status_t scull_build_retune(const scull_plan_t *plan, const char *device, int device_index,
                                  scull_plan_t *out, scull_diag_t *diag) {
  scull_build_options_t options = {.device = device, .device_index = device_index};
  build_t b = {.options = &options, .diag = diag, .start = scull_base_now()};
  if (plan->sources.size == 0)
    return scull_base_fail(diag, SCULL_NEEDS_BUILD,
                           "the plan was built without its sources and cannot be tuned again");
  scull_plan_init(&b.lowered.plan);
  scull_status_t status = retune(&b, plan, out);
  build_deinit(&b);
  return status;
}
