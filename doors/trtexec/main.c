/* scull-trtexec: trtexec's command line over Scull, docs/trtexec.md. */
#include <stdlib.h>

#include "console.h"
#include "report.h"

/* --timeDeserialize: how long a plan takes to open, once it has been read before. */
static bool time_opening(const trtexec_options_t *options) {
  const char *path = options->load_engine != NULL ? options->load_engine : options->save_engine;
  enum { TIMES = 20 };
  double first = 0, total = 0;
  if (path == NULL)
    return trtexec_fail("--timeDeserialize wants --saveEngine or --loadEngine");
  for (int i = 0; i <= TIMES; i++) {
    scull_engine_t *engine = NULL;
    const double begin = trtexec_now();
    if (scull_engine_open(path, NULL, &engine) != SCULL_OK)
      return trtexec_fail_scull();
    const double time = trtexec_now() - begin;
    scull_engine_destroy(engine);
    first = i == 0 ? time : first;
    total += i == 0 ? 0 : time;
  }
  trtexec_say('I', "First deserialization time = %g milliseconds", first);
  trtexec_say('I', "Average deserialization time over %d iterations = %g milliseconds", TIMES,
              total / TIMES);
  return true;
}

static bool needs_outputs(const trtexec_options_t *o) {
  return o->dump_output || o->dump_raw || o->export_output != NULL || o->references.count > 0;
}

static void print_outputs_created(const scull_engine_t *engine, scull_context_t *context) {
  for (size_t i = 0; i < scull_engine_output_count(engine); i++) {
    scull_tensor_info_t info;
    scull_tensor_view_t view;
    char shape[TRTEXEC_DIMS_ROOM];
    if (scull_engine_output(engine, i, &info) == SCULL_OK &&
        scull_context_output(context, i, &view) == SCULL_OK)
      trtexec_say('I', "Output binding for %s with dimensions %s and type %s is created.",
                  info.name, trtexec_dims_text(view.rank, view.dims, shape),
                  trtexec_dtype_name(view.dtype));
  }
}

/* What is looked at in runs that are not timed. */
static bool look_closer(const trtexec_options_t *options, const trtexec_engine_t *engine,
                        const trtexec_bindings_t *bindings) {
  bool ok = true;
  if (options->dump_profile || options->export_profile != NULL) {
    trtexec_profile_t profile;
    ok = trtexec_inference_profile(options, engine->engine, bindings, &profile) &&
         trtexec_report_profile(options, &profile);
    trtexec_profile_deinit(&profile);
  }
  if (ok && needs_outputs(options)) {
    scull_context_t *context = trtexec_inference_once(engine->engine, bindings);
    ok = context != NULL && trtexec_report_outputs(options, engine->engine, context) &&
         (!options->dump_raw || trtexec_report_raw(engine->engine, bindings, context)) &&
         trtexec_report_accuracy(options, engine->engine, context);
    scull_context_destroy(context);
  }
  return ok && trtexec_inference_watch(options, engine->engine, bindings);
}

static bool infer(const trtexec_options_t *options, const trtexec_engine_t *engine) {
  trtexec_bindings_t bindings;
  trtexec_traces_t traces = {0};
  scull_context_t *context = NULL;
  bool ok = trtexec_bindings_make(options, engine->engine, &bindings);
  if (ok) {
    context = trtexec_inference_once(engine->engine, &bindings);
    ok = context != NULL;
    trtexec_say('I', "Created execution context with device memory size: %g MiB",
                (double)scull_engine_arena_size(engine->engine) / 0x1p20);
    if (ok)
      print_outputs_created(engine->engine, context);
    scull_context_destroy(context);
  }
  if (ok)
    trtexec_say('I', "Starting inference");
  ok = ok && trtexec_inference_run(options, engine->engine, &bindings, &traces) &&
       trtexec_report_times(options, &traces) && look_closer(options, engine, &bindings);
  trtexec_traces_deinit(&traces);
  trtexec_bindings_deinit(&bindings);
  return ok;
}

/* Scripts name TensorRT's plug-ins, too, whose operators may be Scull's own: those are passed over.
 */
static void load_plugins(const trtexec_options_t *options) {
  for (size_t i = 0; i < options->plugins.count; i++) {
    if (scull_plugin_load(options->plugins.items[i]) != SCULL_OK)
      trtexec_say('W', "%s is no plug-in of Scull: %s", options->plugins.items[i],
                  scull_last_error());
  }
}

static bool work(const trtexec_options_t *options) {
  trtexec_engine_t engine = {0};
  load_plugins(options);
  if (options->plan_version_only)
    return trtexec_engine_print_version(options);
  trtexec_options_print(options);
  trtexec_options_name_unused(options);
  bool ok = trtexec_engine_device(options, &engine) &&
            (trtexec_engine_open(options, &engine) || trtexec_fail("Engine set up failed")) &&
            trtexec_report_plan(options, &engine);
  if (ok && options->skip_inference)
    trtexec_say('I', "Skipped inference phase since --skipInference is added.");
  else if (ok && options->time_deserialize)
    ok = time_opening(options);
  else if (ok)
    ok = infer(options, &engine) || trtexec_fail("Error occurred during inference");
  trtexec_engine_deinit(&engine);
  return ok;
}

int main(int count, char **words) {
  trtexec_options_t options;
  trtexec_console_mark("RUNNING", count, words);
  bool ok = trtexec_options_read(&options, count - 1, words + 1);
  if (ok && options.verbose)
    trtexec_console_verbose();
  if (ok && options.help)
    trtexec_options_help(stdout);
  else if (ok)
    ok = work(&options);
  trtexec_options_deinit(&options);
  fflush(stdout);
  trtexec_console_mark(ok ? "PASSED" : "FAILED", count, words);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
