/* Which plan serves which shapes. Upstream takes any shape at any run; a plan takes a range. So the
 * first plan is made for the ranges that the config gives or, where it leaves an extent open, for
 * the shape at hand alone; a shape that fits none makes a plan for all shapes seen so far. New
 * extremes get rare as calls go on, so builds do, too. */
#include "plans.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calibration.h"
#include "files.h"
#include "shape_range.h"

enum { PLANS = 4, PATH_ROOM = 4096 };

struct door_plan {
  scull_engine_t *engine;
  size_t users;
};

struct door_model {
  pthread_mutex_t lock;
  size_t users;
  PD_Config *config;
  char model_path[PATH_ROOM], params_path[PATH_ROOM], cache_dir[PATH_ROOM];
  door_ports_t inputs, outputs;
  door_ranges_t ranges;            /* what the config gives: by hand or from a file */
  door_ranges_t seen;              /* what the runs brought, one an input, the last one as opt */
  door_tally_t tally;              /* of all runs, when shapes are collected */
  door_plan_t *plans[PLANS];       /* the newest first */
  door_calibration_t *calibration; /* NULL: none is made */
  size_t built;                    /* plans, ever */
  const char *device;              /* the public interface's name of it */
};

/* --- what the config says ----------------------------------------------------------------------
 */

static bool is_folder(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static const char *or_empty(const char *text) {
  return text == NULL ? "" : text;
}

/* Paths as upstream reads them: a folder and the names of two files in it, or two files. */
static bool find_model(door_model_t *model) {
  const PD_Config *c = model->config;
  const char *prog = or_empty(c->prog_file), *params = or_empty(c->params_file);
  const char *folder = or_empty(c->model_dir);
  int a = 0, b = 0;
  if (c->from_memory) {
    a = snprintf(model->model_path, PATH_ROOM, "the model in memory");
  } else if (*prog == '\0') {
    a = snprintf(model->model_path, PATH_ROOM, "%s", folder);
  } else if (is_folder(prog) && *params != '\0') {
    a = snprintf(model->model_path, PATH_ROOM, "%s/%s.json", prog, params);
    if (access(model->model_path, F_OK) != 0)
      a = snprintf(model->model_path, PATH_ROOM, "%s/%s.pdmodel", prog, params);
    b = snprintf(model->params_path, PATH_ROOM, "%s/%s.pdiparams", prog, params);
  } else {
    a = snprintf(model->model_path, PATH_ROOM, "%s", prog);
    b = snprintf(model->params_path, PATH_ROOM, "%s", params);
  }
  if (a >= PATH_ROOM || b >= PATH_ROOM)
    return door_fail("a path of the model is too long");
  return model->model_path[0] != '\0' || door_fail("the config names no model");
}

/* Where files beside the model lie; the same place for all of them. */
static bool find_cache(door_model_t *model) {
  const char *slash = strrchr(model->model_path, '/');
  int size;
  if (model->config->cache_dir != NULL)
    size = snprintf(model->cache_dir, PATH_ROOM, "%s", model->config->cache_dir);
  else if (model->config->from_memory)
    size = snprintf(model->cache_dir, PATH_ROOM, "_opt_cache");
  else if (is_folder(model->model_path))
    size = snprintf(model->cache_dir, PATH_ROOM, "%s/_opt_cache", model->model_path);
  else
    size = snprintf(model->cache_dir, PATH_ROOM, "%.*s_opt_cache",
                    slash == NULL ? 0 : (int)(slash - model->model_path + 1), model->model_path);
  return size < PATH_ROOM || door_fail("the path of the cache folder is too long");
}

/* The file of shape ranges, for reading and for writing. */
static bool shape_file(const door_model_t *model, char path[PATH_ROOM]) {
  const char *given = or_empty(model->config->shape_file);
  const int size = *given != '\0'
                       ? snprintf(path, PATH_ROOM, "%s", given)
                       : snprintf(path, PATH_ROOM, "%s/shape_range_info.pbtxt", model->cache_dir);
  return size < PATH_ROOM || door_fail("the path of the shape ranges is too long");
}

/* Ranges by hand, else those of the file. A file that is not there yet is no fault when plans may
 * be made at run time. */
static bool read_ranges(door_model_t *model) {
  const PD_Config *c = model->config;
  char path[PATH_ROOM];
  for (size_t i = 0; i < c->ranges.count; i++) {
    const door_range_t *r = &c->ranges.items[i];
    if (!door_ranges_add(&model->ranges, r->name, r->rank, r->min, r->max, r->opt))
      return false;
  }
  if (!c->tuned_shapes || c->ranges.count > 0)
    return true;
  if (!shape_file(model, path))
    return false;
  if (c->build_at_run && access(path, F_OK) != 0)
    return true;
  return door_shape_range_read(path, &model->ranges);
}

static uint32_t precisions_of(const PD_Config *c) {
  uint32_t set = SCULL_PRECISION_F32;
  if ((c->use_engine && c->engine_precision == PD_PRECISION_HALF) ||
      (c->use_gpu && c->gpu_precision == PD_PRECISION_HALF))
    set |= SCULL_PRECISION_F16;
  if (c->onednn_bf16)
    set |= SCULL_PRECISION_BF16;
  if ((c->use_engine && c->engine_precision == PD_PRECISION_INT8) || c->onednn_int8)
    set |= SCULL_PRECISION_INT8;
  return set;
}

/* Passes by names that mean nothing here. */
static void say_unknown_passes(const PD_Config *c) {
  for (size_t i = 0; i < c->passes.count; i++) {
    if (!door_pass_is_known(c->passes.items[i]))
      door_say(c->quiet, "the pass '%s' is not known here: it changes the list only",
               c->passes.items[i]);
  }
  for (size_t i = 0; i < c->deleted_passes.count; i++) {
    if (door_pass_ours(c->deleted_passes.items[i]) == NULL)
      door_say(c->quiet, "the pass '%s' is not one of Scull's: nothing is left out",
               c->deleted_passes.items[i]);
  }
}

/* One line for every wish that is not met. Those that are met whatever the config says (memory is
 * shared by lifetime, oneDNN's and cuDNN's kernels compete) need none. */
static void say_what_is_ignored(const PD_Config *c, bool on_cpu) {
  const struct {
    bool asked;
    const char *words;
  } wishes[] = {
      {c->use_xpu, "XPUs are not served: the model runs on the CPU"},
      {c->use_custom, "custom devices are not served: the model runs on the CPU"},
      {c->use_ort, "ONNX Runtime is not used: Scull runs the model"},
      {c->use_lite, "Paddle Lite is not used: Scull runs the model"},
      {c->use_dla, "there is no DLA here: the engine runs on the device"},
      {c->varseqlen, "sequences of variable length are not packed"},
      {c->quantizer, "oneDNN's quantizer is not used: use_calib_mode makes tables"},
      {!c->fc_padding, "the padding of products cannot be switched off: tactics choose theirs"},
      {c->cache_capacity != DOOR_CACHE_CAPACITY,
       "oneDNN's cache has no capacity here: a context keeps its last shapes prepared"},
      {c->onednn_ops.count > 0, "oneDNN's kernels are not confined to a list of operators"},
      {c->bf16_ops.count > 0,
       "BF16 is not confined to a list of operators: it competes everywhere"},
      {c->optimized_model, "optimized programs are not read: use_static keeps the plan"},
      {on_cpu && (precisions_of(c) & SCULL_PRECISION_F16) != 0,
       "the CPU has no FP16 kernels: FP32 runs instead (EnableMkldnnBfloat16 permits BF16)"},
      {on_cpu && c->stream != NULL, "a stream has no meaning on the CPU"},
  };
  for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
    if (wishes[i].asked)
      door_say(c->quiet, "%s", wishes[i].words);
  }
  say_unknown_passes(c);
}

/* --- ports -------------------------------------------------------------------------------------
 */

typedef struct {
  door_model_t *model;
  bool failed;
} taking_t;

static void take_port(void *user, const scull_port_info_t *port) {
  taking_t *taking = user;
  door_ports_t *ports = port->is_output ? &taking->model->outputs : &taking->model->inputs;
  door_port_t *items =
      taking->failed ? NULL : realloc(ports->items, (ports->count + 1) * sizeof *items);
  if (items == NULL) {
    taking->failed = true;
    return;
  }
  ports->items = items;
  door_port_t *made = &items[ports->count];
  *made = (door_port_t){.name = strdup(port->name),
                        .dtype = port->dtype,
                        .rank = port->rank,
                        .offsets = DOOR_NO_PORT};
  memcpy(made->dims, port->dims, sizeof made->dims);
  taking->failed = made->name == NULL;
  ports->count += made->name != NULL;
}

static void log_line(void *user, scull_severity_t severity, const char *text) {
  const PD_Config *config = user;
  if (severity != SCULL_SEVERITY_ERROR) /* errors are in PD_GetLastError */
    door_say(config->quiet, "%s", text);
}

static scull_model_source_t source_of(const door_model_t *model) {
  scull_model_source_t source = SCULL_MODEL_SOURCE_INIT;
  source.model_path = model->model_path;
  source.params_path = model->params_path[0] == '\0' ? NULL : model->params_path;
  if (model->config->from_memory) {
    source.params_path = NULL;
    source.model_data = model->config->prog.data;
    source.model_size = model->config->prog.size;
    source.params_data = model->config->params.data;
    source.params_size = model->config->params.size;
  }
  return source;
}

/* Scull has the LoD of x as a tensor of its own, "x@lod"; the interface hangs it on x. */
static void pair_ports(door_ports_t *ports) {
  static const char suffix[] = "@lod";
  ports->shown = ports->count;
  for (size_t i = 0; i < ports->count; i++) {
    const size_t length = strlen(ports->items[i].name);
    for (size_t k = 0; k < ports->count; k++) {
      const char *other = ports->items[k].name;
      if (strlen(other) != length + sizeof suffix - 1 ||
          strncmp(other, ports->items[i].name, length) != 0 ||
          strcmp(other + length, suffix) != 0 || ports->items[k].hidden)
        continue;
      ports->items[i].offsets = k;
      ports->items[k].hidden = true;
      ports->shown--;
    }
  }
}

static bool read_ports(door_model_t *model) {
  scull_build_options_t options;
  taking_t taking = {.model = model};
  scull_build_options_init(&options);
  options.model = source_of(model);
  if (scull_model_ports(&options, take_port, &taking) != SCULL_OK)
    return door_fail("%s", scull_last_error());
  pair_ports(&model->inputs);
  pair_ports(&model->outputs);
  return !taking.failed || door_fail_memory();
}

/* --- ranges ------------------------------------------------------------------------------------
 */

static const door_range_t *find_range(const door_ranges_t *ranges, const char *name) {
  for (size_t i = 0; i < ranges->count; i++) {
    if (strcmp(ranges->items[i].name, name) == 0)
      return &ranges->items[i];
  }
  return NULL;
}

static void given_range(const door_range_t *given, scull_shape_range_t *out) {
  out->rank = (int32_t)given->rank;
  for (size_t i = 0; i < given->rank && i < SCULL_MAX_RANK; i++) {
    out->min[i] = given->min[i];
    out->opt[i] = given->opt[i];
    out->max[i] = given->max[i];
  }
}

/* Extent `i` of a port that the config says nothing of; `seen` may be NULL. False: still open. */
static bool open_extent(const door_model_t *model, const door_port_t *port,
                        const door_range_t *seen, int32_t i, scull_shape_range_t *out) {
  const bool has_lod = port->hidden || port->offsets != DOOR_NO_PORT; /* rows are no batch then */
  const bool engine_batch = i == 0 && model->config->use_engine && !has_lod;
  if (port->dims[i] >= 0) {
    out->min[i] = out->opt[i] = out->max[i] = port->dims[i];
  } else if (engine_batch) {
    out->min[i] = 1;
    out->opt[i] = out->max[i] = model->config->max_batch > 0 ? model->config->max_batch : 1;
  } else if (seen != NULL) {
    out->min[i] = seen->min[i];
    out->opt[i] = seen->opt[i];
    out->max[i] = seen->max[i];
  } else {
    return false;
  }
  return true;
}

/* The range of each input. False when an extent is open and no shape was seen yet. */
static bool decide_ranges(const door_model_t *model, scull_shape_range_t *out) {
  for (size_t k = 0; k < model->inputs.count && out != NULL; k++) {
    const door_port_t *port = &model->inputs.items[k];
    const door_range_t *given = find_range(&model->ranges, port->name);
    const door_range_t *seen = find_range(&model->seen, port->name);
    out[k] = (scull_shape_range_t){.name = port->name, .rank = port->rank};
    if (given != NULL && given->rank <= SCULL_MAX_RANK) {
      given_range(given, &out[k]);
      continue;
    }
    if (port->rank < 0)
      return false;
    for (int32_t i = 0; i < port->rank; i++) {
      if (!open_extent(model, port, seen, i, &out[k]))
        return false;
    }
  }
  return true;
}

/* Widens what was seen by these shapes. */
static bool note_shapes(door_model_t *model, const door_shape_t *shapes) {
  for (size_t k = 0; k < model->inputs.count; k++) {
    int32_t dims[SCULL_MAX_RANK] = {0};
    const door_range_t *seen = find_range(&model->seen, model->inputs.items[k].name);
    const bool fits = seen == NULL || (size_t)shapes[k].rank == seen->rank;
    for (int32_t i = 0; i < shapes[k].rank && fits; i++) {
      dims[i] = (int32_t)shapes[k].dims[i];
      if (model->config->collect_shapes && !door_tally_add(&model->tally, k, i, dims[i]))
        return false;
      if (seen == NULL)
        continue;
      seen->min[i] = dims[i] < seen->min[i] ? dims[i] : seen->min[i];
      seen->max[i] = dims[i] > seen->max[i] ? dims[i] : seen->max[i];
      seen->opt[i] = dims[i];
    }
    if (seen == NULL && !door_ranges_add(&model->seen, model->inputs.items[k].name,
                                         (size_t)shapes[k].rank, dims, dims, dims))
      return false;
  }
  return true;
}

/* --- building ----------------------------------------------------------------------------------
 */

/* What the deleted passes are here; `names` has room for all of them. */
static size_t disabled_passes(const PD_Config *c, const char **names) {
  size_t count = 0;
  for (size_t i = 0; i < c->deleted_passes.count; i++) {
    const char *ours = door_pass_ours(c->deleted_passes.items[i]);
    if (ours != NULL)
      names[count++] = ours;
  }
  return count;
}

static const char *device_of(const PD_Config *c) {
  scull_device_info_t info;
  for (size_t i = 0; c->use_gpu && scull_device_get(i, &info) == SCULL_OK; i++) {
    if (strcmp(info.backend, "cuda") != 0)
      continue;
    if (info.absent == NULL)
      return "cuda";
    door_say(c->quiet, "the GPU cannot be used (%s): the model runs on the CPU", info.absent);
    return "cpu";
  }
  if (c->use_gpu)
    door_say(c->quiet, "this build knows no GPU: the model runs on the CPU");
  return "cpu";
}

static void fill_options(const door_model_t *model, const scull_shape_range_t *ranges,
                         scull_build_options_t *out) {
  const PD_Config *c = model->config;
  scull_build_options_init(out);
  out->model = source_of(model);
  out->inputs = ranges;
  out->input_count = model->inputs.count;
  out->device = model->device;
  out->device_index = strcmp(out->device, "cuda") == 0 ? c->gpu_id : 0;
  out->threads = c->threads;
  out->precisions = precisions_of(c);
  if (strcmp(out->device, "cpu") == 0)
    out->precisions &= ~(uint32_t)SCULL_PRECISION_F16; /* was said; one plan serves both wishes */
  out->workspace = c->use_engine && c->workspace > 0 ? (size_t)c->workspace : 0;
  out->min_subgraph_size = !c->ir_optim ? INT32_MAX : c->use_engine ? c->min_subgraph : 0;
  out->disabled_ops = (const char *const *)c->native_ops.items;
  out->disabled_op_count = c->native_ops.count;
  out->tune = c->use_engine ? SCULL_TUNE_FULL : SCULL_TUNE_NONE;
  out->use_static = c->use_engine && c->use_static;
  out->cache_dir = model->cache_dir;
  out->logger =
      (scull_logger_t){.log = log_line, .user = model->config, .verbosity = SCULL_SEVERITY_WARNING};
}

/* A plan file to open; without use_static a temporary one, whose name goes once it is mapped. */
static scull_engine_t *open_plan(const char *path, bool is_temporary) {
  scull_engine_t *engine = NULL;
  if (scull_engine_open(path, NULL, &engine) != SCULL_OK)
    door_fail("%s", scull_last_error());
  if (is_temporary)
    unlink(path);
  return engine;
}

/* *wants_table: the build would have used INT8 if there had been a table. */
static scull_engine_t *build_with(scull_build_options_t *options, bool *wants_table) {
  scull_builder_t *builder = NULL;
  scull_engine_t *engine = NULL;
  char path[PATH_ROOM] = "";
  FILE *file = options->use_static ? NULL : door_temporary_file(path, sizeof path);
  if (!options->use_static && file == NULL)
    return NULL;
  if (file != NULL)
    fclose(file); /* the build puts its own in this place */
  if (scull_builder_create(&builder) == SCULL_OK &&
      scull_builder_build(builder, options, options->use_static ? NULL : path) == SCULL_OK) {
    engine = options->use_static ? open_plan(scull_builder_static_path(builder), false)
                                 : open_plan(path, true);
  } else {
    door_fail("%s", scull_last_error());
    if (path[0] != '\0')
      unlink(path);
  }
  *wants_table = scull_builder_wants_calibration(builder);
  scull_builder_destroy(builder);
  return engine;
}

/* A build under use_calib_mode: INT8 where there is a table, else in float, to make one. */
static scull_engine_t *build_calibrated(door_model_t *model, scull_build_options_t *options) {
  char joined[PATH_ROOM] = "";
  bool wants_table = false;
  scull_engine_t *engine = NULL;
  if (model->calibration != NULL) { /* further shapes of a model that is being calibrated */
    options->precisions &= ~(uint32_t)SCULL_PRECISION_INT8;
    options->tune = SCULL_TUNE_NONE;
    options->use_static = false;
    return build_with(options, &wants_table);
  }
  if (door_calibration_begin(model->config, options, joined, sizeof joined, &model->calibration))
    engine = build_with(options, &wants_table);
  if (engine != NULL && wants_table) {
    model->calibration = door_calibration_create(model->config, options);
    if (model->calibration == NULL) { /* else it would run in float for ever, and nobody knew */
      scull_engine_destroy(engine);
      engine = NULL;
    }
  }
  if (joined[0] != '\0')
    unlink(joined);
  return engine;
}

/* SwitchIrDebug: a file a plan, named as upstream names its own. NULL: not wanted, or said. */
static FILE *open_picture(door_model_t *model) {
  char path[PATH_ROOM];
  FILE *file = NULL;
  if (!model->config->ir_debug)
    return NULL;
  mkdir(model->cache_dir, 0777); /* a failure shows below */
  if (snprintf(path, sizeof path, "%s/%zu_ir_plan.dot", model->cache_dir, model->built) <
      (int)sizeof path)
    file = fopen(path, "w");
  door_say(model->config->quiet, file == NULL ? "%s cannot be written" : "drawn: %s", path);
  return file;
}

static void draw(void *user, const char *text, size_t size) {
  fwrite(text, 1, size, user); /* a picture for people: half of one shows what went wrong, too */
}

/* With use_static measured times are kept beside the plans: a second build, for another batch or
 * with a table, is short. */
static void keep_times(const door_model_t *model, char path[PATH_ROOM],
                       scull_build_options_t *options) {
  if (!options->use_static ||
      snprintf(path, PATH_ROOM, "%s/scull_times", model->cache_dir) >= PATH_ROOM)
    return;
  mkdir(model->cache_dir, 0777); /* a failure shows when the plan is stored */
  options->timing_cache = path;
}

static scull_engine_t *build(door_model_t *model, const scull_shape_range_t *ranges) {
  scull_build_options_t options;
  char times[PATH_ROOM];
  bool wants_table;
  const char **passes = calloc(model->config->deleted_passes.count + 1, sizeof *passes);
  if (passes == NULL) {
    door_fail_memory();
    return NULL;
  }
  fill_options(model, ranges, &options);
  options.disabled_passes = passes;
  options.disabled_pass_count = disabled_passes(model->config, passes);
  keep_times(model, times, &options);
  FILE *picture = open_picture(model);
  if (picture != NULL) {
    options.picture = draw;
    options.picture_user = picture;
  }
  scull_engine_t *engine = door_calibration_asked(model->config)
                               ? build_calibrated(model, &options)
                               : build_with(&options, &wants_table);
  model->built++;
  if (picture != NULL)
    fclose(picture);
  free(passes);
  return engine;
}

/* --- plans -------------------------------------------------------------------------------------
 */

static bool takes(const door_plan_t *plan, const door_shape_t *shapes, size_t count) {
  for (size_t k = 0; k < count; k++) {
    scull_tensor_info_t info;
    if (scull_engine_input(plan->engine, k, &info) != SCULL_OK || info.rank != shapes[k].rank)
      return false;
    for (int32_t i = 0; i < info.rank; i++) {
      if (shapes[k].dims[i] < info.min[i] || shapes[k].dims[i] > info.max[i])
        return false;
    }
  }
  return true;
}

static void let_go(door_plan_t *plan) {
  if (plan == NULL || --plan->users > 0)
    return;
  scull_engine_destroy(plan->engine);
  free(plan);
}

/* Puts a plan in front; the oldest one goes. The list holds one use of each. */
static door_plan_t *keep(door_model_t *model, scull_engine_t *engine) {
  door_plan_t *plan = engine == NULL ? NULL : calloc(1, sizeof *plan);
  if (plan == NULL) {
    scull_engine_destroy(engine);
    return NULL;
  }
  *plan = (door_plan_t){.engine = engine, .users = 1};
  let_go(model->plans[PLANS - 1]);
  memmove(model->plans + 1, model->plans, (PLANS - 1) * sizeof *model->plans);
  model->plans[0] = plan;
  return plan;
}

/* Exactly these shapes: what is left when the network does not bear the whole range. */
static void exact_ranges(const door_model_t *model, const door_shape_t *shapes,
                         scull_shape_range_t *out) {
  for (size_t k = 0; k < model->inputs.count; k++) {
    out[k] = (scull_shape_range_t){.name = model->inputs.items[k].name, .rank = shapes[k].rank};
    for (int32_t i = 0; i < shapes[k].rank; i++)
      out[k].min[i] = out[k].opt[i] = out[k].max[i] = shapes[k].dims[i];
  }
}

/* True when the config fixes what shapes there are: by hand, out of a file, by max_batch_size. */
static bool may_build(const door_model_t *model) {
  const PD_Config *c = model->config;
  return model->plans[0] == NULL || model->ranges.count == 0 ||
         (c->tuned_shapes && c->build_at_run);
}

static door_plan_t *make_plan(door_model_t *model, const door_shape_t *shapes) {
  scull_shape_range_t *ranges = calloc(model->inputs.count + 1, sizeof *ranges);
  door_plan_t *plan = NULL;
  if (ranges == NULL) {
    door_fail_memory();
    return NULL;
  }
  if (model->config->tuned_shapes && model->plans[0] != NULL)
    door_ranges_clear(&model->ranges); /* the file's are too narrow: what was seen decides now */
  if (decide_ranges(model, ranges))
    plan = keep(model, build(model, ranges));
  else
    door_fail("a shape is still open");
  if (plan != NULL && !takes(plan, shapes, model->inputs.count))
    plan = NULL; /* max_batch_size or a range by hand: the message is made below */
  else if (plan == NULL && model->seen.count > 0 && model->ranges.count == 0) {
    exact_ranges(model, shapes, ranges);
    plan = keep(model, build(model, ranges));
  }
  free(ranges);
  return plan;
}

/* Why no plan takes the shapes, in the words of a context. */
static void explain(const door_model_t *model, const door_shape_t *shapes) {
  scull_context_t *context = NULL;
  bool refused = false;
  if (model->plans[0] == NULL ||
      scull_context_create(model->plans[0]->engine, NULL, &context) != SCULL_OK)
    return;
  for (size_t k = 0; k < model->inputs.count && !refused; k++)
    refused = scull_context_set_input_shape(context, k, shapes[k].rank, shapes[k].dims) != SCULL_OK;
  if (refused)
    door_fail("%s", scull_last_error());
  scull_context_destroy(context);
}

static door_plan_t *find_plan(const door_model_t *model, const door_shape_t *shapes) {
  for (size_t i = 0; i < PLANS && model->plans[i] != NULL; i++) {
    if (takes(model->plans[i], shapes, model->inputs.count))
      return model->plans[i];
  }
  return NULL;
}

door_plan_t *door_plan_for(door_model_t *model, door_plan_t *held, const door_shape_t *shapes) {
  if (held != NULL && !model->config->collect_shapes && takes(held, shapes, model->inputs.count))
    return held;
  pthread_mutex_lock(&model->lock);
  door_plan_t *plan = NULL;
  if (note_shapes(model, shapes)) {
    plan = find_plan(model, shapes);
    if (plan == NULL && may_build(model))
      plan = make_plan(model, shapes);
    if (plan == NULL)
      explain(model, shapes);
  }
  if (plan != NULL && plan != held)
    plan->users++;
  pthread_mutex_unlock(&model->lock);
  return plan;
}

void door_plan_release(door_model_t *model, door_plan_t *plan) {
  pthread_mutex_lock(&model->lock);
  let_go(plan);
  pthread_mutex_unlock(&model->lock);
}

scull_engine_t *door_plan_engine(const door_plan_t *plan) {
  return plan->engine;
}

/* --- models ------------------------------------------------------------------------------------
 */

static void clear_ports(door_ports_t *ports) {
  for (size_t i = 0; i < ports->count; i++)
    free(ports->items[i].name);
  free(ports->items);
}

static void destroy(door_model_t *model) {
  for (size_t i = 0; i < PLANS; i++)
    let_go(model->plans[i]);
  door_calibration_destroy(model->calibration);
  clear_ports(&model->inputs);
  clear_ports(&model->outputs);
  door_ranges_clear(&model->ranges);
  door_ranges_clear(&model->seen);
  door_tally_clear(&model->tally);
  PD_ConfigDestroy(model->config);
  pthread_mutex_destroy(&model->lock);
  free(model);
}

static bool open_model(door_model_t *model) {
  if (!find_model(model) || !find_cache(model) || !read_ports(model) || !read_ranges(model))
    return false;
  model->device = device_of(model->config);
  say_what_is_ignored(model->config, strcmp(model->device, "cpu") == 0);
  scull_shape_range_t *ranges = calloc(model->inputs.count + 1, sizeof *ranges);
  bool ok = ranges != NULL || door_fail_memory();
  if (ok && decide_ranges(model, ranges))
    ok = keep(model, build(model, ranges)) != NULL;
  free(ranges);
  return ok;
}

door_model_t *door_model_open(const PD_Config *config) {
  door_model_t *model = calloc(1, sizeof *model);
  if (model == NULL) {
    door_fail_memory();
    return NULL;
  }
  model->users = 1;
  pthread_mutex_init(&model->lock, NULL);
  model->config = door_config_copy(config);
  if (model->config == NULL || !open_model(model)) {
    destroy(model);
    return NULL;
  }
  return model;
}

door_model_t *door_model_share(door_model_t *model) {
  pthread_mutex_lock(&model->lock);
  model->users++;
  pthread_mutex_unlock(&model->lock);
  return model;
}

/* The shapes of all runs, when they were to be collected; the best extent is the most frequent. */
static void write_shapes(door_model_t *model) {
  char path[PATH_ROOM];
  if (!model->config->collect_shapes || model->seen.count == 0 || !shape_file(model, path))
    return;
  if (or_empty(model->config->shape_file)[0] == '\0')
    mkdir(model->cache_dir, 0777);                 /* a failure shows when the file is written */
  for (size_t k = 0; k < model->seen.count; k++) { /* one an input, in their order */
    for (size_t i = 0; i < model->seen.items[k].rank; i++)
      model->seen.items[k].opt[i] = door_tally_best(&model->tally, k, (int32_t)i);
  }
  if (!door_shape_range_write(path, &model->seen))
    door_say(model->config->quiet, "%s", door_error());
}

void door_model_calibrate(door_model_t *model, const scull_named_tensor_t *inputs, size_t count) {
  if (!door_calibration_asked(model->config))
    return;
  pthread_mutex_lock(&model->lock);
  door_calibration_add(model->calibration, inputs, count);
  pthread_mutex_unlock(&model->lock);
}

bool door_model_write_table(door_model_t *model) {
  pthread_mutex_lock(&model->lock);
  const bool ok = door_calibration_write(model->calibration);
  pthread_mutex_unlock(&model->lock);
  return ok;
}

void door_model_release(door_model_t *model) {
  if (!door_model_write_table(model)) /* a clone's end, too: more may be added after */
    door_say(model->config->quiet, "%s", door_error());
  pthread_mutex_lock(&model->lock);
  const size_t left = --model->users;
  pthread_mutex_unlock(&model->lock);
  if (left > 0)
    return;
  write_shapes(model);
  destroy(model);
}

const PD_Config *door_model_config(const door_model_t *model) {
  return model->config;
}

void *door_model_stream(const door_model_t *model) {
  return strcmp(model->device, "cuda") == 0 ? model->config->stream : NULL;
}

const door_ports_t *door_model_inputs(const door_model_t *model) {
  return &model->inputs;
}

const door_ports_t *door_model_outputs(const door_model_t *model) {
  return &model->outputs;
}
