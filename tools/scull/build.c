/* scull build: a model file becomes a plan file. This turns options into a
 * scull_build_options_t and shows how the build goes; the work is the library's. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "budget.h"
#include "console.h"
#include "interrupt.h"
#include "json.h"
#include "npy.h"
#include "picture.h"
#include "values.h"

typedef struct build_args {
  const char *model, *params, *output;
  cli_list_t inputs, fixed, outputs;
  int64_t max_batch;
  const char *device;
  int64_t threads;
  cli_list_t precisions, layer_precisions;
  int precision_constraints;
  const char *calibration, *ranges;
  double dummy_range;
  bool force;
  size_t workspace;
  int64_t min_subgraph;
  cli_list_t disable_ops, disable_passes, disable_tactics;
  int tune;
  double time_budget;
  const char *timing_cache, *replay, *save_replay;
  cli_list_t without;
  const char *max_drop, *held_out, *labels;
  int metric;
  cli_preprocess_args_t preprocess;
  bool use_static, calib_mode;
  const char *cache_dir;
  bool no_sources;
  int stop_after;
  bool print;
  const char *picture, *report;
  bool quiet, verbose;
} build_args_t;

static const build_args_t defaults = {
    .device = "cpu", .min_subgraph = 3, .tune = SCULL_TUNE_FULL, .preprocess = {.scale = 1}};

#define FIELD(name) offsetof(build_args_t, name)

static const cli_operand_t operands[] = {
    {"MODEL", FIELD(model), false},
    {"PARAMS", FIELD(params), true},
};

static const cli_option_t option_table[] = {
    {"output", 'o', CLI_TEXT, FIELD(output), "FILE", "the plan to write", 0},
    {"input", 'i', CLI_REPEATED, FIELD(inputs), "NAME=SHAPE",
     "shape of an input: 1x3x224x224, or MIN:OPT:MAX (tuned for OPT)", 0},
    {"fix", 0, CLI_REPEATED, FIELD(fixed), "NAME=FILE.npy",
     "an input that is the same in every run becomes a constant; NAME= leaves out an optional one",
     0},
    {"max-batch", 0, CLI_INTEGER, FIELD(max_batch), "N",
     "short for dimension 0 = 1:N:N where the model leaves it free", 1},
    {"mark-output", 0, CLI_LIST, FIELD(outputs), "NAMES", "inner tensors that become outputs", 0},
    {"device", 0, CLI_TEXT, FIELD(device), "NAME",
     "cpu (default), or another name that scull devices lists", 0},
    {"threads", 't', CLI_INTEGER, FIELD(threads), "N", "of one context; 0 (default): all", 0},
    {"precision", 0, CLI_LIST, FIELD(precisions), "LIST",
     "permitted element types of fp32 (always), bf16, fp16, int8: the fastest mix is kept", 0},
    {"layer-precision", 0, CLI_LIST, FIELD(layer_precisions), "LAYER=TYPE",
     "layers that compute in one type, such as conv1*=fp32; * matches", 0},
    {"precision-constraints", 0, CLI_CHOICE, FIELD(precision_constraints), "obey|prefer",
     "what --layer-precision means where nothing runs so: a failure, or another type", 0},
    {"calibration", 0, CLI_TEXT, FIELD(calibration), "FILE",
     "ranges for int8: a table of scull calibrate, or a calibration cache of TensorRT", 0},
    {"ranges", 0, CLI_TEXT, FIELD(ranges), "FILE", "ranges for int8, a line a tensor: NAME MIN MAX",
     0},
    {"dummy-ranges", 0, CLI_NUMBER, FIELD(dummy_range), "R",
     "one range for every tensor that has none: int8's times without data, wrong numbers", 0},
    {"force", 0, CLI_FLAG, FIELD(force), NULL, "take a table of another model", 0},
    {"workspace", 0, CLI_SIZE, FIELD(workspace), "SIZE",
     "most scratch memory that a tactic may use, such as 64MiB", 0},
    {"min-subgraph", 0, CLI_INTEGER, FIELD(min_subgraph), "N",
     "clusters of at most N operators stay native (default 3)", 0},
    {"disable-ops", 0, CLI_LIST, FIELD(disable_ops), "NAMES", "operators that stay native", 0},
    {"disable-passes", 0, CLI_LIST, FIELD(disable_passes), "NAMES", "passes that are skipped", 0},
    {"disable-tactics", 0, CLI_LIST, FIELD(disable_tactics), "NAMES",
     "tactics that are not used; * matches", 0},
    {"tune", 0, CLI_CHOICE, FIELD(tune), "none|fast|full", "how much is timed (default full)", 0},
    {"time-budget", 0, CLI_NUMBER, FIELD(time_budget), "SECONDS",
     "for tuning; then the best so far is kept", 0},
    {"timing-cache", 0, CLI_TEXT, FIELD(timing_cache), "FILE", "measured times, read and written",
     0},
    {"replay", 0, CLI_TEXT, FIELD(replay), "FILE", "take the choices of an earlier build", 0},
    {"save-replay", 0, CLI_TEXT, FIELD(save_replay), "FILE", "write the choices of this build", 0},
    {"without", 0, CLI_LIST, FIELD(without), "LIST",
     "measures for accuracy that are not taken: tail,equalization,rounding", 0},
    {"max-accuracy-drop", 0, CLI_TEXT, FIELD(max_drop), "P%",
     "put layers back to wider types until the loss on --held-out is at most this", 0},
    {"metric", 0, CLI_CHOICE, FIELD(metric), CLI_METRIC_WORDS,
     "of the loss: points of top-1 (with --labels), else against FP32's results (default sqnr: "
     "power of the difference over that of the results)",
     0},
    {"held-out", 0, CLI_TEXT, FIELD(held_out), "DIR|LIST", "inputs as for scull calibrate", 0},
    {"labels", 0, CLI_TEXT, FIELD(labels), "FILE", "a line an input: LABEL, or FILE LABEL", 0},
    CLI_PREPROCESS_OPTIONS(FIELD(preprocess)),
    {"static", 0, CLI_FLAG, FIELD(use_static), NULL,
     "use the plan in the cache folder when it is still right, else build and store it", 0},
    {"calib-mode", 0, CLI_FLAG, FIELD(calib_mode), NULL,
     "with int8 and without --calibration: take the table trt_calib_* in the cache folder; without "
     "one int8 is left out",
     0},
    {"cache-dir", 0, CLI_TEXT, FIELD(cache_dir), "DIR",
     "folder for --static and --calib-mode (default _opt_cache beside the model)", 0},
    {"no-sources", 0, CLI_FLAG, FIELD(no_sources), NULL,
     "a smaller plan that cannot be tuned again elsewhere", 0},
    {"stop-after", 0, CLI_CHOICE, FIELD(stop_after), "none|import|passes|partition|tune|lower",
     "stop after that stage and print the graph as text", 0},
    {"print", 0, CLI_FLAG, FIELD(print), NULL, "print the graph (implied by --stop-after)", 0},
    {"picture", 0, CLI_TEXT, FIELD(picture), "FILE",
     "draw the original and the transformed network: net.svg, net.dot", 0},
    {"report", 0, CLI_TEXT, FIELD(report), "FILE", "write the report of the build as JSON", 0},
    {"quiet", 'q', CLI_FLAG, FIELD(quiet), NULL, "no summary, no progress", 0},
    {"verbose", 'v', CLI_FLAG, FIELD(verbose), NULL, "say what each stage does", 0},
};

/* What a running build needs besides its options. */
typedef struct build_state {
  scull_build_options_t options;
  scull_shape_range_t *ranges;
  scull_fixed_input_t *fixed;
  cli_array_t *arrays; /* of `fixed` */
  scull_layer_precision_t *pins;
  char device[32];
  cli_capture_t picture;
  cli_budget_t budget;
} build_state_t;

static scull_status_t fill_ranges(const build_args_t *args, build_state_t *state) {
  size_t count = args->inputs.count;
  state->ranges = calloc(count ? count : 1, sizeof *state->ranges);
  if (!state->ranges)
    return cli_fail_memory();
  for (size_t i = 0; i < count; i++) {
    CLI_TRY(cli_values_range(args->inputs.items[i], &state->ranges[i]));
    state->options.input_count = i + 1;
  }
  state->options.inputs = state->ranges;
  return SCULL_OK;
}

/* "NAME=FILE.npy", or "NAME=". */
static scull_status_t fill_one_fixed(const char *text, scull_fixed_input_t *out,
                                     cli_array_t *array) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text)
    return cli_fail(SCULL_INVALID_ARGUMENT, "--fix %s: NAME=FILE.npy is wanted", text);
  out->name = strndup(text, (size_t)(equals - text));
  if (!out->name)
    return cli_fail_memory();
  if (!equals[1])
    return SCULL_OK;
  CLI_TRY(cli_npy_read(equals + 1, array));
  out->dtype = array->dtype;
  out->rank = array->rank;
  memcpy(out->dims, array->dims, sizeof out->dims);
  out->data = array->data;
  out->size = array->size;
  return SCULL_OK;
}

static scull_status_t fill_fixed(const build_args_t *args, build_state_t *state) {
  size_t count = args->fixed.count;
  state->fixed = calloc(count ? count : 1, sizeof *state->fixed);
  state->arrays = calloc(count ? count : 1, sizeof *state->arrays);
  if (!state->fixed || !state->arrays)
    return cli_fail_memory();
  state->options.fixed_inputs = state->fixed;
  for (size_t i = 0; i < count; i++) {
    state->options.fixed_input_count = i + 1;
    CLI_TRY(fill_one_fixed(args->fixed.items[i], &state->fixed[i], &state->arrays[i]));
  }
  return SCULL_OK;
}

static scull_status_t fill_pins(const build_args_t *args, build_state_t *state) {
  size_t count = args->layer_precisions.count;
  state->pins = calloc(count ? count : 1, sizeof *state->pins);
  if (!state->pins)
    return cli_fail_memory();
  for (size_t i = 0; i < count; i++) {
    CLI_TRY(cli_values_layer_precision(args->layer_precisions.items[i], &state->pins[i]));
    state->options.layer_precision_count = i + 1;
  }
  state->options.layer_precisions = state->pins;
  state->options.prefer_layer_precisions = args->precision_constraints == 1;
  return SCULL_OK;
}

static void fill_lists(const build_args_t *args, scull_build_options_t *options) {
  options->extra_outputs = cli_list_texts(&args->outputs);
  options->extra_output_count = args->outputs.count;
  options->disabled_ops = cli_list_texts(&args->disable_ops);
  options->disabled_op_count = args->disable_ops.count;
  options->disabled_passes = cli_list_texts(&args->disable_passes);
  options->disabled_pass_count = args->disable_passes.count;
  options->disabled_tactics = cli_list_texts(&args->disable_tactics);
  options->disabled_tactic_count = args->disable_tactics.count;
}

static void fill_plain(const build_args_t *args, scull_build_options_t *options) {
  options->model.model_path = args->model;
  options->model.params_path = args->params;
  options->max_batch = args->max_batch;
  options->threads = (int)args->threads;
  options->calibration = args->calibration;
  options->ranges_file = args->ranges;
  options->dummy_range = (float)args->dummy_range;
  options->force_calibration = args->force;
  options->workspace = args->workspace;
  options->min_subgraph_size = (int)args->min_subgraph;
  options->tune = (scull_tune_t)args->tune;
  options->time_budget_s = args->time_budget;
  options->timing_cache = args->timing_cache;
  options->replay = args->replay;
  options->save_replay = args->save_replay;
  options->use_static = args->use_static;
  options->use_calib_mode = args->calib_mode;
  options->cache_dir = args->cache_dir;
  options->no_sources = args->no_sources;
  options->stop_after = (scull_stage_t)args->stop_after;
}

static scull_status_t fill_measures(const cli_list_t *words, uint32_t *out) {
  static const char *const names[] = {"tail", "equalization", "rounding"};
  for (size_t i = 0; i < words->count; i++) {
    size_t k = 0;
    while (k < CLI_COUNT(names) && strcmp(words->items[i], names[k]) != 0)
      k++;
    if (k == CLI_COUNT(names))
      return cli_fail(SCULL_INVALID_ARGUMENT,
                      "--without: '%s' is none of tail, equalization, rounding", words->items[i]);
    *out |= 1u << k;
  }
  return SCULL_OK;
}

/* "0.5%", or "0.5": percent. */
static scull_status_t fill_budget(const build_args_t *args, cli_budget_t *out) {
  char number[64];
  *out = (cli_budget_t){.most = -1,
                        .metric = (cli_metric_t)args->metric,
                        .inputs = args->held_out,
                        .labels = args->labels,
                        .quiet = args->quiet};
  if (!args->max_drop)
    return SCULL_OK;
  const size_t length = strcspn(args->max_drop, "%");
  if (!args->held_out || !args->output || args->stop_after || args->use_static)
    return cli_fail(SCULL_INVALID_ARGUMENT,
                    "--max-accuracy-drop wants --held-out inputs and a plan to write (-o)");
  if (out->metric == CLI_METRIC_TOP1 && !args->labels)
    return cli_fail(SCULL_INVALID_ARGUMENT, "--metric top1 wants --labels");
  snprintf(number, sizeof number, "%.*s", (int)length, args->max_drop);
  CLI_TRY(cli_values_number("max-accuracy-drop", number, &out->most));
  return cli_preprocess_fill(&args->preprocess, &out->preprocess);
}

static scull_status_t fill_options(const build_args_t *args, build_state_t *state) {
  scull_build_options_t *options = &state->options;
  fill_plain(args, options);
  fill_lists(args, options);
  CLI_TRY(fill_ranges(args, state));
  CLI_TRY(fill_fixed(args, state));
  CLI_TRY(fill_pins(args, state));
  CLI_TRY(fill_budget(args, &state->budget));
  CLI_TRY(fill_measures(&args->without, &options->measures_off));
  CLI_TRY(cli_values_precisions(&args->precisions, &options->precisions));
  CLI_TRY(
      cli_values_device(args->device, state->device, sizeof state->device, &options->device_index));
  options->device = state->device;
  options->logger = cli_console_logger(args->verbose);
  if (!args->quiet)
    options->progress = cli_console_progress;
  if (args->stop_after) {
    options->print = cli_sink_write;
    options->print_user = stdout;
  }
  if (args->picture) {
    CLI_TRY(cli_capture_open(&state->picture));
    options->picture = cli_sink_write;
    options->picture_user = state->picture.file;
  }
  return SCULL_OK;
}

static void deinit_state(build_state_t *state) {
  for (size_t i = 0; i < state->options.input_count; i++)
    free((char *)(uintptr_t)state->ranges[i].name);
  free(state->ranges);
  for (size_t i = 0; i < state->options.fixed_input_count; i++) {
    free((char *)(uintptr_t)state->fixed[i].name);
    cli_array_deinit(&state->arrays[i]);
  }
  free(state->fixed);
  free(state->arrays);
  for (size_t i = 0; i < state->options.layer_precision_count; i++)
    free((char *)(uintptr_t)state->pins[i].layer);
  free(state->pins);
  cli_capture_deinit(&state->picture);
}

static scull_status_t check_args(const build_args_t *args) {
  if (args->print && !args->stop_after)
    return cli_fail(SCULL_INVALID_ARGUMENT, "--print wants --stop-after: a stage to print");
  if (!args->output && !args->use_static && !args->stop_after)
    return cli_fail(SCULL_INVALID_ARGUMENT, "say where the plan goes: -o net.plan");
  if (args->output && !args->output[0])
    return cli_fail(SCULL_INVALID_ARGUMENT, "--output is empty; say where the plan goes: net.plan");
  if (args->threads > INT32_MAX || args->min_subgraph > INT32_MAX)
    return cli_fail(SCULL_INVALID_ARGUMENT, "--threads or --min-subgraph is too large");
  return SCULL_OK;
}

/* --- what is said afterwards ------------------------------------------------------------------ */

static size_t count_native(const json_t *layers) {
  size_t index = 0, count = 0;
  const json_t *layer = NULL;
  json_array_foreach((json_t *)(uintptr_t)layers, index, layer) {
    count += cli_json_text(layer, "placement", "")[0] == 'n';
  }
  return count;
}

static void print_summary(const char *path, const json_t *report) {
  const json_t *plan = json_object_get(report, "plan");
  const json_t *layers = json_object_get(plan, "layers");
  const json_t *memory = json_object_get(plan, "memory");
  printf("%s\n", path);
  if (layers)
    printf("  layers   %zu: %zu native, the others in %zu engine(s)\n", json_array_size(layers),
           count_native(layers), json_array_size(json_object_get(plan, "engines")));
  if (memory)
    printf("  memory   %.2f MiB of activations (%.3f x the lower bound), %.2f MiB of weights\n",
           cli_json_number(memory, "planned", 0) / 0x1p20, cli_json_number(memory, "ratio", 1),
           cli_json_number(memory, "weights", 0) / 0x1p20);
  printf("  build    %.1f s, %.0f timed, %.0f from the cache\n",
         cli_json_number(report, "seconds", 0), cli_json_number(report, "timed", 0),
         cli_json_number(report, "cached", 0));
}

static scull_status_t write_report(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  if (!file)
    return cli_fail_errno(path, "write");
  bool good = fputs(text, file) >= 0;
  if (fclose(file) != 0)
    good = false;
  return good ? SCULL_OK : cli_fail_errno(path, "write");
}

static scull_status_t finish(const build_args_t *args, build_state_t *state,
                             const scull_builder_t *builder) {
  const char *text = scull_builder_report(builder);
  const char *path = args->output ? args->output : scull_builder_static_path(builder);
  json_t *report = NULL;
  if (args->picture) {
    CLI_TRY(cli_capture_close(&state->picture));
    if (state->picture.size == 0)
      cli_note("picture: none, the build ended before there was something to draw");
    else
      CLI_TRY(cli_picture_write(args->picture, state->picture.text, state->picture.size));
  }
  if (args->report)
    CLI_TRY(write_report(args->report, text));
  if (args->stop_after || args->quiet || !text[0])
    return SCULL_OK;
  CLI_TRY(cli_json_parse(text, path, &report));
  print_summary(path, report);
  json_decref(report);
  return SCULL_OK;
}

static scull_status_t build_with(const build_args_t *args, build_state_t *state,
                                 scull_builder_t *builder) {
  cli_interrupt_t interrupt;
  CLI_TRY(cli_interrupt_begin(&interrupt, builder));
  scull_status_t status =
      state->budget.most >= 0
          ? cli_budget_build(&state->budget, builder, &state->options, args->output)
          : cli_check(scull_builder_build(builder, &state->options, args->output), args->model);
  cli_interrupt_end(&interrupt);
  CLI_TRY(status);
  return finish(args, state, builder);
}

static scull_status_t run(const void *user) {
  const build_args_t *args = user;
  scull_status_t status = SCULL_OK;
  scull_builder_t *builder = NULL;
  build_state_t state = {0};
  CLI_TRY(check_args(args));
  scull_build_options_init(&state.options);
  CLI_TRY_DONE(fill_options(args, &state));
  CLI_TRY_DONE(cli_check(scull_builder_create(&builder), "builder"));
  status = build_with(args, &state, builder);
done:
  scull_builder_destroy(builder);
  deinit_state(&state);
  return status;
}

const cli_command_t cli_command_build = {
    .name = "build",
    .summary = "turn a model into an optimized, tuned plan",
    .notes = "MODEL is a folder (__model__ and its parameters), a .pdmodel, a __model__, a PIR "
             ".json, an .onnx, a Caffe .prototxt or a frozen TensorFlow .pb;\nPARAMS is found "
             "beside it unless given.\n\n"
             "  scull build net.pdmodel -o net.plan --max-batch 8\n"
             "  scull build net.json -o net.plan --input x=1x3x32x320:1x3x48x320:8x3x48x960",
    .operands = operands,
    .operand_count = CLI_COUNT(operands),
    .options = option_table,
    .option_count = CLI_COUNT(option_table),
    .args_size = sizeof(build_args_t),
    .defaults = &defaults,
    .run = run,
};
