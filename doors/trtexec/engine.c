#define _POSIX_C_SOURCE 200809L
#include "engine.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "console.h"
#include "ranges.h"

enum { PATH_ROOM = 4096 };

double trtexec_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return 1e3 * (double)time.tv_sec + 1e-6 * (double)time.tv_nsec;
}

/* --- devices ------------------------------------------------------------------------------------
 */

/* "2" or "cuda:2" is a GPU, "cpu" none. */
static bool read_device(const char *text, trtexec_engine_t *out, bool *gpu_wanted) {
  const char *number = text;
  char *end = NULL;
  if (strcmp(text, "cpu") == 0)
    return true;
  *gpu_wanted = true;
  if (strncmp(text, "cuda", 4) == 0)
    number = text[4] == ':' ? text + 5 : text[4] == '\0' ? "0" : "";
  const long index = strtol(number, &end, 10);
  if (*number == '\0' || *end != '\0' || index < 0 || index > 1024)
    return trtexec_fail("--device wants a number, cpu or cuda:<n>, not '%s'", text);
  out->device_index = (int)index;
  return true;
}

static void print_device(const scull_device_info_t *info, int index) {
  trtexec_say('I', "Selected Device: %s", info->name);
  trtexec_say('I', "Selected Device ID: %d", index);
  trtexec_say('I', "Device facts: %s", info->facts);
}

bool trtexec_engine_device(const trtexec_options_t *options, trtexec_engine_t *out) {
  scull_device_info_t info, chosen = {0};
  bool gpu_wanted = options->device == NULL;
  if (options->device != NULL && !read_device(options->device, out, &gpu_wanted))
    return false;
  trtexec_say('I', "=== Device Information ===");
  trtexec_say('I', "Available Devices: ");
  for (size_t i = 0; scull_device_get(i, &info) == SCULL_OK; i++) {
    const bool is_gpu = strcmp(info.backend, "cuda") == 0,
               is_cpu = strcmp(info.backend, "cpu") == 0;
    if ((!is_gpu && !is_cpu) || info.absent != NULL)
      continue;
    trtexec_say('I', "  Device %s: \"%s\"", is_gpu ? "0" : "cpu", info.name);
    if (chosen.backend == NULL || (is_gpu && gpu_wanted))
      chosen = info;
  }
  if (chosen.backend == NULL)
    return trtexec_fail("there is no device");
  snprintf(out->device, sizeof out->device, "%s", chosen.backend);
  if (strcmp(chosen.backend, "cpu") == 0)
    out->device_index = 0;
  print_device(&chosen, out->device_index);
  trtexec_say('I', "Scull version: %s", scull_version());
  return true;
}

/* --- plans --------------------------------------------------------------------------------------
 */

/* Text that grows; `failed` once memory is short. */
typedef struct {
  char *text;
  size_t size;
  bool failed;
} capture_t;

static void capture(void *user, const char *text, size_t size) {
  capture_t *c = user;
  char *grown = c->failed ? NULL : realloc(c->text, c->size + size + 1);
  if (grown == NULL) {
    c->failed = true;
    return;
  }
  memcpy(grown + c->size, text, size);
  c->text = grown;
  c->size += size;
  grown[c->size] = '\0';
}

static char *describe(const char *path) {
  capture_t c = {0};
  if (scull_plan_describe(path, capture, &c) != SCULL_OK) {
    trtexec_fail_scull();
    c.failed = true;
  } else if (c.failed || c.text == NULL) {
    trtexec_fail_memory();
  }
  if (c.failed) {
    free(c.text);
    return NULL;
  }
  return c.text;
}

bool trtexec_engine_print_version(const trtexec_options_t *options) {
  char *text = describe(options->load_engine);
  json_t *plan = text == NULL ? NULL : json_loads(text, 0, NULL);
  const char *version = json_string_value(json_object_get(plan, "library"));
  if (text != NULL && version == NULL)
    trtexec_fail("%s: no version is in the plan", options->load_engine);
  if (version != NULL)
    trtexec_say('I', "Plan was created with Scull version %s, plan format %d", version,
                (int)json_integer_value(json_object_get(plan, "format")));
  const bool ok = version != NULL;
  json_decref(plan);
  free(text);
  return ok;
}

static bool open_plan(const char *path, const char *verb, trtexec_engine_t *out) {
  scull_engine_options_t options;
  const double begin = trtexec_now();
  scull_engine_options_init(&options);
  options.device_index = out->device_index;
  options.logger = trtexec_console_logger();
  out->plan_text = describe(path);
  if (out->plan_text == NULL)
    return false;
  if (scull_engine_open(path, &options, &out->engine) != SCULL_OK)
    return trtexec_fail_scull();
  trtexec_say('I', "Engine %s in %g sec.", verb, 1e-3 * (trtexec_now() - begin));
  return true;
}

/* --- builds -------------------------------------------------------------------------------------
 */

static void fill_model(const trtexec_options_t *o, scull_build_options_t *build) {
  build->model.model_path = o->onnx != NULL ? o->onnx : o->deploy;
  build->model.params_path = o->model;
}

static void fill_plain(const trtexec_options_t *o, const trtexec_engine_t *engine,
                       scull_build_options_t *build) {
  static const scull_tune_t efforts[] = {SCULL_TUNE_NONE, SCULL_TUNE_FAST, SCULL_TUNE_FAST,
                                         SCULL_TUNE_FULL, SCULL_TUNE_FULL, SCULL_TUNE_FULL};
  build->device = engine->device;
  build->device_index = engine->device_index;
  build->tune = efforts[o->optimization_level];
  build->timing_cache = o->timing_cache;
  build->calibration = o->calib;
  build->precisions = SCULL_PRECISION_F32;
  build->precisions |= o->fp16 || o->best ? SCULL_PRECISION_F16 : 0u;
  build->precisions |= o->bf16 || o->best ? SCULL_PRECISION_BF16 : 0u;
  build->precisions |= o->int8 || o->best ? SCULL_PRECISION_INT8 : 0u;
  if (strcmp(engine->device, "cuda") == 0 && !o->no_tf32)
    build->precisions |= SCULL_PRECISION_TF32;
  build->logger = trtexec_console_logger();
  if ((build->precisions & SCULL_PRECISION_INT8) != 0 && o->calib == NULL) {
    build->dummy_range = 1;
    trtexec_say('W', "Calibrator is not being used: ranges are made up, the numbers mean nothing");
  }
}

/* --layerPrecisions; `pins` has room for one a pair, which must outlive the build. */
static bool fill_pins(const trtexec_options_t *o, const trtexec_pairs_t *pairs,
                      scull_layer_precision_t *pins, scull_build_options_t *build) {
  static const struct {
    const char *word;
    uint32_t bit;
  } types[] = {{"fp32", SCULL_PRECISION_F32},
               {"fp16", SCULL_PRECISION_F16},
               {"bf16", SCULL_PRECISION_BF16},
               {"int8", SCULL_PRECISION_INT8}};
  const char *constraints = o->precision_constraints;
  if (constraints == NULL || strcmp(constraints, "none") == 0) {
    if (pairs->count > 0)
      trtexec_say('W', "--layerPrecisions has no meaning without --precisionConstraints");
    return true;
  }
  for (size_t i = 0; i < pairs->count && pins != NULL; i++) {
    pins[i] = (scull_layer_precision_t){.layer = pairs->items[i].name};
    for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
      if (strcmp(types[k].word, pairs->items[i].value) == 0)
        pins[i].precision = types[k].bit;
    }
    if (pins[i].precision == 0)
      return trtexec_fail("--layerPrecisions: no layer can be '%s'", pairs->items[i].value);
  }
  build->layer_precisions = pins;
  build->layer_precision_count = pairs->count;
  build->prefer_layer_precisions = strcmp(constraints, "prefer") == 0;
  return true;
}

static bool build_plan(const scull_build_options_t *options, const char *path) {
  scull_builder_t *builder = NULL;
  struct stat about;
  const double begin = trtexec_now();
  bool ok = scull_builder_create(&builder) == SCULL_OK &&
            scull_builder_build(builder, options, path) == SCULL_OK;
  if (!ok)
    trtexec_fail_scull();
  scull_builder_destroy(builder);
  if (!ok)
    return false;
  trtexec_say('I', "Engine built in %g sec.", 1e-3 * (trtexec_now() - begin));
  if (stat(path, &about) == 0)
    trtexec_say('I', "Created engine with size: %g MiB", (double)about.st_size / 0x1p20);
  return true;
}

/* Everything that a build is told; `path` is where the plan goes. */
static bool build_with(const trtexec_options_t *o, const trtexec_engine_t *engine,
                       const trtexec_pairs_t *pin_pairs, const trtexec_pairs_t *outputs,
                       const char *path) {
  scull_build_options_t build;
  trtexec_ranges_t ranges = {0};
  scull_layer_precision_t *pins = calloc(pin_pairs->count + 1, sizeof *pins);
  const char **names = calloc(outputs->count + 1, sizeof *names);
  bool ok = (pins != NULL && names != NULL) || trtexec_fail_memory();
  scull_build_options_init(&build);
  fill_model(o, &build);
  fill_plain(o, engine, &build);
  ok = ok && trtexec_workspace_read(o, &build.workspace) && fill_pins(o, pin_pairs, pins, &build);
  const double begin = trtexec_now();
  trtexec_say('I', "Start parsing network model.");
  ok = ok && trtexec_ranges_decide(o, &build, &ranges);
  if (ok) {
    trtexec_say('I', "Finished parsing network model. Parse time: %g",
                1e-3 * (trtexec_now() - begin));
    for (size_t i = 0; i < outputs->count; i++) {
      if (!trtexec_ranges_is_output(&ranges, outputs->items[i].name))
        names[build.extra_output_count++] = outputs->items[i].name;
    }
    build.extra_outputs = names;
    build.inputs = ranges.items;
    build.input_count = ranges.count;
    ok = build_plan(&build, path);
  }
  trtexec_ranges_deinit(&ranges);
  free(names);
  free(pins);
  return ok;
}

static bool temporary_path(char path[PATH_ROOM]) {
  const char *folder = getenv("TMPDIR");
  const int size = snprintf(path, PATH_ROOM, "%s/scull-XXXXXX", folder == NULL ? "/tmp" : folder);
  const int file = size < PATH_ROOM ? mkstemp(path) : -1;
  if (file < 0)
    return trtexec_fail("no temporary file can be made for the plan (%s)", path);
  close(file);
  return true;
}

static bool build_and_open(const trtexec_options_t *o, trtexec_engine_t *out) {
  char path[PATH_ROOM];
  trtexec_pairs_t pins = {0}, outputs = {0};
  const bool is_kept = o->save_engine != NULL;
  if (!is_kept && !temporary_path(path))
    return false;
  const char *where = is_kept ? o->save_engine : path;
  const bool ok = trtexec_pairs_read(&o->layer_precisions, "layerPrecisions", &pins) &&
                  trtexec_names_read(&o->outputs, &outputs) &&
                  build_with(o, out, &pins, &outputs, where) && open_plan(where, "loaded", out);
  if (!is_kept)
    unlink(path);
  trtexec_pairs_deinit(&pins);
  trtexec_pairs_deinit(&outputs);
  return ok;
}

bool trtexec_engine_open(const trtexec_options_t *options, trtexec_engine_t *out) {
  if (options->load_engine != NULL)
    return open_plan(options->load_engine, "deserialized", out);
  return build_and_open(options, out);
}

void trtexec_engine_deinit(trtexec_engine_t *engine) {
  scull_engine_destroy(engine->engine);
  free(engine->plan_text);
  *engine = (trtexec_engine_t){0};
}
