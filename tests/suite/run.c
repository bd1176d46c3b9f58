/* One model through all stages, in memory. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lower/lower.h"
#include "passes/pass.h"
#include "suite.h"
#include "tensor/sequence.h"
#include "tune/tune.h"

typedef struct {
  const suite_case_t *it;
  suite_mode_t mode;
  scull_diag_t diag;
  scull_arena_t arena;
  scull_import_files_t files;
  scull_graph_t *graph;
  scull_device_t *device;
  scull_tuning_t tuning;
  scull_lowered_t lowered;
  scull_runtime_engine_t *engine;
  scull_runtime_context_t *context;
  char why[400];
} run_t;

/* Shapes, axes, scales: what a network must know when it is built. */
static bool is_small_list(const scull_tensor_t *tensor) {
  enum { MOST = 16 };
  const scull_shape_t *shape = &tensor->type.shape;
  return shape->rank <= 1 && scull_tensor_count(shape) <= MOST;
}

/* A sequence is given as so many tensors: its length, then x:0, x:1, ... */
static void give_sequence(run_t *r, const suite_value_t *value, scull_import_shape_t *shapes,
                          size_t *count) {
  scull_shape_t length = {.rank = 1, .dim = {(int64_t)value->count}};
  shapes[(*count)++] = (scull_import_shape_t){value->name, length, length, length};
  for (size_t k = 0; k < value->count && *count < SUITE_MANY; k++) {
    const char *name = scull_base_arena_format(&r->arena, "%s:%zu", value->name, k);
    const scull_shape_t *shape = &value->tensors[k].type.shape;
    if (name != NULL)
      shapes[(*count)++] = (scull_import_shape_t){name, *shape, *shape, *shape};
  }
}

static scull_status_t import(run_t *r, bool fix) {
  scull_import_shape_t shapes[SUITE_MANY];
  scull_import_value_t values[SUITE_MANY];
  size_t count = 0, fixed = 0;
  for (size_t i = 0; i < r->it->input_count && count < SUITE_MANY; i++) {
    const suite_value_t *value = &r->it->inputs[i];
    if (value->is_sequence) {
      give_sequence(r, value, shapes, &count);
      continue;
    }
    if (!value->is_there) {
      values[fixed++] = (scull_import_value_t){.name = value->name};
      continue;
    }
    const scull_shape_t *shape = &value->tensors[0].type.shape;
    if (fix && is_small_list(&value->tensors[0]))
      values[fixed++] = (scull_import_value_t){value->name, value->tensors[0]};
    else
      shapes[count++] = (scull_import_shape_t){value->name, *shape, *shape, *shape};
  }
  scull_import_options_t options = {.model_path = r->it->path,
                                    .format = "onnx",
                                    .shapes = shapes,
                                    .shape_count = count,
                                    .values = values,
                                    .value_count = fixed};
  return scull_import_model(&options, &r->files, &r->diag, &r->graph);
}

static scull_status_t build(run_t *r) {
  const scull_backend_t *backend = scull_backend_find("cpu");
  const scull_passes_options_t passes = {0};
  scull_partition_t partition;
  SCULL_TRY(backend->open(0, &r->device, &r->diag));
  scull_tune_options_t tune = {.device = r->device,
                               .threads = 1,
                               .level = SCULL_TUNE_LEVEL_NONE,
                               .min_subgraph_size = r->mode == SUITE_NATIVE ? INT_MAX : 0};
  SCULL_TRY(scull_passes_run(r->graph, &passes));
  SCULL_TRY(scull_tune_partition(r->graph, &tune, &r->arena, &partition));
  SCULL_TRY(scull_tune_search(r->graph, &partition, &tune, &r->arena, &r->tuning));
  SCULL_TRY(scull_lower_plan(r->graph, &r->tuning, &tune, &r->lowered));
  r->lowered.plan.library = "suite";
  r->lowered.plan.report = "{}";
  SCULL_TRY(scull_plan_verify(&r->lowered.plan, "suite", &r->diag));
  scull_plan_t plan = r->lowered.plan;
  scull_base_arena_join(&plan.arena, &r->graph->arena); /* names and attributes */
  scull_plan_init(&r->lowered.plan);
  return scull_runtime_engine_create(&plan, 0, &r->engine, &r->diag);
}

/* The tensor for an input of the plan: `x`, or `x:1` of a sequence. */
static const scull_tensor_t *find_input(const suite_case_t *it, const char *name) {
  for (size_t i = 0; i < it->input_count; i++) {
    const suite_value_t *value = &it->inputs[i];
    size_t length = strlen(value->name), index = 0;
    if (strncmp(value->name, name, length) != 0)
      continue;
    bool element = value->is_sequence && sscanf(name + length, ":%zu", &index) == 1;
    if ((element || (!value->is_sequence && name[length] == '\0')) && index < value->count)
      return &value->tensors[index];
  }
  return NULL;
}

static scull_status_t run(run_t *r) {
  const scull_runtime_options_t options = {0};
  const scull_plan_t *plan = &r->engine->plan;
  SCULL_TRY(scull_runtime_context_create(r->engine, &options, &r->context, &r->diag));
  for (size_t i = 0; i < plan->input_count; i++) {
    const scull_tensor_t *tensor = find_input(r->it, plan->inputs[i].name);
    if (tensor == NULL)
      return scull_base_fail(&r->diag, SCULL_NOT_FOUND, "no data for input '%s'",
                             plan->inputs[i].name);
    SCULL_TRY(scull_runtime_set_input(r->context, i, tensor->data,
                                      scull_tensor_bytes(&tensor->type), &r->diag));
  }
  return scull_runtime_run(r->context, &r->diag);
}

/* The suite's own tolerance. */
static bool is_close(run_t *r, size_t index, scull_tensor_t got, const scull_tensor_t *want) {
  char a[80], b[80];
  if (got.type.dtype == SCULL_DTYPE_BF16) /* which NumPy has not: the suite compares the bits */
    got.type.dtype = SCULL_DTYPE_U16;
  if (got.type.dtype != want->type.dtype ||
      !scull_tensor_shape_equal(&got.type.shape, &want->type.shape)) {
    snprintf(r->why, sizeof r->why, "output %zu is %s, not %s", index,
             scull_tensor_type_text(&got.type, a, sizeof a),
             scull_tensor_type_text(&want->type, b, sizeof b));
    return false;
  }
  scull_difference_t d =
      scull_tensor_compare(&got, want, (scull_tolerance_t){.absolute = 1e-7, .relative = 1e-3});
  if (d.outside > 0)
    snprintf(r->why, sizeof r->why, "output %zu: %lld of %lld numbers are wrong, by up to %g",
             index, (long long)d.outside, (long long)d.count, d.max_absolute);
  return d.outside == 0;
}

static bool is_right(run_t *r, size_t index) {
  const suite_value_t *want = &r->it->outputs[index];
  scull_tensor_t got;
  if (scull_runtime_output(r->context, index, &got, &r->diag) != SCULL_OK ||
      want->is_sequence != scull_tensor_dtype_is_sequence(got.type.dtype)) {
    snprintf(r->why, sizeof r->why, "output %zu: a sequence and a tensor are two things", index);
    return false;
  }
  if (!want->is_sequence)
    return is_close(r, index, got, &want->tensors[0]);
  const scull_sequence_t *sequence = got.data;
  bool right = sequence->count == want->count;
  if (!right)
    snprintf(r->why, sizeof r->why, "output %zu has %zu elements, not %zu", index, sequence->count,
             want->count);
  for (size_t k = 0; right && k < want->count; k++)
    right = is_close(r, index, sequence->items[k], &want->tensors[k]);
  return right;
}

static bool runs_on_tactic(const scull_plan_t *plan) {
  for (size_t i = 0; i < plan->step_count; i++) {
    if (plan->steps[i].tactic_name[0] != '\0')
      return true;
  }
  return false;
}

static void run_deinit(run_t *r) {
  scull_runtime_context_destroy(r->context);
  scull_runtime_engine_destroy(r->engine);
  scull_lower_deinit(&r->lowered);
  scull_graph_destroy(r->graph);
  if (r->device != NULL)
    r->device->backend->close(r->device);
  scull_import_files_deinit(&r->files);
  scull_base_arena_deinit(&r->arena);
  scull_base_diag_deinit(&r->diag);
}

static scull_status_t prepare(run_t *r, const suite_case_t *it, suite_mode_t mode, bool fix) {
  *r = (run_t){.it = it, .mode = mode};
  scull_base_diag_init(&r->diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_plan_init(&r->lowered.plan);
  SCULL_TRY(import(r, fix));
  return build(r);
}

const char *suite_case_run(const suite_case_t *it, suite_mode_t mode, bool *on_tactic, bool *fixed,
                           char *words, size_t size) {
  run_t r;
  scull_status_t status = prepare(&r, it, mode, false);
  *fixed = status == SCULL_UNSUPPORTED || status == SCULL_INVALID_ARGUMENT;
  if (*fixed) {
    run_deinit(&r);
    status = prepare(&r, it, mode, true);
  }
  if (status == SCULL_OK) {
    *on_tactic = runs_on_tactic(&r.engine->plan);
    status = run(&r);
  }
  bool right = status == SCULL_OK;
  for (size_t i = 0; right && i < it->output_count; i++)
    right = is_right(&r, i);
  const char *first = scull_base_diag_first_error(&r.diag);
  if (status != SCULL_OK)
    snprintf(r.why, sizeof r.why, "%s: %s", scull_base_status_name(status),
             strncmp(first, it->path, strlen(it->path)) == 0 ? first + strlen(it->path) + 2
                                                             : first);
  snprintf(words, size, "%s", right ? "" : r.why);
  run_deinit(&r);
  return words;
}
