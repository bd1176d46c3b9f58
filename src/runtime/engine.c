/* Engines: a plan, the device it is for, and the tactics that its steps name. */
#include <stdio.h>
#include <string.h>

#include "runtime/variant.h"

scull_status_t scull_runtime_mismatch(const scull_plan_t *plan, const scull_device_t *device,
                                      char *buffer, size_t size, const char **why) {
  scull_text_t here = {0};
  *why = NULL;
  scull_plan_device(plan, device, &here);
  bool known = !here.failed;
  if (known && strcmp(scull_base_text_get(&here), plan->device) != 0) {
    snprintf(buffer, size, "it was tuned on \"%s\", this is \"%s\"", plan->device,
             scull_base_text_get(&here));
    *why = buffer;
  }
  scull_base_text_deinit(&here);
  for (size_t i = 0; i < plan->step_count && *why == NULL; i++) {
    const scull_plan_step_t *step = &plan->steps[i];
    if (step->tactic_name[0] == '\0')
      continue;
    const scull_device_t *own = step->kind == SCULL_PLAN_ON_HOST ? device->host : device;
    const scull_tactic_t *tactic =
        own == NULL ? NULL : scull_backend_tactic_find(own->backend, step->tactic_name);
    if (tactic == NULL || tactic->version != step->tactic_version) {
      snprintf(buffer, size, "step '%s' needs tactic %s version %u", step->name, step->tactic_name,
               step->tactic_version);
      *why = buffer;
    }
  }
  return known ? SCULL_OK : SCULL_OUT_OF_MEMORY;
}

/* Constants as they lie in the engine's own weights. */
static void point_at_constants(const scull_plan_t *plan, scull_plan_step_t *step) {
  for (size_t k = 0; k < step->site.value_count; k++) {
    scull_site_value_t *v = &step->site.values[k];
    if (v->is_constant && step->bindings[k] != SCULL_PLAN_NONE)
      v->data = plan->weights.data + plan->buffers[plan->values[step->bindings[k]].buffer].offset;
  }
}

/* What contexts of the engine use together, made by the steps' tactics. */
static scull_status_t share(scull_runtime_engine_t *engine, scull_diag_t *diag) {
  for (size_t i = 0; i < engine->plan.step_count; i++) {
    scull_plan_step_t *step = &engine->plan.steps[i];
    const scull_tactic_t *tactic = engine->tactics[i];
    if (tactic == NULL || tactic->share == NULL)
      continue;
    point_at_constants(&engine->plan, step);
    scull_status_t status =
        tactic->share(&step->site, &step->config, scull_runtime_step_device(engine, step),
                      &step->site.shared, diag);
    if (status != SCULL_OK)
      return scull_base_fail(diag, status, "step '%s': tactic %s cannot be set up", step->name,
                             step->tactic_name);
  }
  return SCULL_OK;
}

static void unshare(scull_runtime_engine_t *engine) {
  for (size_t i = 0; engine->tactics != NULL && i < engine->plan.step_count; i++) {
    scull_site_t *site = &engine->plan.steps[i].site;
    if (site->shared != NULL)
      engine->tactics[i]->unshare(site->shared);
    site->shared = NULL;
  }
}

void scull_runtime_engine_destroy(scull_runtime_engine_t *engine) {
  if (engine == NULL)
    return;
  unshare(engine);
  scull_base_free(engine->tactics);
  scull_base_free(engine->writers);
  if (engine->weights != NULL)
    engine->device->backend->free(engine->device, engine->weights);
  scull_backend_close(engine->device);
  scull_plan_deinit(&engine->plan);
  scull_base_free(engine);
}

/* Tactics trust a site that they have not refused; a plan is only a file. */
static const char *refusal(const scull_plan_step_t *step, const scull_tactic_t *tactic,
                           const scull_device_t *device) {
  if (!scull_backend_tactic_applies(tactic, &step->site))
    return "does not know the operator";
  for (size_t k = 0; k < step->site.value_count; k++) {
    const scull_site_value_t *v = &step->site.values[k];
    const scull_type_t type = {.dtype = v->dtype, .shape = v->opt};
    bool packed = tactic->pack != NULL && scull_tensor_bytes(&type) > SCULL_SITE_SMALL_BYTES;
    if (v->is_constant && !packed && step->bindings[k] == SCULL_PLAN_NONE)
      return "lacks a constant";
  }
  return tactic->refuse(&step->site, device);
}

static scull_status_t find_tactics(scull_runtime_engine_t *engine, scull_diag_t *diag) {
  const scull_plan_t *plan = &engine->plan;
  char words[512];
  const char *why = NULL;
  if (scull_runtime_mismatch(plan, engine->device, words, sizeof words, &why) != SCULL_OK)
    return scull_base_fail_memory(diag, "an engine");
  if (why != NULL)
    return scull_base_fail(diag, SCULL_NEEDS_BUILD, "the plan must be built again: %s", why);
  engine->tactics = scull_base_alloc((plan->step_count + 1) * sizeof *engine->tactics);
  if (engine->tactics == NULL)
    return scull_base_fail_memory(diag, "an engine");
  for (size_t i = 0; i < plan->step_count; i++) {
    const scull_plan_step_t *step = &plan->steps[i];
    if (step->tactic_name[0] == '\0')
      continue;
    const scull_device_t *own =
        step->kind == SCULL_PLAN_ON_HOST ? engine->device->host : engine->device;
    engine->tactics[i] = scull_backend_tactic_find(own->backend, step->tactic_name);
    why = refusal(step, engine->tactics[i], own);
    if (why != NULL)
      return scull_base_fail(diag, SCULL_CORRUPT, "step '%s': tactic %s %s", step->name,
                             step->tactic_name, why);
  }
  return SCULL_OK;
}

/* --- discrete devices ------------------------------------------------------------------------- */

/* Does a step touch what its side cannot reach? */
static const char *reach_fault(const scull_plan_t *plan, const scull_plan_step_t *step,
                               bool discrete) {
  if (!discrete)
    return step->kind == SCULL_PLAN_ON_HOST || step->kind == SCULL_PLAN_COPY ? "has another device"
                                                                             : NULL;
  if (step->kind == SCULL_PLAN_RUN && step->tactic_name[0] == '\0')
    return "has no tactic on a device that needs one";
  for (size_t k = 0; k < step->site.value_count; k++) {
    if (step->bindings[k] == SCULL_PLAN_NONE)
      continue;
    uint8_t storage = plan->buffers[plan->values[step->bindings[k]].buffer].storage;
    bool both = storage == SCULL_PLAN_CONSTANT || storage == SCULL_PLAN_SHAPE;
    bool device = storage == SCULL_PLAN_ARENA;
    if ((step->kind == SCULL_PLAN_RUN && !both && !device) ||
        (step->kind == SCULL_PLAN_ON_HOST && device))
      return "touches memory of the other side";
  }
  return NULL;
}

/* Who writes where, and whether everybody can. */
static scull_status_t check_reach(scull_runtime_engine_t *engine, scull_diag_t *diag) {
  const scull_plan_t *plan = &engine->plan;
  engine->writers = scull_base_alloc((plan->buffer_count + 1) * sizeof *engine->writers);
  if (engine->writers == NULL)
    return scull_base_fail_memory(diag, "an engine");
  for (size_t i = 0; i < plan->step_count; i++) {
    const scull_plan_step_t *step = &plan->steps[i];
    const char *why = reach_fault(plan, step, engine->device->backend->discrete);
    if (why != NULL)
      return scull_base_fail(diag, SCULL_CORRUPT, "step '%s' %s", step->name, why);
    for (size_t k = 0; step->kind != SCULL_PLAN_VIEW && k < step->site.output_count; k++)
      engine->writers[plan->values[step->bindings[step->site.outputs[k]]].buffer]++;
  }
  return SCULL_OK;
}

/* Once for all contexts. */
static scull_status_t upload_weights(scull_runtime_engine_t *engine, scull_diag_t *diag) {
  const scull_backend_t *backend = engine->device->backend;
  const scull_bytes_t weights = engine->plan.weights;
  scull_stream_t *stream = NULL;
  if (!backend->discrete || weights.size == 0)
    return SCULL_OK;
  scull_status_t status = backend->alloc(engine->device, weights.size, &engine->weights);
  if (status == SCULL_OK)
    status = backend->stream_create(engine->device, &stream);
  if (status == SCULL_OK)
    status = backend->copy(stream, engine->weights, weights.data, weights.size);
  if (status == SCULL_OK)
    status = backend->wait(stream);
  if (stream != NULL)
    backend->stream_destroy(stream);
  return status == SCULL_OK
             ? status
             : scull_base_fail(diag, status, "weights: %zu bytes cannot be uploaded", weights.size);
}

scull_status_t scull_runtime_engine_create(scull_plan_t *plan, int device_index,
                                           scull_runtime_engine_t **out, scull_diag_t *diag) {
  *out = NULL;
  const scull_backend_t *backend = scull_backend_find(plan->backend);
  scull_runtime_engine_t *engine = scull_base_alloc(sizeof *engine);
  if (engine == NULL || backend == NULL) {
    scull_status_t status =
        backend == NULL
            ? scull_base_fail(diag, SCULL_DEVICE, "no backend '%s' in this build", plan->backend)
            : scull_base_fail_memory(diag, "an engine");
    scull_base_free(engine);
    scull_plan_deinit(plan);
    return status;
  }
  engine->plan = *plan;
  scull_plan_init(plan);
  scull_status_t status = scull_backend_open(backend, device_index, &engine->device, diag);
  if (status == SCULL_OK)
    status = find_tactics(engine, diag);
  if (status == SCULL_OK)
    status = check_reach(engine, diag);
  if (status == SCULL_OK)
    status = upload_weights(engine, diag);
  if (status == SCULL_OK)
    status = share(engine, diag);
  if (status != SCULL_OK) {
    scull_runtime_engine_destroy(engine);
    return status;
  }
  *out = engine;
  return SCULL_OK;
}
