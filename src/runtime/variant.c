/* Preparing a plan for actual shapes. */
#include "runtime/block.h"
#include "runtime/stretch.h"

#include <string.h>

void scull_runtime_variant_destroy(const scull_runtime_engine_t *engine, scull_variant_t *variant) {
  if (variant == NULL)
    return;
  scull_runtime_stretches_destroy(engine, variant);
  if (variant->device_shapes != NULL)
    engine->device->backend->free(engine->device, variant->device_shapes);
  /* steps NULL: creation failed before them; their count stands behind the last one's plan_step */
  for (scull_ready_step_t *step = variant->steps; step != NULL && step->plan_step != NULL; step++) {
    if (step->tactic != NULL && step->prepared.state != NULL)
      step->tactic->release(step->prepared.state);
  }
  scull_base_free(variant->shape_memory);
  scull_base_arena_deinit(&variant->arena);
  scull_base_free(variant);
}

/* Bytes of a value that are known before a run: constants and at-shape values. */
static void *known_bytes(const scull_runtime_engine_t *engine, const scull_variant_t *variant,
                         uint32_t id) {
  const scull_plan_value_t *v = &engine->plan.values[id];
  const scull_plan_buffer_t *b = &engine->plan.buffers[v->buffer];
  if (b->storage == SCULL_PLAN_CONSTANT)
    return scull_base_unconst(engine->plan.weights.data + b->offset);
  return b->storage == SCULL_PLAN_SHAPE ? variant->shape_memory + b->offset : NULL;
}

/* A copy of the step's site with actual shapes and known bytes, shape rules run. */
static scull_status_t actual_site(const scull_runtime_engine_t *engine, scull_variant_t *variant,
                                  const scull_plan_step_t *step, scull_site_t *site,
                                  scull_diag_t *diag) {
  *site = step->site;
  site->threads = variant->threads;
  site->values = scull_base_arena_copy(&variant->arena, step->site.values,
                                       step->site.value_count * sizeof *site->values);
  if (site->values == NULL)
    return scull_base_fail_memory(diag, "a step");
  for (size_t k = 0; k < site->value_count; k++) {
    uint32_t id = step->bindings[k];
    if (id == SCULL_PLAN_NONE)
      continue;
    site->values[k].opt = variant->shapes[id];
    site->values[k].data = known_bytes(engine, variant, id);
  }
  SCULL_TRY(scull_backend_site_infer(site, diag)); /* of a fixed plan, too: files can lie */
  site->threads = scull_backend_site_threads(site, variant->threads);
  for (size_t k = 0; k < site->value_count; k++) {
    uint32_t id = step->bindings[k];
    if (id == SCULL_PLAN_NONE)
      continue;
    size_t bytes = 0;
    const scull_plan_value_t *v = &engine->plan.values[id];
    variant->shapes[id] = site->values[k].opt;
    if (!scull_plan_value_bytes(v, &variant->shapes[id], &bytes) ||
        bytes > engine->plan.buffers[v->buffer].bytes)
      return scull_base_fail(diag, SCULL_OUT_OF_RANGE,
                             "step '%s': tensor '%s' is larger than the plan allows", step->name,
                             v->name);
  }
  return SCULL_OK;
}

/* The tensors of a reference call; memory is bound later. */
static scull_status_t make_call(scull_variant_t *variant, const scull_site_t *site,
                                const scull_plan_step_t *step, scull_op_call_t *call,
                                scull_diag_t *diag) {
  const scull_site_op_t *op = &site->ops[0];
  scull_tensor_t *inputs = SCULL_ARENA_ARRAY(&variant->arena, scull_tensor_t, op->input_count);
  scull_tensor_t *outputs = SCULL_ARENA_ARRAY(&variant->arena, scull_tensor_t, op->output_count);
  if (inputs == NULL || outputs == NULL)
    return scull_base_fail_memory(diag, "a step");
  if (!scull_backend_site_call(site, 0, inputs, op->input_count, outputs, op->output_count, call))
    return scull_base_fail(diag, SCULL_INTERNAL, "step '%s'", step->name);
  call->node = step->name;
  return SCULL_OK;
}

static size_t scratch_of(const scull_op_call_t *call) {
  return call->def->scratch == NULL ? 0 : call->def->scratch(call);
}

/* Computes the outputs of a step that depends on shapes only, into the shape memory. */
static scull_status_t run_at_shape(const scull_runtime_engine_t *engine, scull_variant_t *variant,
                                   scull_ready_step_t *ready, scull_diag_t *diag) {
  const scull_plan_step_t *step = ready->plan_step;
  scull_op_call_t *call = &ready->call;
  for (size_t i = 0; i < call->input_count; i++) {
    if (call->inputs[i].type.dtype != SCULL_DTYPE_NONE && call->inputs[i].data == NULL &&
        (call->def->traits & SCULL_OP_TYPE_ONLY) == 0)
      return scull_base_fail(diag, SCULL_CORRUPT, "step '%s' reads what only a run knows",
                             step->name);
  }
  for (size_t o = 0; o < call->output_count; o++) {
    uint32_t id = step->bindings[step->site.ops[0].outputs[o]];
    call->outputs[o].data = known_bytes(engine, variant, id);
    if (call->outputs[o].data == NULL)
      return scull_base_fail(diag, SCULL_CORRUPT, "step '%s' writes outside the shape memory",
                             step->name);
  }
  call->scratch = scull_base_arena_alloc(&variant->arena, scratch_of(call));
  if (call->scratch == NULL)
    return scull_base_fail_memory(diag, "a step");
  call->diag = diag;
  return call->def->reference(call);
}

scull_status_t scull_runtime_check_packed(const scull_runtime_engine_t *engine, size_t index,
                                          size_t bytes, scull_diag_t *diag) {
  const scull_plan_step_t *step = &engine->plan.steps[index];
  const scull_tactic_t *tactic = engine->tactics[index];
  if (tactic->pack_size == NULL)
    return SCULL_OK;
  if (bytes == 0) {
    scull_site_t planned = step->site; /* packing is decided at the plan's own shapes */
    planned.threads = engine->plan.threads;
    SCULL_TRY(tactic->pack_size(&planned, &step->config, scull_runtime_step_device(engine, step),
                                &bytes));
  }
  if (bytes <= step->packed_bytes)
    return SCULL_OK;
  return scull_base_fail(diag, SCULL_CORRUPT, "step '%s': %llu bytes of weights where %zu are read",
                         step->name, (unsigned long long)step->packed_bytes, bytes);
}

const scull_device_t *scull_runtime_step_device(const scull_runtime_engine_t *engine,
                                                const scull_plan_step_t *step) {
  return step->kind == SCULL_PLAN_ON_HOST ? engine->device->host : engine->device;
}

static scull_status_t size_copy(const scull_runtime_engine_t *engine,
                                const scull_variant_t *variant, scull_ready_step_t *ready,
                                scull_diag_t *diag) {
  uint32_t id = ready->plan_step->bindings[ready->plan_step->site.outputs[0]];
  if (!scull_plan_value_bytes(&engine->plan.values[id], &variant->shapes[id], &ready->bytes))
    return scull_base_fail(diag, SCULL_CORRUPT, "step '%s': an impossible size",
                           ready->plan_step->name);
  return SCULL_OK;
}

/* What depends on shapes only, where a discrete device can read it. */
static scull_status_t upload_shapes(const scull_runtime_engine_t *engine, scull_variant_t *variant,
                                    scull_diag_t *diag) {
  const scull_backend_t *backend = engine->device->backend;
  scull_stream_t *stream = NULL;
  size_t bytes = engine->plan.shape_bytes;
  if (!backend->discrete || bytes == 0)
    return SCULL_OK;
  scull_status_t status = backend->alloc(engine->device, bytes, &variant->device_shapes);
  if (status == SCULL_OK)
    status = backend->stream_create(engine->device, &stream);
  if (status == SCULL_OK)
    status = backend->copy(stream, variant->device_shapes, variant->shape_memory, bytes);
  if (status == SCULL_OK)
    status = backend->wait(stream);
  if (stream != NULL)
    backend->stream_destroy(stream);
  return status == SCULL_OK ? SCULL_OK : scull_base_fail(diag, status, "shapes: upload failed");
}

static scull_status_t prepare_step(const scull_runtime_engine_t *engine, scull_variant_t *variant,
                                   scull_ready_step_t *ready, scull_diag_t *diag) {
  const scull_plan_step_t *step = ready->plan_step;
  scull_site_t site;
  size_t scratch = 0;
  if (step->late)
    return SCULL_OK; /* in the run */
  SCULL_TRY(actual_site(engine, variant, step, &site, diag));
  if (step->kind == SCULL_PLAN_COPY)
    return size_copy(engine, variant, ready, diag);
  if (step->kind == SCULL_PLAN_VIEW)
    return SCULL_OK;
  if (ready->tactic != NULL) {
    scull_status_t status = ready->tactic->prepare(
        &site, &step->config, scull_runtime_step_device(engine, step), &ready->prepared, diag);
    if (status != SCULL_OK)
      return scull_base_fail(diag, status, "step '%s': tactic %s cannot be prepared", step->name,
                             step->tactic_name);
    SCULL_TRY(scull_runtime_check_packed(engine, (size_t)(ready - variant->steps),
                                         ready->prepared.packed, diag));
    scratch = ready->prepared.scratch;
    ready->threads = site.threads;
  } else {
    SCULL_TRY(make_call(variant, &site, step, &ready->call, diag));
    scratch = scratch_of(&ready->call);
    if (step->kind == SCULL_PLAN_AT_SHAPE)
      return run_at_shape(engine, variant, ready, diag);
  }
  size_t *most = step->kind == SCULL_PLAN_ON_HOST ? &variant->host_scratch : &variant->scratch;
  *most = scratch > *most ? scratch : *most;
  return SCULL_OK;
}

static scull_status_t make_lists(scull_variant_t *variant, scull_ready_step_t *ready,
                                 scull_diag_t *diag) {
  const scull_plan_step_t *step = ready->plan_step;
  scull_arena_t *arena = &variant->arena;
  ready->inputs = SCULL_ARENA_ARRAY(arena, const void *, step->site.input_count);
  ready->outputs = SCULL_ARENA_ARRAY(arena, void *, step->site.output_count);
  ready->shapes = SCULL_ARENA_ARRAY(arena, const scull_shape_t *, step->site.output_count);
  if (ready->inputs == NULL || ready->outputs == NULL || ready->shapes == NULL)
    return scull_base_fail_memory(diag, "a step");
  for (size_t i = 0; i < step->site.output_count; i++)
    ready->shapes[i] = &variant->shapes[step->bindings[step->site.outputs[i]]];
  return SCULL_OK;
}

/* The caller's memory is as large as the port's tensor: all that lies in it must fit. */
static scull_status_t check_ports(const scull_runtime_engine_t *engine,
                                  const scull_variant_t *variant, scull_diag_t *diag) {
  const scull_plan_t *plan = &engine->plan;
  for (size_t i = 0; i < plan->value_count; i++) {
    const scull_plan_value_t *v = &plan->values[i];
    const scull_plan_buffer_t *b = &plan->buffers[v->buffer];
    size_t bytes = 0, room = 0;
    if (v->late || (b->storage != SCULL_PLAN_INPUT && b->storage != SCULL_PLAN_OUTPUT))
      continue;
    uint32_t port = b->storage == SCULL_PLAN_INPUT ? plan->inputs[b->index].value
                                                   : plan->outputs[b->index].value;
    if (!scull_plan_value_bytes(v, &variant->shapes[i], &bytes) ||
        !scull_plan_value_bytes(&plan->values[port], &variant->shapes[port], &room) || bytes > room)
      return scull_base_fail(diag, SCULL_CORRUPT, "tensor '%s' is larger than the memory of '%s'",
                             v->name, plan->values[port].name);
  }
  return SCULL_OK;
}

/* Tells each step whose packed constants come next. */
static void set_next(const scull_plan_t *plan, scull_variant_t *variant) {
  const void *next = NULL;
  size_t bytes = 0;
  for (size_t i = plan->step_count; i-- > 0;) {
    scull_ready_step_t *ready = &variant->steps[i];
    ready->next = next;
    ready->next_bytes = bytes;
    if (ready->packed == NULL)
      continue;
    next = ready->packed;
    bytes = (size_t)plan->steps[i].packed_bytes;
  }
}

static scull_status_t fill(const scull_runtime_engine_t *engine, const scull_shape_t *input_shapes,
                           scull_variant_t *variant, scull_diag_t *diag) {
  const scull_plan_t *plan = &engine->plan;
  variant->shapes = SCULL_ARENA_ARRAY(&variant->arena, scull_shape_t, plan->value_count);
  variant->shape_memory = scull_base_alloc(plan->shape_bytes);
  variant->steps = SCULL_ARENA_ARRAY(&variant->arena, scull_ready_step_t, plan->step_count + 1);
  if (variant->shapes == NULL || variant->shape_memory == NULL || variant->steps == NULL)
    return scull_base_fail_memory(diag, "a context");
  for (size_t i = 0; i < plan->value_count; i++)
    variant->shapes[i] = plan->values[i].opt;
  for (size_t i = 0; i < plan->input_count; i++)
    variant->shapes[plan->inputs[i].value] = input_shapes[i];
  for (size_t i = 0; i < plan->step_count; i++) {
    scull_ready_step_t *ready = &variant->steps[i];
    ready->plan_step = &plan->steps[i];
    ready->tactic = engine->tactics[i];
    bool here = engine->weights == NULL || plan->steps[i].kind == SCULL_PLAN_ON_HOST;
    const char *weights = here ? (const char *)plan->weights.data : engine->weights;
    if (ready->tactic != NULL && ready->tactic->pack != NULL)
      ready->packed = weights + plan->steps[i].packed_offset;
    SCULL_TRY(make_lists(variant, ready, diag));
    SCULL_TRY(prepare_step(engine, variant, ready, diag));
  }
  if (engine->weights == NULL)
    set_next(plan, variant);
  SCULL_TRY(check_ports(engine, variant, diag));
  return upload_shapes(engine, variant, diag);
}

scull_status_t scull_runtime_variant_create(const scull_runtime_engine_t *engine,
                                            const scull_shape_t *input_shapes, int threads,
                                            scull_variant_t **out, scull_diag_t *diag) {
  *out = NULL;
  scull_variant_t *variant = scull_base_alloc(sizeof *variant);
  if (variant == NULL)
    return scull_base_fail_memory(diag, "a context");
  scull_base_arena_init(&variant->arena);
  variant->threads = threads;
  scull_status_t status = fill(engine, input_shapes, variant, diag);
  if (status != SCULL_OK) {
    scull_runtime_variant_destroy(engine, variant);
    return status;
  }
  *out = variant;
  return SCULL_OK;
}

/* --- pointers --------------------------------------------------------------------------------- */

void *scull_runtime_address(const scull_runtime_engine_t *engine, const scull_variant_t *variant,
                            const scull_memory_map_t *map, const scull_plan_step_t *step,
                            uint32_t id) {
  const scull_plan_value_t *v = &engine->plan.values[id];
  const scull_plan_buffer_t *b = &engine->plan.buffers[v->buffer];
  bool on_device = engine->device->backend->discrete && step->kind == SCULL_PLAN_RUN;
  size_t slice = scull_plan_slice_offset(v, &variant->shapes[id]);
  char *base = map->instead == NULL ? NULL : map->instead[v->buffer];
  if (base != NULL)
    return base + slice;
  switch ((scull_plan_storage_t)b->storage) {
  case SCULL_PLAN_ARENA: base = map->arena + b->offset; break;
  case SCULL_PLAN_HOST: base = map->host_arena + b->offset; break;
  case SCULL_PLAN_INPUT: base = scull_base_unconst(map->inputs[b->index]); break;
  case SCULL_PLAN_OUTPUT: base = map->outputs[b->index]; break;
  case SCULL_PLAN_CONSTANT:
    base = on_device ? (char *)engine->weights + b->offset : known_bytes(engine, variant, id);
    break;
  case SCULL_PLAN_SHAPE:
    base =
        on_device ? (char *)variant->device_shapes + b->offset : known_bytes(engine, variant, id);
    break;
  case SCULL_PLAN_BLOCK: base = map->blocks[b->index].data; break;
  case SCULL_PLAN_SEQUENCE: return map->sequences[b->index];
  case SCULL_PLAN_STORAGES: break;
  }
  return base == NULL ? NULL : base + slice;
}

static void bind_call(const scull_runtime_engine_t *engine, const scull_variant_t *variant,
                      const scull_memory_map_t *map, scull_ready_step_t *ready) {
  const scull_plan_step_t *step = ready->plan_step;
  const scull_site_op_t *op = &step->site.ops[0];
  scull_tensor_t *inputs =
      scull_base_unconst(ready->call.inputs); /* made by make_call, in the arena */
  for (size_t i = 0; i < op->input_count; i++) {
    if (op->inputs[i] != SCULL_SITE_ABSENT && step->bindings[op->inputs[i]] != SCULL_PLAN_NONE)
      inputs[i].data =
          scull_runtime_address(engine, variant, map, step, step->bindings[op->inputs[i]]);
  }
  for (size_t i = 0; i < op->output_count; i++)
    ready->call.outputs[i].data =
        scull_runtime_address(engine, variant, map, step, step->bindings[op->outputs[i]]);
  ready->call.scratch = step->kind == SCULL_PLAN_ON_HOST ? map->host_scratch : map->scratch;
}

void scull_runtime_variant_bind(const scull_runtime_engine_t *engine, scull_variant_t *variant,
                                const scull_memory_map_t *map) {
  for (size_t i = 0; i < engine->plan.step_count; i++) {
    scull_ready_step_t *ready = &variant->steps[i];
    const scull_plan_step_t *step = ready->plan_step;
    if (step->late || step->kind == SCULL_PLAN_VIEW || step->kind == SCULL_PLAN_AT_SHAPE)
      continue;
    for (size_t k = 0; k < step->site.input_count; k++)
      ready->inputs[k] =
          scull_runtime_address(engine, variant, map, step, step->bindings[step->site.inputs[k]]);
    for (size_t k = 0; k < step->site.output_count; k++)
      ready->outputs[k] =
          scull_runtime_address(engine, variant, map, step, step->bindings[step->site.outputs[k]]);
    if (ready->tactic == NULL && step->kind != SCULL_PLAN_COPY)
      bind_call(engine, variant, map, ready);
  }
}
