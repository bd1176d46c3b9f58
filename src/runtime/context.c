/* Contexts: shapes, memory, and the loop over the steps where the device is the processor. */
#include <string.h>

#include "base/thread.h"
#include "runtime/stretch.h"

enum { MAX_VARIANTS = 8 }; /* sets of shapes that stay prepared */

struct scull_runtime_context {
  const scull_runtime_engine_t *engine;
  int threads;
  char *arena;
  bool own_arena;
  char *scratch;
  size_t scratch_size;
  /* Of a discrete device: its stream, and memory of the host beside it. */
  scull_stream_t *stream;
  char *host_arena, *host_scratch;
  size_t host_scratch_size;
  bool *in_device, *out_device;   /* the caller's memory is the device's */
  void **bounce_in, **bounce_out; /* host memory where steps of the host need the caller's */
  bool *host_reads, *host_writes; /* by input, by output: a step of the host does */
  void **instead;                 /* by buffer: see scull_runtime_skip_copies */
  const void **keys;              /* the addresses that captured work depends on */
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
  scull_late_t *late; /* what only a run settles; NULL: nothing is */
  scull_runtime_hook_t hook;
  void *hook_user;
};

/* --- memory of the device and of its host ----------------------------------------------------- */

static const scull_backend_t *backend_of(const scull_runtime_context_t *context) {
  return context->engine->device->backend;
}

static scull_status_t device_alloc(const scull_runtime_context_t *context, size_t bytes,
                                   char **out) {
  void *memory = NULL;
  *out = NULL;
  SCULL_TRY(backend_of(context)->alloc(context->engine->device, bytes == 0 ? 1 : bytes, &memory));
  *out = memory;
  return SCULL_OK;
}

static void device_free(const scull_runtime_context_t *context, void *memory) {
  if (memory != NULL)
    backend_of(context)->free(context->engine->device, memory);
}

/* Memory of the host that a discrete device can copy from and to at full speed. */
static void *host_alloc(const scull_runtime_context_t *context, size_t bytes) {
  void *memory = NULL;
  if (backend_of(context)->alloc_host == NULL)
    return scull_base_alloc_raw(bytes);
  return backend_of(context)->alloc_host(context->engine->device, bytes == 0 ? 1 : bytes,
                                         &memory) == SCULL_OK
             ? memory
             : NULL;
}

static void host_free(const scull_runtime_context_t *context, void *memory) {
  if (backend_of(context)->free_host == NULL)
    scull_base_free(memory);
  else if (memory != NULL)
    backend_of(context)->free_host(context->engine->device, memory);
}

/* True for memory that kernels of a discrete device may be given. */
static bool is_in_device(const scull_runtime_context_t *context, const void *memory) {
  const scull_backend_t *backend = backend_of(context);
  return backend->discrete && backend->owns != NULL && memory != NULL &&
         backend->owns(context->engine->device, memory);
}

static void free_ports(scull_runtime_context_t *context) {
  const scull_plan_t *plan = &context->engine->plan;
  for (size_t i = 0; context->bounce_in != NULL && i < plan->input_count; i++)
    host_free(context, context->bounce_in[i]);
  for (size_t i = 0; context->bounce_out != NULL && i < plan->output_count; i++)
    host_free(context, context->bounce_out[i]);
  for (size_t i = 0; context->outputs != NULL && i < plan->output_count; i++) {
    if (!context->given_outputs[i])
      host_free(context, context->outputs[i]);
  }
}

void scull_runtime_context_destroy(scull_runtime_context_t *context) {
  if (context == NULL)
    return;
  if (context->stream != NULL && backend_of(context)->wait(context->stream) != SCULL_OK)
    context->ran = false; /* nothing of it is given out any more */
  for (int i = 0; i < MAX_VARIANTS; i++)
    scull_runtime_variant_destroy(context->engine, context->variants[i]);
  scull_runtime_late_destroy(context->late);
  free_ports(context);
  if (context->own_arena)
    device_free(context, context->arena);
  device_free(context, context->scratch);
  host_free(context, context->host_arena);
  scull_base_free(context->host_scratch);
  if (context->stream != NULL)
    backend_of(context)->stream_destroy(context->stream);
  scull_base_free(context->in_device);
  scull_base_free(context->out_device);
  scull_base_free(context->bounce_in);
  scull_base_free(context->bounce_out);
  scull_base_free(context->host_reads);
  scull_base_free(context->host_writes);
  scull_base_free(context->instead);
  scull_base_free(context->keys);
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
    scull_status_t status = device_alloc(context, need, &context->arena);
    return status == SCULL_OK ? status
                              : scull_base_fail(diag, status, "activations: %zu bytes", need);
  }
  if (options->arena_size < need || (uintptr_t)options->arena % SCULL_MEMORY_ALIGN != 0 ||
      (backend_of(context)->discrete && !is_in_device(context, options->arena)))
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                           "an arena of %zu bytes of the device, aligned to %d, is needed", need,
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

/* Which of the caller's tensors the host's own steps touch. */
static void mark_host_ports(scull_runtime_context_t *context) {
  const scull_plan_t *plan = &context->engine->plan;
  for (size_t i = 0; i < plan->step_count; i++) {
    const scull_plan_step_t *step = &plan->steps[i];
    bool of_host = step->kind == SCULL_PLAN_ON_HOST || step->late;
    for (size_t k = 0; of_host && k < step->site.value_count; k++) {
      if (step->bindings[k] == SCULL_PLAN_NONE)
        continue;
      const scull_plan_buffer_t *b = &plan->buffers[plan->values[step->bindings[k]].buffer];
      if (b->storage == SCULL_PLAN_INPUT)
        context->host_reads[b->index] = true;
      if (b->storage == SCULL_PLAN_OUTPUT)
        context->host_writes[b->index] = true;
    }
  }
}

/* What a context of a discrete device has besides. */
static scull_status_t take_lane(scull_runtime_context_t *context,
                                const scull_runtime_options_t *options, scull_diag_t *diag) {
  const scull_backend_t *backend = backend_of(context);
  const scull_plan_t *plan = &context->engine->plan;
  size_t in = plan->input_count + 1, out = plan->output_count + 1, bytes = 0;
  if (!backend->discrete)
    return SCULL_OK;
  context->in_device = scull_base_alloc(in * sizeof *context->in_device);
  context->out_device = scull_base_alloc(out * sizeof *context->out_device);
  context->bounce_in = scull_base_alloc(in * sizeof *context->bounce_in);
  context->bounce_out = scull_base_alloc(out * sizeof *context->bounce_out);
  context->host_reads = scull_base_alloc(in * sizeof *context->host_reads);
  context->host_writes = scull_base_alloc(out * sizeof *context->host_writes);
  context->instead = scull_base_alloc((plan->buffer_count + 1) * sizeof *context->instead);
  context->keys = scull_base_alloc((in + out + 2) * sizeof *context->keys);
  if (!scull_plan_host_bytes(plan, &bytes) || context->in_device == NULL ||
      context->out_device == NULL || context->bounce_in == NULL || context->bounce_out == NULL ||
      context->host_reads == NULL || context->host_writes == NULL || context->instead == NULL ||
      context->keys == NULL)
    return scull_base_fail_memory(diag, "a context");
  mark_host_ports(context);
  context->host_arena = host_alloc(context, bytes);
  if (context->host_arena == NULL)
    return scull_base_fail_memory(diag, "the host's activations");
  if (options->stream != NULL && backend->stream_wrap == NULL)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "%s takes no stream of the caller",
                           backend->name);
  scull_status_t status =
      options->stream != NULL
          ? backend->stream_wrap(context->engine->device, options->stream, &context->stream)
          : backend->stream_create(context->engine->device, &context->stream);
  return status == SCULL_OK ? status : scull_base_fail(diag, status, "a stream cannot be made");
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
  if (status == SCULL_OK)
    status = take_lane(context, options, diag);
  if (status == SCULL_OK)
    status = scull_runtime_late_create(engine, options, &context->late, diag);
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
  if (context->in_device != NULL)
    context->in_device[input] = is_in_device(context, data);
  context->bound = false;
  return SCULL_OK;
}

scull_status_t scull_runtime_set_output(scull_runtime_context_t *context, size_t output, void *data,
                                        size_t size, scull_diag_t *diag) {
  SCULL_TRY(check_port(output, context->engine->plan.output_count, "output", diag));
  if (!context->given_outputs[output])
    host_free(context, context->outputs[output]);
  if (context->out_device != NULL)
    context->out_device[output] = is_in_device(context, data);
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
  if (context->late != NULL)
    scull_runtime_late_watch(context->late, hook, user);
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

/* True for an output that lies in memory of the context's late values. */
static bool is_grown(const scull_plan_t *plan, size_t output) {
  const scull_plan_value_t *v = &plan->values[plan->outputs[output].value];
  return plan->buffers[v->buffer].storage >= SCULL_PLAN_BLOCK;
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
  if (context->stream != NULL)
    SCULL_TRY(backend_of(context)->wait(context->stream)); /* what is dropped may still run */
  scull_runtime_variant_destroy(context->engine, context->variants[slot]);
  context->variants[slot] = context->current = made;
  return SCULL_OK;
}

static scull_status_t make_scratch(scull_runtime_context_t *context, scull_diag_t *diag) {
  const scull_variant_t *variant = context->current;
  if (variant->scratch > context->scratch_size) {
    char *scratch = NULL;
    if (device_alloc(context, variant->scratch, &scratch) != SCULL_OK)
      return scull_base_fail_memory(diag, "scratch memory");
    device_free(context, context->scratch);
    context->scratch = scratch;
    context->scratch_size = variant->scratch;
  }
  if (variant->host_scratch > context->host_scratch_size) {
    char *scratch = scull_base_alloc_raw(variant->host_scratch);
    if (scratch == NULL)
      return scull_base_fail_memory(diag, "scratch memory");
    scull_base_free(context->host_scratch);
    context->host_scratch = scratch;
    context->host_scratch_size = variant->host_scratch;
  }
  return SCULL_OK;
}

/* Host memory for what the host's steps read from and write to the caller's device memory. */
static scull_status_t make_bounces(scull_runtime_context_t *context, scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  for (size_t i = 0; context->in_device != NULL && i < plan->input_count; i++) {
    host_free(context, context->bounce_in[i]);
    context->bounce_in[i] = NULL;
    if (!context->in_device[i] || !context->host_reads[i])
      continue;
    context->bounce_in[i] =
        host_alloc(context, port_bytes(context, plan->inputs[i].value, &context->input_shapes[i]));
    if (context->bounce_in[i] == NULL)
      return scull_base_fail_memory(diag, "an input");
  }
  for (size_t i = 0; context->out_device != NULL && i < plan->output_count; i++) {
    uint32_t value = plan->outputs[i].value;
    host_free(context, context->bounce_out[i]);
    context->bounce_out[i] = NULL;
    if (!context->out_device[i] || !context->host_writes[i])
      continue;
    context->bounce_out[i] =
        host_alloc(context, port_bytes(context, value, &context->current->shapes[value]));
    if (context->bounce_out[i] == NULL)
      return scull_base_fail_memory(diag, "an output");
  }
  return SCULL_OK;
}

static scull_status_t make_room(scull_runtime_context_t *context, scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  const scull_variant_t *variant = context->current;
  SCULL_TRY(make_scratch(context, diag));
  for (size_t i = 0; i < plan->output_count; i++) {
    uint32_t value = plan->outputs[i].value;
    if (is_grown(plan, i))
      continue; /* looked at after the run */
    size_t need = port_bytes(context, value, &variant->shapes[value]);
    if (context->given_outputs[i] && context->output_room[i] < need)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                             "output '%s': %zu bytes where %zu are due", plan->outputs[i].name,
                             context->output_room[i], need);
    if (context->given_outputs[i] ||
        (context->outputs[i] != NULL && context->output_room[i] >= need))
      continue;
    host_free(context, context->outputs[i]);
    context->output_room[i] = need;
    context->outputs[i] = host_alloc(context, need);
    if (context->outputs[i] == NULL)
      return scull_base_fail_memory(diag, "an output");
  }
  return make_bounces(context, diag);
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
  if (!context->bound && context->stream != NULL)
    SCULL_TRY(backend_of(context)->wait(context->stream)); /* memory may be given back below */
  if (!context->bound)
    SCULL_TRY(make_room(context, diag));
  context->current->last_used = ++context->clock;
  return SCULL_OK;
}

/* --- running ---------------------------------------------------------------------------------- */

/* The host's steps get the bounces; copies that are not needed are marked. */
static void bind_lane(scull_runtime_context_t *context) {
  const scull_plan_t *plan = &context->engine->plan;
  size_t n = 0;
  scull_runtime_skip_copies(context->engine, context->current, context->inputs, context->in_device,
                            context->outputs, context->out_device, context->instead);
  for (size_t i = 0; i < plan->buffer_count; i++) {
    const scull_plan_buffer_t *b = &plan->buffers[i];
    if (b->storage == SCULL_PLAN_INPUT && context->bounce_in[b->index] != NULL)
      context->instead[i] = context->bounce_in[b->index];
    if (b->storage == SCULL_PLAN_OUTPUT && context->bounce_out[b->index] != NULL)
      context->instead[i] = context->bounce_out[b->index];
  }
  context->keys[n++] = context->scratch;
  for (size_t i = 0; i < plan->input_count; i++)
    context->keys[n++] = context->in_device[i] ? context->inputs[i] : NULL;
  for (size_t i = 0; i < plan->output_count; i++)
    context->keys[n++] = context->out_device[i] ? context->outputs[i] : NULL;
}

static scull_status_t bind(scull_runtime_context_t *context, scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  for (size_t i = 0; i < plan->input_count; i++) {
    if (context->inputs[i] == NULL)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "input '%s' is not set",
                             plan->inputs[i].name);
  }
  scull_memory_map_t map = {.arena = context->arena,
                            .scratch = context->scratch,
                            .host_arena = context->host_arena,
                            .host_scratch = context->host_scratch,
                            .inputs = context->inputs,
                            .outputs = context->outputs,
                            .instead = context->instead};
  if (context->stream != NULL)
    bind_lane(context);
  scull_runtime_variant_bind(context->engine, context->current, &map);
  if (context->late != NULL)
    scull_runtime_late_bind(context->late, context->current, &map);
  context->bound = true;
  return SCULL_OK;
}

static scull_status_t run_step(scull_runtime_context_t *context, scull_ready_step_t *ready,
                               scull_diag_t *diag) {
  if (ready->plan_step->late)
    return scull_runtime_late_step(context->late, (size_t)(ready - context->current->steps), diag);
  if (ready->tactic == NULL) {
    ready->call.diag = diag;
    return ready->call.def->reference(&ready->call);
  }
  scull_args_t args = {.inputs = ready->inputs,
                       .outputs = ready->outputs,
                       .packed = ready->packed,
                       .scratch = context->scratch,
                       .next = ready->next,
                       .next_bytes = ready->next_bytes};
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
  if (ready->plan_step->kind == SCULL_PLAN_RUN)
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
    if (ready->plan_step->kind != SCULL_PLAN_RUN && !ready->plan_step->late)
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

/* The longest stretch from `begin` on in which either no step forks by itself or all do (late steps
 * may: who prepares them in the run says so then); *threads
 * is what a team for it should have, 1: none. */
static stretch_t next_stretch(scull_runtime_context_t *context, size_t begin, int *threads) {
  const scull_ready_step_t *steps = context->current->steps;
  const bool forks = steps[begin].prepared.forks, late = steps[begin].plan_step->late;
  size_t end = begin, shared = 0;
  for (; end < context->engine->plan.lists[0].count && steps[end].prepared.forks == forks &&
         steps[end].plan_step->late == late;
       end++)
    shared += steps[end].threads > 1;
  *threads = forks || late || shared < 2 ? 1 : context->threads;
  return (stretch_t){.context = context, .begin = begin, .end = end};
}

/* Every step in the calling thread, or from it. */
static scull_status_t run_here(scull_runtime_context_t *context, scull_diag_t *diag) {
  for (size_t i = 0; i < context->engine->plan.lists[0].count;) {
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
  return SCULL_OK;
}

/* Between the caller's device memory and the bounces: inputs before the run, outputs after it. */
static scull_status_t copy_bounces(scull_runtime_context_t *context, bool before,
                                   scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  scull_status_t status = SCULL_OK;
  for (size_t i = 0; before && i < plan->input_count && status == SCULL_OK; i++) {
    if (context->bounce_in[i] != NULL)
      status = backend_of(context)->copy(
          context->stream, context->bounce_in[i], context->inputs[i],
          port_bytes(context, plan->inputs[i].value, &context->input_shapes[i]));
  }
  for (size_t i = 0; !before && i < plan->output_count && status == SCULL_OK; i++) {
    uint32_t value = plan->outputs[i].value;
    if (context->bounce_out[i] != NULL)
      status =
          backend_of(context)->copy(context->stream, context->outputs[i], context->bounce_out[i],
                                    port_bytes(context, value, &context->current->shapes[value]));
  }
  return status == SCULL_OK ? status : scull_base_fail(diag, status, "a copy failed");
}

static scull_status_t run_lane(scull_runtime_context_t *context, scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  scull_lane_t lane = {.engine = context->engine,
                       .variant = context->current,
                       .stream = context->stream,
                       .scratch = context->scratch,
                       .host_scratch = context->host_scratch,
                       .keys = context->keys,
                       .key_count = 1 + plan->input_count + plan->output_count,
                       .clock = context->clock,
                       .late = context->late,
                       .hook = context->hook,
                       .hook_user = context->hook_user};
  SCULL_TRY(copy_bounces(context, true, diag));
  SCULL_TRY(scull_runtime_lane_run(&lane, diag));
  return copy_bounces(context, false, diag);
}

/* Late outputs that the caller wants in memory of its own. */
static scull_status_t give_grown(scull_runtime_context_t *context, scull_diag_t *diag) {
  const scull_plan_t *plan = &context->engine->plan;
  for (size_t i = 0; context->late != NULL && i < plan->output_count; i++) {
    uint32_t value = plan->outputs[i].value;
    if (!context->given_outputs[i] || !is_grown(plan, i))
      continue;
    size_t need = port_bytes(context, value, &context->current->shapes[value]);
    if (context->output_room[i] < need || scull_tensor_dtype_is_sequence(plan->values[value].dtype))
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                             "output '%s': %zu bytes where this run gave %zu",
                             plan->outputs[i].name, context->output_room[i], need);
    if (context->out_device != NULL && context->out_device[i])
      SCULL_TRY(backend_of(context)->copy(context->stream, context->outputs[i],
                                          scull_runtime_late_data(context->late, value), need));
    else if (need > 0)
      memcpy(context->outputs[i], scull_runtime_late_data(context->late, value), need);
  }
  return SCULL_OK;
}

scull_status_t scull_runtime_enqueue(scull_runtime_context_t *context, scull_diag_t *diag) {
  context->ran = false; /* until all steps are through */
  SCULL_TRY(scull_runtime_prepare(context, diag));
  if (!context->bound)
    SCULL_TRY(bind(context, diag));
  scull_base_threads_apply(context->threads);
  if (context->late != NULL)
    scull_runtime_late_begin(context->late);
  SCULL_TRY(context->stream == NULL ? run_here(context, diag) : run_lane(context, diag));
  SCULL_TRY(give_grown(context, diag));
  context->ran = true;
  return SCULL_OK;
}

scull_status_t scull_runtime_wait(scull_runtime_context_t *context, scull_diag_t *diag) {
  if (context->stream == NULL)
    return SCULL_OK;
  scull_status_t status = backend_of(context)->wait(context->stream);
  if (status == SCULL_OK)
    return status;
  context->ran = false;
  return scull_base_fail(diag, status,
                         "the run failed on the device (a profiler runs step by step "
                         "and names the one that fails)");
}

bool scull_runtime_is_asynchronous(const scull_runtime_context_t *context) {
  return context->stream != NULL;
}

scull_status_t scull_runtime_run(scull_runtime_context_t *context, scull_diag_t *diag) {
  scull_status_t status = scull_runtime_enqueue(context, diag);
  if (status != SCULL_OK) {
    if (context->stream != NULL && backend_of(context)->wait(context->stream) != SCULL_OK)
      return status; /* said already; nothing of the run is left on its way */
    return status;
  }
  return scull_runtime_wait(context, diag);
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
  if (context->ran && is_grown(plan, output) && !context->given_outputs[output])
    out->data = scull_runtime_late_data(context->late, value);
  return SCULL_OK;
}
