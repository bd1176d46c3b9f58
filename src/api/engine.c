/* Engines and contexts. */
#include <string.h>

#include "api/api.h"
#include "base/nearest.h"
#include "base/vec.h"
#include "base/worker.h"
#include "build/compare.h"
#include "build/watch.h"
#include "tensor/sequence.h"

struct scull_engine {
  scull_runtime_engine_t *runtime;
  scull_plan_t original; /* a plan that was tuned again: its sources are still read */
};

/* A tensor that the user looks at. */
typedef struct {
  scull_build_watch_t *watch;
  scull_watch_fn_t fn;
  void *user;
} watch_t;

struct scull_context {
  scull_engine_t *engine;
  scull_runtime_context_t *runtime;
  scull_logger_t logger;
  scull_worker_t *worker; /* NULL before the first enqueue */
  scull_diag_t worker_diag;
  bool pending; /* the worker's run, not waited for */
  bool started; /* a run on the device, not waited for */
  scull_profiler_fn_t profiler;
  void *profiler_user;
  SCULL_VEC(watch_t) watches;
  scull_status_t watch_status; /* of the run at hand */
};

/* --- engine --------------------------------------------------------------------------------------
 */

void scull_engine_options_init(scull_engine_options_t *options) {
  if (options != NULL)
    *options = (scull_engine_options_t){.struct_size = sizeof *options};
}

void scull_engine_destroy(scull_engine_t *engine) {
  if (engine == NULL)
    return;
  scull_runtime_engine_destroy(engine->runtime);
  scull_plan_deinit(&engine->original);
  scull_base_free(engine);
}

/* Tunes a plan of another device again; `plan` then stays alive for its sources. */
static scull_status_t tune_again(scull_engine_t *engine, scull_plan_t *plan, const char *device,
                                 int index, const char *why, scull_diag_t *diag) {
  scull_plan_t fresh;
  scull_base_warn(diag, "the plan is tuned again for this machine: %s", why);
  engine->original = *plan;
  scull_plan_init(plan);
  scull_plan_init(&fresh);
  SCULL_TRY(scull_build_retune(&engine->original, device, index, &fresh, diag));
  *plan = fresh;
  return SCULL_OK;
}

static scull_status_t fit_plan(scull_engine_t *engine, scull_plan_t *plan,
                               const scull_engine_options_t *options, scull_diag_t *diag) {
  const char *name = options->device == NULL ? plan->backend : options->device;
  const scull_backend_t *backend = scull_backend_find(name);
  scull_device_t *device = NULL;
  char words[512];
  if (backend == NULL)
    return scull_base_fail(diag, SCULL_DEVICE, "no backend '%s' in this build", name);
  SCULL_TRY(scull_backend_open(backend, options->device_index, &device, diag));
  const char *why = NULL;
  scull_status_t status = scull_runtime_mismatch(plan, device, words, sizeof words, &why);
  scull_backend_close(device);
  if (status != SCULL_OK)
    return scull_base_fail_memory(diag, "an engine");
  if (why == NULL)
    return SCULL_OK;
  if (options->strict)
    return scull_base_fail(diag, SCULL_NEEDS_BUILD, "the plan must be built again: %s", why);
  return tune_again(engine, plan, backend->name, options->device_index, why, diag);
}

static scull_status_t open_plan(const char *path, scull_bytes_t bytes,
                                const scull_engine_options_t *options, scull_engine_t **out,
                                scull_diag_t *diag) {
  scull_plan_t plan;
  scull_engine_t *engine = scull_base_alloc(sizeof *engine);
  if (engine == NULL)
    return scull_base_fail_memory(diag, "an engine");
  scull_plan_init(&engine->original);
  scull_plan_init(&plan);
  scull_status_t status = path != NULL ? scull_plan_open(path, &plan, diag)
                                       : scull_plan_read(bytes, "plan in memory", &plan, diag);
  scull_bytes_t sources;
  if (status == SCULL_OK && options->verify)
    status = scull_plan_sources(&plan, &sources, diag);
  if (status == SCULL_OK)
    status = fit_plan(engine, &plan, options, diag);
  if (status == SCULL_OK)
    status = scull_runtime_engine_create(&plan, options->device_index, &engine->runtime, diag);
  scull_plan_deinit(&plan);
  if (status != SCULL_OK) {
    scull_engine_destroy(engine);
    return status;
  }
  *out = engine;
  return SCULL_OK;
}

static scull_status_t open_any(const char *function, const char *path, scull_bytes_t bytes,
                               const scull_engine_options_t *options, scull_engine_t **out) {
  scull_engine_options_t defaults;
  scull_diag_t diag;
  if (out == NULL)
    return scull_api_refuse(function, "out_engine is NULL");
  *out = NULL;
  if (path == NULL && bytes.data == NULL)
    return scull_api_refuse(function, "no plan is named");
  if (options != NULL && options->struct_size != sizeof *options)
    return scull_api_refuse(function, "options are of another version of the header");
  scull_engine_options_init(&defaults);
  options = options == NULL ? &defaults : options;
  scull_api_begin(&diag, &options->logger);
  return scull_api_end(&diag, open_plan(path, bytes, options, out, &diag));
}

scull_status_t scull_engine_open(const char *plan_path, const scull_engine_options_t *options,
                                 scull_engine_t **out_engine) {
  return open_any(__func__, plan_path, (scull_bytes_t){0}, options, out_engine);
}

scull_status_t scull_engine_open_memory(const void *data, size_t size,
                                        const scull_engine_options_t *options,
                                        scull_engine_t **out_engine) {
  return open_any(__func__, NULL, (scull_bytes_t){data, size}, options, out_engine);
}

static const scull_plan_t *plan_of(const scull_engine_t *engine) {
  return &engine->runtime->plan;
}

size_t scull_engine_input_count(const scull_engine_t *engine) {
  return engine == NULL ? 0 : plan_of(engine)->input_count;
}

size_t scull_engine_output_count(const scull_engine_t *engine) {
  return engine == NULL ? 0 : plan_of(engine)->output_count;
}

static scull_status_t port_info(const char *function, const scull_engine_t *engine, size_t index,
                                bool input, scull_tensor_info_t *out) {
  scull_diag_t diag;
  if (engine == NULL || out == NULL)
    return scull_api_refuse(function, "engine or out is NULL");
  const scull_plan_t *plan = plan_of(engine);
  scull_api_begin(&diag, NULL);
  if (index >= (input ? plan->input_count : plan->output_count))
    return scull_api_end(&diag, SCULL_OUT_OF_RANGE);
  const scull_plan_port_t *port = input ? &plan->inputs[index] : &plan->outputs[index];
  const scull_plan_value_t *v = &plan->values[port->value];
  *out = (scull_tensor_info_t){.name = port->name, .dtype = v->dtype, .rank = v->opt.rank};
  memcpy(out->min, v->min.dim, sizeof out->min);
  memcpy(out->opt, v->opt.dim, sizeof out->opt);
  memcpy(out->max, v->max.dim, sizeof out->max);
  return scull_api_end(&diag, SCULL_OK);
}

scull_status_t scull_engine_input(const scull_engine_t *engine, size_t index,
                                  scull_tensor_info_t *out) {
  return port_info(__func__, engine, index, true, out);
}

scull_status_t scull_engine_output(const scull_engine_t *engine, size_t index,
                                   scull_tensor_info_t *out) {
  return port_info(__func__, engine, index, false, out);
}

static scull_status_t find_port(const char *function, const scull_engine_t *engine,
                                const char *name, bool input, size_t *out) {
  scull_diag_t diag;
  scull_nearest_t nearest;
  if (engine == NULL || name == NULL || out == NULL)
    return scull_api_refuse(function, "engine, name or out is NULL");
  const scull_plan_t *plan = plan_of(engine);
  size_t count = input ? plan->input_count : plan->output_count;
  scull_api_begin(&diag, NULL);
  scull_base_nearest_init(&nearest, name);
  for (size_t i = 0; i < count; i++) {
    const scull_plan_port_t *port = input ? &plan->inputs[i] : &plan->outputs[i];
    scull_base_nearest_offer(&nearest, port->name);
    if (strcmp(port->name, name) == 0) {
      *out = i;
      return scull_api_end(&diag, SCULL_OK);
    }
  }
  return scull_api_end(&diag, scull_base_fail(&diag, SCULL_NOT_FOUND, "no %s '%s'%s",
                                              input ? "input" : "output", name,
                                              scull_base_nearest_words(&nearest)));
}

scull_status_t scull_engine_find_input(const scull_engine_t *engine, const char *name,
                                       size_t *out) {
  return find_port(__func__, engine, name, true, out);
}

scull_status_t scull_engine_find_output(const scull_engine_t *engine, const char *name,
                                        size_t *out) {
  return find_port(__func__, engine, name, false, out);
}

const char *scull_engine_report(const scull_engine_t *engine) {
  return engine == NULL ? "" : plan_of(engine)->report;
}

size_t scull_engine_arena_size(const scull_engine_t *engine) {
  return engine == NULL ? 0 : plan_of(engine)->arena_bytes;
}

/* --- context -------------------------------------------------------------------------------------
 */

void scull_context_options_init(scull_context_options_t *options) {
  if (options != NULL)
    *options = (scull_context_options_t){.struct_size = sizeof *options};
}

scull_status_t scull_context_create(scull_engine_t *engine, const scull_context_options_t *options,
                                    scull_context_t **out_context) {
  scull_context_options_t defaults;
  scull_diag_t diag;
  if (engine == NULL || out_context == NULL)
    return scull_api_refuse(__func__, "engine or out_context is NULL");
  *out_context = NULL;
  if (options != NULL &&
      (options->struct_size != sizeof *options || options->threads < 0 || options->threads > 1024))
    return scull_api_refuse(__func__, "options are of another header or threads is out of range");
  scull_context_options_init(&defaults);
  options = options == NULL ? &defaults : options;
  scull_api_begin(&diag, &options->logger);
  scull_context_t *context = scull_base_alloc(sizeof *context);
  if (context == NULL)
    return scull_api_end(&diag, SCULL_OUT_OF_MEMORY);
  const scull_runtime_options_t runtime = {.threads = options->threads,
                                           .arena = options->arena,
                                           .arena_size = options->arena_size,
                                           .stream = options->stream,
                                           .trip_limit = options->trip_limit,
                                           .growth_limit = options->growth_limit};
  context->engine = engine;
  context->logger = options->logger;
  scull_status_t status =
      scull_runtime_context_create(engine->runtime, &runtime, &context->runtime, &diag);
  if (status == SCULL_OK)
    *out_context = context;
  else
    scull_base_free(context);
  return scull_api_end(&diag, status);
}

void scull_context_destroy(scull_context_t *context) {
  if (context == NULL)
    return;
  scull_base_worker_destroy(context->worker);
  if (context->pending)
    scull_base_diag_deinit(&context->worker_diag);
  scull_runtime_context_destroy(context->runtime);
  for (size_t i = 0; i < context->watches.size; i++)
    scull_build_watch_destroy(context->watches.data[i].watch);
  SCULL_VEC_DEINIT(&context->watches);
  scull_base_free(context);
}

/* A run that was enqueued must end before the context is touched. */
static void settle(scull_context_t *context) {
  if (context->started && scull_runtime_wait(context->runtime, NULL) != SCULL_OK)
    context->started = false; /* nobody asked for it */
  context->started = false;
  if (!context->pending)
    return;
  scull_status_t status = scull_base_worker_wait(context->worker);
  (void)status; /* nobody asked for it */
  scull_base_diag_deinit(&context->worker_diag);
  context->pending = false;
}

scull_status_t scull_context_set_input_shape(scull_context_t *context, size_t index, int32_t rank,
                                             const int64_t *dims) {
  scull_diag_t diag;
  if (context == NULL || (dims == NULL && rank > 0) || rank < 0 || rank > SCULL_MAX_RANK)
    return scull_api_refuse(__func__, "context or dims is NULL, or rank is out of range");
  settle(context);
  scull_api_begin(&diag, &context->logger);
  const scull_shape_t shape = scull_tensor_shape(rank, dims);
  return scull_api_end(&diag, scull_runtime_set_shape(context->runtime, index, &shape, &diag));
}

scull_status_t scull_context_prepare(scull_context_t *context) {
  scull_diag_t diag;
  if (context == NULL)
    return scull_api_refuse(__func__, "context is NULL");
  settle(context);
  scull_api_begin(&diag, &context->logger);
  return scull_api_end(&diag, scull_runtime_prepare(context->runtime, &diag));
}

scull_status_t scull_context_set_input(scull_context_t *context, size_t index, const void *data,
                                       size_t size) {
  scull_diag_t diag;
  if (context == NULL)
    return scull_api_refuse(__func__, "context is NULL");
  settle(context);
  scull_api_begin(&diag, &context->logger);
  return scull_api_end(&diag, scull_runtime_set_input(context->runtime, index, data, size, &diag));
}

scull_status_t scull_context_set_output(scull_context_t *context, size_t index, void *data,
                                        size_t size) {
  scull_diag_t diag;
  if (context == NULL)
    return scull_api_refuse(__func__, "context is NULL");
  settle(context);
  scull_api_begin(&diag, &context->logger);
  return scull_api_end(&diag, scull_runtime_set_output(context->runtime, index, data, size, &diag));
}

static scull_tensor_view_t view_of(const scull_tensor_t *tensor) {
  bool sequence = scull_tensor_dtype_is_sequence(tensor->type.dtype);
  scull_tensor_view_t view = {.data = sequence ? NULL : tensor->data,
                              .size = scull_tensor_bytes(&tensor->type),
                              .dtype = tensor->type.dtype,
                              .rank = tensor->type.shape.rank};
  memcpy(view.dims, tensor->type.shape.dim, sizeof view.dims);
  return view;
}

scull_status_t scull_context_output(scull_context_t *context, size_t index,
                                    scull_tensor_view_t *out) {
  scull_diag_t diag;
  scull_tensor_t tensor = {0};
  if (context == NULL || out == NULL)
    return scull_api_refuse(__func__, "context or out is NULL");
  settle(context);
  scull_api_begin(&diag, &context->logger);
  scull_status_t status = scull_runtime_output(context->runtime, index, &tensor, &diag);
  *out = status == SCULL_OK ? view_of(&tensor) : (scull_tensor_view_t){0};
  return scull_api_end(&diag, status);
}

/* The elements of an output after a run: the tensor itself, or those of the sequence. */
static scull_status_t output_items(scull_context_t *context, size_t index, scull_tensor_t *single,
                                   const scull_tensor_t **items, size_t *count,
                                   scull_diag_t *diag) {
  SCULL_TRY(scull_runtime_output(context->runtime, index, single, diag));
  bool sequence = scull_tensor_dtype_is_sequence(single->type.dtype);
  const scull_sequence_t *list = sequence ? single->data : NULL;
  *items = list == NULL ? single : list->items;
  *count = sequence ? (list == NULL ? 0 : list->count) : single->data != NULL;
  return SCULL_OK;
}

scull_status_t scull_context_output_length(scull_context_t *context, size_t index, size_t *out) {
  scull_diag_t diag;
  scull_tensor_t single = {0};
  const scull_tensor_t *items = NULL;
  if (context == NULL || out == NULL)
    return scull_api_refuse(__func__, "context or out is NULL");
  *out = 0;
  settle(context);
  scull_api_begin(&diag, &context->logger);
  scull_status_t status = output_items(context, index, &single, &items, out, &diag);
  return scull_api_end(&diag, status);
}

scull_status_t scull_context_output_item(scull_context_t *context, size_t index, size_t item,
                                         scull_tensor_view_t *out) {
  scull_diag_t diag;
  scull_tensor_t single = {0};
  const scull_tensor_t *items = NULL;
  size_t count = 0;
  if (context == NULL || out == NULL)
    return scull_api_refuse(__func__, "context or out is NULL");
  *out = (scull_tensor_view_t){0};
  settle(context);
  scull_api_begin(&diag, &context->logger);
  scull_status_t status = output_items(context, index, &single, &items, &count, &diag);
  if (status == SCULL_OK && item >= count)
    status = scull_base_fail(&diag, SCULL_OUT_OF_RANGE, "output %zu: item %zu of %zu", index, item,
                             count);
  if (status == SCULL_OK)
    *out = view_of(&items[item]);
  return scull_api_end(&diag, status);
}

static void give_tensor(const watch_t *watch, scull_tensor_t *tensor) {
  scull_tensor_view_t view = view_of(tensor);
  watch->fn(watch->user, scull_build_watch_name(watch->watch), &view);
  scull_base_free(tensor->data);
}

/* A run, and after it the tensors that are watched. */
static scull_status_t run_and_watch(scull_context_t *context, scull_diag_t *diag) {
  context->watch_status = SCULL_OK;
  SCULL_TRY(scull_runtime_run(context->runtime, diag));
  SCULL_TRY(context->watch_status);
  for (size_t i = 0; i < context->watches.size; i++) {
    const watch_t *watch = &context->watches.data[i];
    scull_tensor_t tensor = {0};
    SCULL_TRY(scull_build_watch_end(watch->watch, context->engine->runtime, context->runtime,
                                    &tensor, diag));
    give_tensor(watch, &tensor);
  }
  return SCULL_OK;
}

scull_status_t scull_context_run(scull_context_t *context) {
  scull_diag_t diag;
  if (context == NULL)
    return scull_api_refuse(__func__, "context is NULL");
  settle(context);
  scull_api_begin(&diag, &context->logger);
  return scull_api_end(&diag, run_and_watch(context, &diag));
}

static scull_status_t run_job(void *user) {
  scull_context_t *context = user;
  return run_and_watch(context, &context->worker_diag);
}

scull_status_t scull_context_enqueue(scull_context_t *context) {
  scull_diag_t diag;
  if (context == NULL)
    return scull_api_refuse(__func__, "context is NULL");
  scull_api_begin(&diag, &context->logger);
  bool looked_at = context->profiler != NULL || context->watches.size > 0;
  if (scull_runtime_is_asynchronous(context->runtime) && !looked_at && !context->pending) {
    context->started = true;
    return scull_api_end(&diag, scull_runtime_enqueue(context->runtime, &diag));
  }
  settle(context);
  scull_status_t status = SCULL_OK;
  if (context->worker == NULL)
    status = scull_base_worker_create(&context->worker, &diag);
  if (status == SCULL_OK) {
    scull_base_diag_init(&context->worker_diag, context->logger.verbosity, context->logger.log,
                         context->logger.user);
    context->pending = true;
    scull_base_worker_submit(context->worker, run_job, context);
  }
  return scull_api_end(&diag, status);
}

scull_status_t scull_context_wait(scull_context_t *context) {
  scull_diag_t diag;
  if (context == NULL)
    return scull_api_refuse(__func__, "context is NULL");
  if (!context->pending) {
    bool started = context->started;
    context->started = false;
    scull_api_begin(&diag, &context->logger);
    return scull_api_end(&diag, started ? scull_runtime_wait(context->runtime, &diag) : SCULL_OK);
  }
  scull_status_t status = scull_base_worker_wait(context->worker);
  context->pending = false;
  return scull_api_end(&context->worker_diag, status);
}

/* --- looking in ----------------------------------------------------------------------------------
 */

static void show_watches(scull_context_t *context, const scull_runtime_event_t *event) {
  for (size_t i = 0; i < context->watches.size && context->watch_status == SCULL_OK; i++)
    context->watch_status =
        scull_build_watch_see(context->watches.data[i].watch, context->engine->runtime, event);
}

static void on_step(void *user, const scull_runtime_event_t *event) {
  scull_context_t *context = user;
  const scull_plan_step_t *step = event->plan_step;
  show_watches(context, event);
  if (context->profiler == NULL)
    return;
  const scull_layer_time_t time = {.index = event->step,
                                   .layer = step->name,
                                   .tactic = step->tactic_name[0] == '\0' ? "reference"
                                                                          : step->tactic_name,
                                   .microseconds = event->microseconds};
  context->profiler(context->profiler_user, &time);
}

static void set_hook(scull_context_t *context) {
  bool wanted = context->profiler != NULL || context->watches.size > 0;
  scull_runtime_set_hook(context->runtime, wanted ? on_step : NULL, context);
}

scull_status_t scull_context_set_profiler(scull_context_t *context, scull_profiler_fn_t profiler,
                                          void *user) {
  if (context == NULL)
    return scull_api_refuse(__func__, "context is NULL");
  settle(context);
  context->profiler = profiler;
  context->profiler_user = user;
  set_hook(context);
  return SCULL_OK;
}

scull_status_t scull_context_watch(scull_context_t *context, const char *name,
                                   scull_watch_fn_t watch, void *user) {
  scull_diag_t diag;
  if (context == NULL || name == NULL || watch == NULL)
    return scull_api_refuse(__func__, "context, name or watch is NULL");
  settle(context);
  scull_api_begin(&diag, &context->logger);
  const scull_plan_t *plan = plan_of(context->engine);
  watch_t one = {.fn = watch, .user = user};
  scull_status_t status = scull_build_watch_create(plan, name, &diag, &one.watch);
  if (status == SCULL_OK && !SCULL_VEC_PUSH(&context->watches, one)) {
    scull_build_watch_destroy(one.watch);
    status = SCULL_OUT_OF_MEMORY;
  }
  if (status != SCULL_OK)
    return scull_api_end(&diag, status);
  set_hook(context);
  return scull_api_end(&diag, SCULL_OK);
}

/* --- comparison ----------------------------------------------------------------------------------
 */

void scull_compare_options_init(scull_compare_options_t *options) {
  if (options != NULL)
    *options = (scull_compare_options_t){.struct_size = sizeof *options};
}

static const char *compare_fault(const scull_compare_options_t *o) {
  if (o == NULL || o->struct_size != sizeof *o)
    return "options are NULL or of another version of the header";
  if (o->plan_path == NULL || (o->input_count > 0 && o->inputs == NULL) || o->threads < 0)
    return "plan_path or inputs are NULL, or threads is negative";
  for (size_t i = 0; i < o->input_count; i++) {
    const scull_named_tensor_t *t = &o->inputs[i];
    if (t->name == NULL || t->data == NULL || t->rank < 0 || t->rank > SCULL_MAX_RANK)
      return "an input has no name, no data or too many dimensions";
  }
  return NULL;
}

scull_status_t scull_compare(const scull_compare_options_t *options, scull_compare_fn_t take,
                             void *user) {
  scull_engine_options_t engine_options;
  scull_engine_t *engine = NULL, *against = NULL;
  scull_diag_t diag;
  const char *fault = take == NULL ? "take is NULL" : compare_fault(options);
  if (fault != NULL)
    return scull_api_refuse(__func__, fault);
  scull_engine_options_init(&engine_options);
  scull_api_begin(&diag, &options->logger);
  scull_status_t status =
      open_plan(options->plan_path, (scull_bytes_t){0}, &engine_options, &engine, &diag);
  if (status == SCULL_OK && options->against_path != NULL)
    status = open_plan(options->against_path, (scull_bytes_t){0}, &engine_options, &against, &diag);
  if (status == SCULL_OK)
    status = scull_build_compare(options, engine->runtime,
                                 against == NULL ? NULL : against->runtime, take, user, &diag);
  scull_engine_destroy(against);
  scull_engine_destroy(engine);
  return scull_api_end(&diag, status);
}
