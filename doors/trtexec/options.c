/* The flags' table and what reads it. As with trtexec a value follows a "=", unknown flags are all
 * named behind the help, and the last value of a flag counts. */
#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

typedef enum { SWITCH, TEXT, WHOLE, NUMBER, EACH, UNUSED, REFUSED } kind_t;

/* A NULL name is a heading. */
typedef struct {
  const char *name;
  kind_t kind;
  size_t offset;
  const char *value, *words;
} flag_t;

static const flag_t flags[] = {
#define TRTEXEC_GROUP(title) {NULL, UNUSED, 0, NULL, title},
#define TRTEXEC_FLAG(name, kind, field, value, words)                                              \
  {name, kind, offsetof(trtexec_options_t, field), value, words},
#include "flags.def"
#undef TRTEXEC_FLAG
#undef TRTEXEC_GROUP
};
#define FLAG_COUNT (sizeof flags / sizeof *flags)

/* --- help --------------------------------------------------------------------------------------
 */

static void print_flag(const flag_t *flag, FILE *file) {
  char shown[96];
  snprintf(shown, sizeof shown, "--%s%s%s", flag->name, flag->value == NULL ? "" : "=",
           flag->value == NULL ? "" : flag->value);
  fprintf(file, "  %-44s %s\n", shown, flag->words);
}

void trtexec_options_help(FILE *file) {
  for (size_t i = 0; i < FLAG_COUNT; i++) {
    if (flags[i].name == NULL)
      fprintf(file, "=== %s Options ===\n", flags[i].words);
    else if (flags[i].kind != UNUSED && flags[i].kind != REFUSED)
      print_flag(&flags[i], file);
  }
  fputs("=== Accepted, without a meaning here ===\n", file);
  for (size_t i = 0; i < FLAG_COUNT; i++) {
    if (flags[i].name != NULL && flags[i].kind == UNUSED)
      print_flag(&flags[i], file);
  }
}

/* --- reading -----------------------------------------------------------------------------------
 */

static const flag_t *find_flag(const char *word, size_t length) {
  const size_t dashes = strncmp(word, "--", 2) == 0 ? 2 : 0;
  if (length == 2 && strncmp(word, "-h", 2) == 0)
    return find_flag("--h", 3);
  for (size_t i = 0; i < FLAG_COUNT && dashes > 0; i++) {
    if (flags[i].name != NULL && strlen(flags[i].name) == length - dashes &&
        strncmp(flags[i].name, word + dashes, length - dashes) == 0)
      return &flags[i];
  }
  return NULL;
}

static bool add(trtexec_list_t *list, const char *text) {
  const char **items = realloc(list->items, (list->count + 1) * sizeof *items);
  if (items == NULL)
    return trtexec_fail_memory();
  list->items = items;
  items[list->count++] = text;
  return true;
}

static bool read_whole(const flag_t *flag, const char *text, int64_t *out) {
  char *end = NULL;
  errno = 0;
  const long long value = strtoll(text, &end, 10);
  if (*text == '\0' || *end != '\0' || errno != 0 || value < 0 || value > INT32_MAX)
    return trtexec_fail("--%s wants a whole number, not '%s'", flag->name, text);
  *out = value;
  return true;
}

static bool read_number(const flag_t *flag, const char *text, double *out) {
  char *end = NULL;
  const double value = strtod(text, &end);
  if (*text == '\0' || *end != '\0' || !isfinite(value))
    return trtexec_fail("--%s wants a number, not '%s'", flag->name, text);
  *out = value;
  return true;
}

static bool read_flag(trtexec_options_t *options, const flag_t *flag, const char *word,
                      const char *value) {
  void *field = (char *)options + flag->offset;
  const bool wants_value = flag->kind != SWITCH && flag->kind != UNUSED && flag->kind != REFUSED;
  if (wants_value && (value == NULL || *value == '\0'))
    return trtexec_fail("--%s wants a value: --%s=%s", flag->name, flag->name, flag->value);
  switch (flag->kind) {
  case SWITCH: *(bool *)field = true; return true;
  case TEXT: *(const char **)field = value; return true;
  case WHOLE: return read_whole(flag, value, field);
  case NUMBER: return read_number(flag, value, field);
  case EACH: return add(field, value);
  case UNUSED: return add(field, word);
  default: return trtexec_fail("--%s: %s", flag->name, flag->words);
  }
}

static bool one_of(const char *flag, const char *value, const char *words) {
  const size_t length = value == NULL ? 0 : strlen(value);
  for (const char *word = words; value != NULL; word += strcspn(word, "|") + 1) {
    if (strcspn(word, "|") == length && strncmp(word, value, length) == 0)
      return true;
    if (word[strcspn(word, "|")] == '\0')
      return trtexec_fail("--%s wants one of %s, not '%s'", flag, words, value);
  }
  return true;
}

/* What flags say together. */
static bool check(const trtexec_options_t *o) {
  const bool caffe = o->model != NULL || o->deploy != NULL;
  const bool any_shapes = o->min_shapes.count > 0 || o->max_shapes.count > 0;
  const int sources = (o->onnx != NULL) + caffe + (o->load_engine != NULL);
  if (o->help)
    return true;
  if (sources == 0)
    return trtexec_fail("Model missing or format not recognized");
  if (sources > 1)
    return trtexec_fail("--onnx, --deploy and --loadEngine exclude each other");
  if (caffe && o->deploy == NULL)
    return trtexec_fail("--model wants --deploy=<prototxt>");
  if (any_shapes &&
      (o->opt_shapes.count == 0 || o->min_shapes.count == 0 || o->max_shapes.count == 0))
    return trtexec_fail("Must specify only --optShapes or all of --minShapes, --optShapes, "
                        "--maxShapes");
  if (o->save_engine != NULL && o->load_engine != NULL)
    return trtexec_fail("Incompatible load and save engine options selected");
  if (o->plan_version_only && o->load_engine == NULL)
    return trtexec_fail("--getPlanVersionOnly wants --loadEngine=<file>");
  if (o->optimization_level > 5)
    return trtexec_fail("--builderOptimizationLevel goes from 0 to 5");
  if (o->streams < 1 || o->streams > 1024 || o->average_runs < 1)
    return trtexec_fail("--infStreams goes from 1 to 1024, --avgRuns from 1 on");
  return one_of("precisionConstraints", o->precision_constraints, "none|prefer|obey") &&
         one_of("accuracyAlgorithm", o->accuracy_algorithm, "l0|l1|l2|lInf|cos") &&
         one_of("profilingVerbosity", o->verbosity,
                "none|layer_names_only|detailed|default|verbose");
}

bool trtexec_options_read(trtexec_options_t *options, int count, char **words) {
  trtexec_list_t unknown = {0};
  bool ok = true;
  *options = (trtexec_options_t){.optimization_level = 3,
                                 .iterations = 10,
                                 .streams = 1,
                                 .average_runs = 10,
                                 .warm_up_ms = 200,
                                 .duration_s = 3,
                                 .atol = 1e-5,
                                 .rtol = 1e-5};
  for (int i = 0; i < count && ok; i++) {
    const size_t length = strcspn(words[i], "=");
    const flag_t *flag = find_flag(words[i], length);
    const char *value = words[i][length] == '=' ? words[i] + length + 1 : NULL;
    ok = flag == NULL ? add(&unknown, words[i]) : read_flag(options, flag, words[i], value);
  }
  if (count == 0)
    options->help = true;
  if (ok && unknown.count > 0 && !options->help) {
    trtexec_options_help(stdout);
    for (size_t i = 0; i < unknown.count; i++) {
      const size_t length = strcspn(unknown.items[i], "=");
      const char *value = unknown.items[i] + length + (unknown.items[i][length] == '=');
      ok = trtexec_fail("Unknown option: %.*s %s", (int)length, unknown.items[i], value);
    }
  }
  free(unknown.items);
  return ok && check(options);
}

void trtexec_options_deinit(trtexec_options_t *options) {
  trtexec_list_t *const lists[] = {
      &options->outputs,    &options->min_shapes,    &options->opt_shapes,
      &options->max_shapes, &options->shapes,        &options->layer_precisions,
      &options->pools,      &options->load_inputs,   &options->references,
      &options->watched,    &options->saved_tensors, &options->unused,
      &options->plugins};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    free(lists[i]->items);
}

void trtexec_options_name_unused(const trtexec_options_t *options) {
  for (size_t i = 0; i < options->unused.count; i++) {
    const char *word = options->unused.items[i];
    const flag_t *flag = find_flag(word, strcspn(word, "="));
    trtexec_say('W', "%s has no meaning here: %s", word, flag->words);
  }
}

/* --- sections ----------------------------------------------------------------------------------
 */

static const char *text_of(const char *text) {
  return text == NULL ? "" : text;
}

static const char *enabled(bool x) {
  return x ? "Enabled" : "Disabled";
}

static void print_list(const char *title, const trtexec_list_t *list, const char *none) {
  if (list->count == 0 && none != NULL)
    trtexec_say('I', "%s: %s", title, none);
  for (size_t i = 0; i < list->count; i++)
    trtexec_say('I', "%s: %s", title, list->items[i]);
}

static void print_model(const trtexec_options_t *o) {
  trtexec_say('I', "=== Model Options ===");
  trtexec_say('I', "Format: %s", o->onnx != NULL ? "ONNX" : o->deploy != NULL ? "Caffe" : "*");
  trtexec_say('I', "Model: %s", o->onnx != NULL ? o->onnx : text_of(o->model));
  if (o->deploy != NULL)
    trtexec_say('I', "Prototxt: %s", o->deploy);
  print_list("Output", &o->outputs, "");
}

static void print_build(const trtexec_options_t *o) {
  trtexec_say('I', "=== Build Options ===");
  if (o->max_batch > 0)
    trtexec_say('I', "Max batch: %d", (int)o->max_batch);
  else
    trtexec_say('I', "Max batch: explicit batch");
  if (o->workspace_mib > 0)
    trtexec_say('I', "Memory Pools: workspace: %d MiB", (int)o->workspace_mib);
  else
    print_list("Memory Pools", &o->pools, "workspace: default");
  trtexec_say('I', "Precision: FP32%s%s%s", o->fp16 || o->best ? "+FP16" : "",
              o->bf16 || o->best ? "+BF16" : "", o->int8 || o->best ? "+INT8" : "");
  print_list("LayerPrecisions", &o->layer_precisions, "");
  trtexec_say('I', "Calibration: %s",
              o->calib != NULL     ? o->calib
              : o->int8 || o->best ? "Dynamic"
                                   : "");
  trtexec_say('I', "Save engine: %s", text_of(o->save_engine));
  trtexec_say('I', "Load engine: %s", text_of(o->load_engine));
  trtexec_say('I', "Builder optimization level: %d", (int)o->optimization_level);
  trtexec_say('I', "Profiling verbosity: %s",
              o->verbosity == NULL ? "layer_names_only" : o->verbosity);
  trtexec_say('I', "timingCacheMode: %s", o->timing_cache == NULL ? "local" : "global");
  trtexec_say('I', "timingCacheFile: %s", text_of(o->timing_cache));
  trtexec_say('I', "Skip inference: %s", enabled(o->skip_inference));
  print_list("Input build shape (min)", &o->min_shapes, NULL);
  print_list("Input build shape (opt)", &o->opt_shapes, "model");
  print_list("Input build shape (max)", &o->max_shapes, NULL);
}

static void print_inference(const trtexec_options_t *o) {
  trtexec_say('I', "=== Inference Options ===");
  if (o->batch > 0)
    trtexec_say('I', "Batch: %d", (int)o->batch);
  else
    trtexec_say('I', "Batch: Explicit");
  print_list("Input inference shape", &o->shapes, "model");
  trtexec_say('I', "Iterations: %d", (int)o->iterations);
  trtexec_say('I', "Duration: %gs (+ %gms warm up)", o->duration_s, o->warm_up_ms);
  trtexec_say('I', "Sleep time: %gms", o->sleep_ms);
  trtexec_say('I', "Idle time: %gms", o->idle_ms);
  trtexec_say('I', "Inference Streams: %d", (int)o->streams);
  trtexec_say('I', "Time Deserialize: %s", enabled(o->time_deserialize));
  print_list("Inputs", &o->load_inputs, "");
}

void trtexec_options_print(const trtexec_options_t *o) {
  print_model(o);
  print_build(o);
  trtexec_say('I', "=== System Options ===");
  trtexec_say('I', "Device: %s", o->device == NULL ? "0" : o->device);
  print_list("dynamicPlugins", &o->plugins, "");
  print_inference(o);
  trtexec_say('I', "=== Reporting Options ===");
  trtexec_say('I', "Verbose: %s", enabled(o->verbose));
  trtexec_say('I', "Averages: %d inferences", (int)o->average_runs);
  trtexec_say('I', "Percentiles: %s", o->percentiles == NULL ? "90,95,99" : o->percentiles);
  trtexec_say('I', "Dump output: %s", enabled(o->dump_output));
  trtexec_say('I', "Profile: %s", enabled(o->dump_profile));
  trtexec_say('I', "Export timing to JSON file: %s", text_of(o->export_times));
  trtexec_say('I', "Export output to JSON file: %s", text_of(o->export_output));
  trtexec_say('I', "Export profile to JSON file: %s", text_of(o->export_profile));
}
