/* Contexts: shapes, memory, and the loop over the steps. */
#include <string.h>

#include "base/thread.h"
#include "runtime/variant.h"

enum { MAX_VARIANTS = 8 }; /* sets of shapes that stay prepared */

struct scull_runtime_context {
  const scull_runtime_engine_t *engine;
  int threads;
  char *arena;
  bool own_arena;
  char *scratch;
  size_t scratch_size;
  scull_shape_t *input_shapes;
  const void **inputs; /* the caller's */
  void **outputs;      /* the caller's, or own_outputs */
  bool *given_outputs; /* true: the caller's */
  size_t *output_room; /* bytes behind outputs[i] */
  scull_variant_t *variants[MAX_VARIANTS];
  scull_variant_t *current; /* NULL: shapes changed since */
  bool bound;               /* pointers of current are those of now */
  bool ran;
  uint64_t clock;
  scull_runtime_hook_t hook;
  void *hook_user;
};

void scull_runtime_context_destroy(scull_runtime_context_t *context) {
  if (context == NULL)
    return;
  for (int i = 0; i < MAX_VARIANTS; i++)
    scull_runtime_variant_destroy(context->variants[i]);
  if (context->outputs != NULL) {
    for (size_t i = 0; i < context->engine->plan.output_count; i++) {
      if (!context->given_outputs[i])
        scull_base_free(context->outputs[i]);
    }
  }
  if (context->own_arena)
    scull_base_free(context->arena);
  scull_base_free(context->scratch);
  scull_base_free(context->input_shapes);
  scull_base_free(context->inputs);
  scull_base_free(context->outputs);
  scull_base_free(context->given_outputs);
  scull_base_free(context->output_room);
  scull_base_free(context);
}

static scull_status_t take_arena(scull_runtime_context_t *context,
                                 const scull_runtime_options_t *options, scull_diag_t *diag) {
  size_t need = context->engine->plan.arena_bytes;
  if (options->arena == NULL) {
    context->own_arena = true;
    context->arena = scull_base_alloc_raw(need);
    return context->arena == NULL ? scull_base_fail_memory(diag, "activations") : SCULL_OK;
  }
  if (options->arena_size < need || (uintptr_t)options->arena % SCULL_MEMORY_ALIGN != 0)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                           "an arena of %zu bytes, aligned to %d, is needed", need,
                           SCULL_MEMORY_ALIGN);
  context->arena = options->arena;
  return SCULL_OK;
}

static scull_status_t take_lists(scull_runtime_context_t *context, scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  size_t in = plan->input_count + 1, out = plan->output_count + 1;
  context->input_shapes = scull_base_alloc(in * sizeof *context->input_shapes);
  context->inputs = scull_base_alloc(in * sizeof *context->inputs);
  context->given_outputs = scull_base_alloc(out * sizeof *context->given_outputs);
  context->output_room = scull_base_alloc(out * sizeof *context->output_room);
  if (context->input_shapes == NULL || context->inputs == NULL || context->given_outputs == NULL ||
      context->output_room == NULL)
    return scull_base_fail_memory(diag, "a context");
  context->outputs = scull_base_alloc(out * sizeof *context->outputs);
  if (context->outputs == NULL)
    return scull_base_fail_memory(diag, "a context");
  for (size_t i = 0; i < plan->input_count; i++)
    context->input_shapes[i] = plan->values[plan->inputs[i].value].opt;
  return SCULL_OK;
}

scull_status_t scull_runtime_context_create(const scull_runtime_engine_t *engine,
                                            const scull_runtime_options_t *options,
                                            scull_runtime_context_t **out, scull_diag_t *diag) {
  *out = NULL;
  scull_runtime_context_t *context = scull_base_alloc(sizeof *context);
  if (context == NULL)
    return scull_base_fail_memory(diag, "a context");
  context->engine = engine;
  context->threads = options->threads > 0 ? options->threads : engine->plan.threads;
  scull_status_t status = take_lists(context, diag);
  if (status == SCULL_OK)
    status = take_arena(context, options, diag);
  if (status != SCULL_OK) {
    scull_runtime_context_destroy(context);
    return status;
  }
  *out = context;
  return SCULL_OK;
}

/* --- shapes and memory ------------------------------------------------------------------------ */

static scull_status_t check_port(size_t index, size_t count, const char *what, scull_diag_t *diag) {
  if (index < count)
    return SCULL_OK;
  return scull_base_fail(diag, SCULL_OUT_OF_RANGE, "%s %zu of %zu", what, index, count);
}

scull_status_t scull_runtime_set_shape(scull_runtime_context_t *context, size_t input,
                                       const scull_shape_t *shape, scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  SCULL_TRY(check_port(input, plan->input_count, "input", diag));
  const scull_plan_value_t *v = &plan->values[plan->inputs[input].value];
  if (shape->rank != v->opt.rank)
    return scull_base_fail(diag, SCULL_OUT_OF_RANGE, "input '%s' has %d dimensions, not %d",
                           plan->inputs[input].name, v->opt.rank, shape->rank);
  for (int32_t i = 0; i < shape->rank; i++) {
    if (shape->dim[i] < v->min.dim[i] || shape->dim[i] > v->max.dim[i])
      return scull_base_fail(diag, SCULL_OUT_OF_RANGE,
                             "input '%s', dimension %d: %lld lies outside %lld..%lld",
                             plan->inputs[input].name, i, (long long)shape->dim[i],
                             (long long)v->min.dim[i], (long long)v->max.dim[i]);
  }
  if (scull_tensor_shape_equal(shape, &context->input_shapes[input]))
    return SCULL_OK;
  context->input_shapes[input] = *shape;
  context->inputs[input] = NULL; /* its size was checked against the old shape */
  context->current = NULL;
  context->ran = false;
  return SCULL_OK;
}

static size_t port_bytes(const scull_runtime_context_t *context, uint32_t value,
                         const scull_shape_t *shape) {
  scull_type_t type = {.dtype = context->engine->plan.values[value].dtype, .shape = *shape};
  return scull_tensor_bytes(&type);
}

scull_status_t scull_runtime_set_input(scull_runtime_context_t *context, size_t input,
                                       const void *data, size_t size, scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  SCULL_TRY(check_port(input, plan->input_count, "input", diag));
  size_t need = port_bytes(context, plan->inputs[input].value, &context->input_shapes[input]);
  if (data == NULL || size != need)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "input '%s': %zu bytes where %zu are due",
                           plan->inputs[input].name, data == NULL ? 0 : size, need);
  context->inputs[input] = data;
  context->bound = false;
  return SCULL_OK;
}

scull_status_t scull_runtime_set_output(scull_runtime_context_t *context, size_t output, void *data,
                                        size_t size, scull_diag_t *diag) {
  SCULL_TRY(check_port(output, context->engine->plan.output_count, "output", diag));
  if (!context->given_outputs[output])
    scull_base_free(context->outputs[output]);
  context->outputs[output] = data;
  context->output_room[output] = data == NULL ? 0 : size;
  context->given_outputs[output] = data != NULL;
  context->bound = false;
  context->ran = false;
  return SCULL_OK;
}

const scull_shape_t *scull_runtime_input_shape(const scull_runtime_context_t *context,
                                               size_t input) {
  return &context->input_shapes[input];
}

const void *scull_runtime_input_data(const scull_runtime_context_t *context, size_t input) {
  return context->inputs[input];
}

void scull_runtime_set_hook(scull_runtime_context_t *context, scull_runtime_hook_t hook,
                            void *user) {
  context->hook = hook;
  context->hook_user = user;
}

/* --- preparing -------------------------------------------------------------------------------- */

static bool fits(const scull_runtime_context_t *context, const scull_variant_t *variant) {
  const scull_plan_t *plan = &context->engine->plan;
  if (variant == NULL || variant->threads != context->threads)
    return false;
  for (size_t i = 0; i < plan->input_count; i++) {
    if (!scull_tensor_shape_equal(&variant->shapes[plan->inputs[i].value],
                                  &context->input_shapes[i]))
      return false;
  }
  return true;
}

/* A slot that is free or holds what was not used for the longest time. */
static int oldest_slot(const scull_runtime_context_t *context) {
  int slot = 0;
  for (int i = 0; i < MAX_VARIANTS; i++) {
    if (context->variants[i] == NULL)
      return i;
    if (context->variants[i]->last_used < context->variants[slot]->last_used)
      slot = i;
  }
  return slot;
}

static scull_status_t find_variant(scull_runtime_context_t *context, scull_diag_t *diag) {
  for (int i = 0; i < MAX_VARIANTS; i++) {
    if (fits(context, context->variants[i])) {
      context->current = context->variants[i];
      return SCULL_OK;
    }
  }
  scull_variant_t *made = NULL;
  scull_base_threads_apply(context->threads);
  SCULL_TRY(scull_runtime_variant_create(context->engine, context->input_shapes, context->threads,
                                         &made, diag));
  int slot = oldest_slot(context);
  scull_runtime_variant_destroy(context->variants[slot]);
  context->variants[slot] = context->current = made;
  return SCULL_OK;
}

static scull_status_t make_room(scull_runtime_context_t *context, scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  const scull_variant_t *variant = context->current;
  if (variant->scratch > context->scratch_size) {
    char *scratch = scull_base_alloc_raw(variant->scratch);
    if (scratch == NULL)
      return scull_base_fail_memory(diag, "scratch memory");
    scull_base_free(context->scratch);
    context->scratch = scratch;
    context->scratch_size = variant->scratch;
  }
  for (size_t i = 0; i < plan->output_count; i++) {
    uint32_t value = plan->outputs[i].value;
    size_t need = port_bytes(context, value, &variant->shapes[value]);
    if (context->given_outputs[i] && context->output_room[i] < need)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                             "output '%s': %zu bytes where %zu are due", plan->outputs[i].name,
                             context->output_room[i], need);
    if (context->given_outputs[i] ||
        (context->outputs[i] != NULL && context->output_room[i] >= need))
      continue;
    scull_base_free(context->outputs[i]);
    context->output_room[i] = need;
    context->outputs[i] = scull_base_alloc_raw(need);
    if (context->outputs[i] == NULL)
      return scull_base_fail_memory(diag, "an output");
  }
  return SCULL_OK;
}

scull_status_t scull_runtime_prepare(scull_runtime_context_t *context, scull_diag_t *diag) {
  if (scull_base_threads_forked() && context->threads > 1) {
    context->threads = 1; /* the pool did not survive the fork; what was prepared counts on it */
    context->current = NULL;
  }
  if (context->current == NULL) {
    SCULL_TRY(find_variant(context, diag));
    context->bound = false;
  }
  if (!context->bound)
    SCULL_TRY(make_room(context, diag));
  context->current->last_used = ++context->clock;
  return SCULL_OK;
}

/* --- running ---------------------------------------------------------------------------------- */

static scull_status_t bind(scull_runtime_context_t *context, scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  for (size_t i = 0; i < plan->input_count; i++) {
    if (context->inputs[i] == NULL)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "input '%s' is not set",
                             plan->inputs[i].name);
  }
  scull_memory_map_t map = {.arena = context->arena,
                            .scratch = context->scratch,
                            .inputs = context->inputs,
                            .outputs = context->outputs};
  scull_runtime_variant_bind(context->engine, context->current, &map);
  context->bound = true;
  return SCULL_OK;
}

static scull_status_t run_step(scull_runtime_context_t *context, scull_ready_step_t *ready,
                               scull_diag_t *diag) {
  if (ready->tactic == NULL) {
    ready->call.diag = diag;
    return ready->call.def->reference(&ready->call);
  }
  scull_args_t args = {.inputs = ready->inputs,
                       .outputs = ready->outputs,
                       .packed = ready->packed,
                       .scratch = context->scratch};
  return ready->tactic->enqueue(ready->prepared.state, &args);
}

static scull_status_t run_watched(scull_runtime_context_t *context, size_t index,
                                  scull_ready_step_t *ready, scull_diag_t *diag) {
  uint64_t start = scull_base_now();
  SCULL_TRY(run_step(context, ready, diag));
  scull_runtime_event_t event = {.step = index,
                                 .microseconds = (double)(scull_base_now() - start) / 1e3,
                                 .plan_step = ready->plan_step,
                                 .outputs = ready->outputs,
                                 .shapes = ready->shapes};
  context->hook(context->hook_user, &event);
  return SCULL_OK;
}

/* Steps [begin, end) that run one after the other, within a team or alone. */
typedef struct {
  scull_runtime_context_t *context;
  size_t begin, end;
  scull_status_t status;
  scull_diag_t *diag;
} stretch_t;

static void run_stretch(void *user) {
  stretch_t *stretch = user;
  scull_runtime_context_t *context = stretch->context;
  for (size_t i = stretch->begin; i < stretch->end; i++) {
    scull_ready_step_t *ready = &context->current->steps[i];
    if (ready->plan_step->kind != SCULL_PLAN_RUN)
      continue;
    scull_status_t status = context->hook == NULL ? run_step(context, ready, stretch->diag)
                                                  : run_watched(context, i, ready, stretch->diag);
    if (status == SCULL_OK)
      continue;
    stretch->status =
        scull_base_fail(stretch->diag, status, "step '%s' (%s) failed", ready->plan_step->name,
                        ready->tactic == NULL ? "reference" : ready->tactic->name);
    return;
  }
}

/* The longest stretch from `begin` on in which either no step forks by itself or all do; *threads
 * is what a team for it should have, 1: none. */
static stretch_t next_stretch(scull_runtime_context_t *context, size_t begin, int *threads) {
  const scull_ready_step_t *steps = context->current->steps;
  const bool forks = steps[begin].prepared.forks;
  size_t end = begin, shared = 0;
  for (; end < context->engine->plan.step_count && steps[end].prepared.forks == forks; end++)
    shared += steps[end].threads > 1;
  *threads = forks || shared < 2 ? 1 : context->threads;
  return (stretch_t){.context = context, .begin = begin, .end = end};
}

scull_status_t scull_runtime_run(scull_runtime_context_t *context, scull_diag_t *diag) {
  context->ran = false; /* until all steps are through */
  SCULL_TRY(scull_runtime_prepare(context, diag));
  if (!context->bound)
    SCULL_TRY(bind(context, diag));
  scull_base_threads_apply(context->threads);
  for (size_t i = 0; i < context->engine->plan.step_count;) {
    int threads = 1;
    stretch_t stretch = next_stretch(context, i, &threads);
    stretch.diag = diag;
    if (threads > 1)
      scull_base_team_run(threads, run_stretch, &stretch);
    else
      run_stretch(&stretch);
    SCULL_TRY(stretch.status);
    i = stretch.end;
  }
  context->ran = true;
  return SCULL_OK;
}

scull_status_t scull_runtime_output(scull_runtime_context_t *context, size_t output,
                                    scull_tensor_t *out, scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  SCULL_TRY(check_port(output, plan->output_count, "output", diag));
  if (context->current == NULL)
    SCULL_TRY(scull_runtime_prepare(context, diag));
  uint32_t value = plan->outputs[output].value;
  *out = (scull_tensor_t){
      .type = {.dtype = plan->values[value].dtype, .shape = context->current->shapes[value]},
      .data = context->ran ? context->outputs[output] : NULL};
  return SCULL_OK;
}
