/* Comparison layer by layer. The plan runs first and its layers' results are kept; then the other
 * side runs, and each of its tensors is held against the kept one of the same name as it appears.
 */
#include "build/compare.h"

#include <math.h>
#include <string.h>

#include "build/sources.h"
#include "graph/evaluate.h"

/* --- tensors of steps ----------------------------------------------------------------------------
 */

/* Elements of fewer bytes at the front of the memory become f32, the last first. */
static void widen_in_place(const scull_plan_value_t *v, scull_tensor_t *out) {
  const scull_dtype_t stored = scull_plan_value_stored(v);
  const float scale = v->as == SCULL_AS_INT8 ? v->quant->scales[0] : 1.0f;
  for (int64_t i = scull_tensor_count(&out->type.shape); i-- > 0;)
    scull_tensor_store(out->data, v->dtype, i,
                       scull_tensor_load(out->data, stored, i) * (double)scale);
}

static scull_status_t copy_plain(const scull_plan_value_t *v, const scull_shape_t *shape,
                                 const void *src, scull_tensor_t *out) {
  const scull_type_t stored = {.dtype = scull_plan_value_stored(v), .shape = *shape};
  *out = (scull_tensor_t){.type = {.dtype = v->dtype, .shape = *shape}};
  out->data = scull_base_alloc_raw(scull_tensor_bytes(&out->type));
  if (out->data == NULL)
    return SCULL_OUT_OF_MEMORY;
  scull_backend_layout_to_plain(&stored, v->layout, v->channel_total, src, out->data);
  if (v->as != SCULL_AS_MODEL)
    widen_in_place(v, out);
  return SCULL_OK;
}

static const scull_plan_value_t *output_of(const scull_plan_t *plan, const scull_plan_step_t *step,
                                           size_t index) {
  return &plan->values[step->bindings[step->site.outputs[index]]];
}

bool scull_build_is_reformat(const scull_plan_t *plan, const scull_plan_step_t *step) {
  const scull_site_t *site = &step->site;
  return strcmp(site->ops[0].def->name, "identity") == 0 && site->input_count == 1 &&
         strcmp(plan->values[step->bindings[site->inputs[0]]].name,
                output_of(plan, step, 0)->name) == 0;
}

scull_status_t scull_build_take_output(const scull_runtime_engine_t *engine,
                                       const scull_runtime_event_t *event, const char *name,
                                       scull_tensor_t *out) {
  *out = (scull_tensor_t){0};
  if (scull_build_is_reformat(&engine->plan, event->plan_step))
    return SCULL_OK;
  for (size_t i = 0; i < event->plan_step->site.output_count; i++) {
    const scull_plan_value_t *v = output_of(&engine->plan, event->plan_step, i);
    if (strcmp(v->name, name) == 0)
      return copy_plain(v, event->shapes[i], event->outputs[i], out);
  }
  return SCULL_OK;
}

const scull_plan_value_t *scull_build_find_tensor(const scull_plan_t *plan, const char *name) {
  for (size_t s = 0; s < plan->step_count; s++) {
    const scull_plan_step_t *step = &plan->steps[s];
    if ((step->kind != SCULL_PLAN_RUN && step->kind != SCULL_PLAN_ON_HOST) ||
        scull_build_is_reformat(plan, step))
      continue;
    for (size_t i = 0; i < step->site.output_count; i++) {
      const scull_plan_value_t *v = output_of(plan, step, i);
      if (strcmp(v->name, name) == 0)
        return v;
    }
  }
  return NULL;
}

/* --- the kept results ----------------------------------------------------------------------------
 */

typedef struct {
  const char *name; /* the plan's */
  scull_tensor_t tensor;
  size_t step;
  double microseconds;
  double error; /* once compared; < 0: not yet */
} kept_t;

typedef struct {
  const scull_compare_options_t *options;
  const scull_runtime_engine_t *engine, *against;
  scull_compare_fn_t take;
  void *user;
  scull_diag_t *diag;
  SCULL_VEC(kept_t) kept;
  scull_map_t names; /* -> kept; the last writer of a name counts (a reformat repeats one) */
  scull_status_t status;
} work_t;

static void keep_step(void *user, const scull_runtime_event_t *event) {
  work_t *w = user;
  const scull_plan_step_t *step = event->plan_step;
  if (scull_build_is_reformat(&w->engine->plan, step))
    return;
  for (size_t i = 0; i < step->site.output_count && w->status == SCULL_OK; i++) {
    const scull_plan_value_t *v = output_of(&w->engine->plan, step, i);
    kept_t one = {
        .name = v->name, .step = event->step, .microseconds = event->microseconds, .error = -1};
    w->status = copy_plain(v, event->shapes[i], event->outputs[i], &one.tensor);
    if (w->status == SCULL_OK &&
        (!SCULL_VEC_PUSH(&w->kept, one) ||
         !scull_base_map_set(&w->names, v->name, strlen(v->name), w->kept.size - 1)))
      w->status = SCULL_OUT_OF_MEMORY;
  }
}

static scull_status_t set_inputs(const work_t *w, const scull_runtime_engine_t *engine,
                                 scull_runtime_context_t *context) {
  const scull_plan_t *plan = &engine->plan;
  for (size_t i = 0; i < w->options->input_count; i++) {
    const scull_named_tensor_t *t = &w->options->inputs[i];
    size_t port = 0;
    while (port < plan->input_count && strcmp(plan->inputs[port].name, t->name) != 0)
      port++;
    if (port == plan->input_count)
      return scull_base_fail(w->diag, SCULL_NOT_FOUND, "the plan has no input '%s'", t->name);
    scull_shape_t shape = scull_tensor_shape(t->rank, t->dims);
    SCULL_TRY(scull_runtime_set_shape(context, port, &shape, w->diag));
    SCULL_TRY(scull_runtime_set_input(context, port, t->data, t->size, w->diag));
  }
  return SCULL_OK;
}

/* Runs a plan twice, so that times are warm, the second time with the hook. */
static scull_status_t run_plan(work_t *w, const scull_runtime_engine_t *engine,
                               scull_runtime_hook_t hook) {
  const scull_runtime_options_t options = {.threads = w->options->threads};
  scull_runtime_context_t *context = NULL;
  SCULL_TRY(scull_runtime_context_create(engine, &options, &context, w->diag));
  scull_status_t status = set_inputs(w, engine, context);
  if (status == SCULL_OK)
    status = scull_runtime_run(context, w->diag);
  if (status == SCULL_OK) {
    scull_runtime_set_hook(context, hook, w);
    status = scull_runtime_run(context, w->diag);
  }
  scull_runtime_context_destroy(context);
  return status == SCULL_OK ? w->status : status;
}

/* --- differences ---------------------------------------------------------------------------------
 */

static void value_range(const scull_tensor_t *t, double *range) {
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (int64_t i = 0, n = scull_tensor_count(&t->type.shape); i < n; i++) {
    double v = scull_tensor_load(t->data, t->type.dtype, i);
    low = v < low ? v : low;
    high = v > high ? v : high;
  }
  *range = high > low ? high - low : 1;
}

static double off_share(const scull_tensor_t *a, const scull_tensor_t *b, double range) {
  const scull_tolerance_t tolerance = {.absolute = 1e-3 * range, .relative = 0.1};
  scull_difference_t d = scull_tensor_compare(a, b, tolerance);
  return d.count == 0 ? 0 : (double)d.outside / (double)d.count;
}

/* The largest error among the tensors that a step reads. */
static double input_error(const work_t *w, const scull_plan_step_t *step) {
  double worst = 0;
  for (size_t i = 0; i < step->site.input_count; i++) {
    const char *name = w->engine->plan.values[step->bindings[step->site.inputs[i]]].name;
    size_t index = 0;
    if (scull_base_map_find(&w->names, name, strlen(name), &index) &&
        w->kept.data[index].error > worst)
      worst = w->kept.data[index].error;
  }
  return worst;
}

static void report(work_t *w, kept_t *mine, const scull_tensor_t *theirs, double microseconds) {
  const scull_plan_step_t *step = &w->engine->plan.steps[mine->step];
  double range = 1;
  if (mine->error >= 0 || theirs->type.dtype != mine->tensor.type.dtype ||
      scull_tensor_count(&theirs->type.shape) != scull_tensor_count(&mine->tensor.type.shape))
    return;
  value_range(theirs, &range);
  mine->error =
      scull_tensor_compare(&mine->tensor, theirs, (scull_tolerance_t){0}).max_absolute / range;
  double before = input_error(w, step);
  const scull_layer_difference_t difference = {
      .index = mine->step,
      .layer = step->name,
      .tactic = step->tactic_name[0] == '\0' ? "reference" : step->tactic_name,
      .tensor = mine->name,
      .error = mine->error,
      .introduced = mine->error > before ? mine->error - before : 0,
      .off_share = off_share(&mine->tensor, theirs, range),
      .microseconds = mine->microseconds,
      .against_microseconds = microseconds};
  w->take(w->user, &difference);
}

static kept_t *find_kept(const work_t *w, const char *name) {
  size_t index = 0;
  return scull_base_map_find(&w->names, name, strlen(name), &index) ? &w->kept.data[index] : NULL;
}

static void compare_step(void *user, const scull_runtime_event_t *event) {
  work_t *w = user;
  for (size_t i = 0; i < event->plan_step->site.output_count && w->status == SCULL_OK; i++) {
    const scull_plan_value_t *v = output_of(&w->against->plan, event->plan_step, i);
    kept_t *mine = find_kept(w, v->name);
    scull_tensor_t theirs = {0};
    if (mine == NULL)
      continue;
    w->status = copy_plain(v, event->shapes[i], event->outputs[i], &theirs);
    if (w->status == SCULL_OK)
      report(w, mine, &theirs, event->microseconds);
    scull_base_free(theirs.data);
  }
}

/* --- the reference -------------------------------------------------------------------------------
 */

typedef struct {
  work_t *work;
  scull_graph_t *graph;
} reference_t;

static void compare_value(void *user, scull_value_id_t value, const scull_tensor_t *tensor) {
  reference_t *r = user;
  kept_t *mine = find_kept(r->work, scull_graph_value(r->graph, value)->name);
  if (mine != NULL)
    report(r->work, mine, tensor, -1);
}

static scull_status_t evaluate(scull_graph_t *graph, const scull_tensor_t *inputs,
                               const scull_graph_watch_t *watch, scull_diag_t *diag) {
  scull_tensor_t *outputs = SCULL_ARENA_ARRAY(&graph->arena, scull_tensor_t, graph->outputs.size);
  if (outputs == NULL)
    return scull_base_fail_memory(diag, "outputs");
  SCULL_TRY(scull_graph_evaluate(graph, inputs, outputs, watch));
  for (size_t i = 0; i < graph->outputs.size; i++)
    scull_base_free(outputs[i].data);
  return SCULL_OK;
}

static scull_status_t run_reference(work_t *w) {
  reference_t r = {.work = w};
  SCULL_TRY(scull_build_sources_graph(&w->engine->plan, &r.graph, w->diag));
  size_t count = r.graph->inputs.size;
  scull_tensor_t *inputs = SCULL_ARENA_ARRAY(&r.graph->arena, scull_tensor_t, count);
  scull_status_t status = inputs == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
  for (size_t i = 0; i < count && status == SCULL_OK; i++) {
    const scull_value_t *v = scull_graph_value(r.graph, r.graph->inputs.data[i]);
    for (size_t k = 0; k < w->options->input_count; k++) {
      const scull_named_tensor_t *t = &w->options->inputs[k];
      if (strcmp(t->name, v->name) == 0)
        inputs[i] = (scull_tensor_t){
            .type = {.dtype = v->dtype, .shape = scull_tensor_shape(t->rank, t->dims)},
            .data = scull_base_unconst(t->data)};
    }
    if (inputs[i].data == NULL)
      status = scull_base_fail(w->diag, SCULL_NOT_FOUND, "input '%s' is not given", v->name);
  }
  const scull_graph_watch_t watch = {compare_value, &r};
  if (status == SCULL_OK)
    status = evaluate(r.graph, inputs, &watch, w->diag);
  scull_graph_destroy(r.graph);
  return status;
}

scull_status_t scull_build_compare(const scull_compare_options_t *options,
                                   const scull_runtime_engine_t *engine,
                                   const scull_runtime_engine_t *against, scull_compare_fn_t take,
                                   void *user, scull_diag_t *diag) {
  work_t w = {.options = options,
              .engine = engine,
              .against = against,
              .take = take,
              .user = user,
              .diag = diag};
  scull_status_t status = run_plan(&w, engine, keep_step);
  if (status == SCULL_OK)
    status = against != NULL ? run_plan(&w, against, compare_step) : run_reference(&w);
  for (size_t i = 0; i < w.kept.size; i++)
    scull_base_free(w.kept.data[i].tensor.data);
  SCULL_VEC_DEINIT(&w.kept);
  scull_base_map_deinit(&w.names);
  return status;
}
