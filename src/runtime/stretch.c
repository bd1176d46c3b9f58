/* The run of a plan on a discrete device. Steps of the device are enqueued in stretches; a stretch
 * that has run once is captured with the addresses of the moment and replayed as long as they
 * stay (a bounded number of sets of addresses is kept). A step of the host waits for what was
 * enqueued before it. With a hook every step is enqueued alone, timed and waited for; what it takes
 * the host to enqueue is left out of the time by captured work. */
#include "runtime/stretch.h"

#include <string.h>

#include "base/thread.h"

enum { MAX_STRETCHES = 16 };

typedef struct scull_stretch {
  size_t begin;
  const void **keys;
  scull_replay_t *work;
  uint64_t last_used;
} stretch_t;

static void forget(const scull_runtime_engine_t *engine, stretch_t *stretch) {
  if (stretch->work != NULL)
    engine->device->backend->replay_destroy(stretch->work);
  scull_base_free(stretch->keys);
  *stretch = (stretch_t){0};
}

void scull_runtime_stretches_destroy(const scull_runtime_engine_t *engine,
                                     scull_variant_t *variant) {
  for (size_t i = 0; i < variant->stretch_count; i++)
    forget(engine, &variant->stretches[i]);
  scull_base_free(variant->stretches);
  variant->stretches = NULL;
  variant->stretch_count = 0;
}

/* --- copies that need not be ------------------------------------------------------------------ */

static const scull_plan_value_t *value_of(const scull_runtime_engine_t *engine,
                                          const scull_plan_step_t *step, bool output) {
  uint16_t k = output ? step->site.outputs[0] : step->site.ops[0].inputs[0];
  return &engine->plan.values[step->bindings[k]];
}

static bool is_aligned(const void *memory) {
  return (uintptr_t)memory % 256 == 0;
}

/* True when all that ever lies in the buffer fits into `room` bytes, without slices. */
static bool fits_into(const scull_runtime_engine_t *engine, const scull_variant_t *variant,
                      uint32_t buffer, size_t room) {
  for (size_t i = 0; i < engine->plan.value_count; i++) {
    const scull_plan_value_t *v = &engine->plan.values[i];
    size_t bytes = 0;
    if (v->buffer != buffer)
      continue;
    if (v->channel_total > 0 || !scull_plan_value_bytes(v, &variant->shapes[i], &bytes) ||
        bytes > room)
      return false;
  }
  return true;
}

void scull_runtime_skip_copies(const scull_runtime_engine_t *engine, scull_variant_t *variant,
                               const void *const *inputs, const bool *in_device,
                               void *const *outputs, const bool *out_device, void **instead) {
  const scull_plan_t *plan = &engine->plan;
  memset(instead, 0, plan->buffer_count * sizeof *instead);
  for (size_t i = 0; i < plan->step_count; i++) {
    scull_ready_step_t *ready = &variant->steps[i];
    if (plan->steps[i].kind != SCULL_PLAN_COPY)
      continue;
    uint32_t from = value_of(engine, &plan->steps[i], false)->buffer;
    uint32_t to = value_of(engine, &plan->steps[i], true)->buffer;
    const scull_plan_buffer_t *src = &plan->buffers[from], *dst = &plan->buffers[to];
    ready->skipped = false;
    if (src->storage == SCULL_PLAN_INPUT && dst->storage == SCULL_PLAN_ARENA &&
        in_device[src->index] && engine->writers[to] == 1 && is_aligned(inputs[src->index])) {
      instead[to] = scull_base_unconst(inputs[src->index]);
      ready->skipped = true;
    } else if (src->storage == SCULL_PLAN_ARENA && dst->storage == SCULL_PLAN_OUTPUT &&
               out_device[dst->index] && instead[from] == NULL && is_aligned(outputs[dst->index]) &&
               fits_into(engine, variant, from, ready->bytes)) {
      instead[from] = outputs[dst->index];
      ready->skipped = true;
    }
  }
}

/* --- one step --------------------------------------------------------------------------------- */

static scull_status_t enqueue_step(scull_lane_t *lane, const scull_ready_step_t *ready) {
  const scull_args_t args = {.inputs = ready->inputs,
                             .outputs = ready->outputs,
                             .packed = ready->packed,
                             .scratch = lane->scratch,
                             .stream = lane->stream};
  return ready->tactic->enqueue(ready->prepared.state, &args);
}

/* What the host does in the run: late steps, too. */
static bool is_of_host(const scull_ready_step_t *ready) {
  return ready->plan_step->kind == SCULL_PLAN_ON_HOST || ready->plan_step->late;
}

static scull_status_t run_on_host(scull_lane_t *lane, scull_ready_step_t *ready,
                                  scull_diag_t *diag) {
  if (ready->plan_step->late)
    return scull_runtime_late_step(lane->late, (size_t)(ready - lane->variant->steps), diag);
  if (ready->tactic == NULL) {
    ready->call.diag = diag;
    return ready->call.def->reference(&ready->call);
  }
  const scull_args_t args = {.inputs = ready->inputs,
                             .outputs = ready->outputs,
                             .packed = ready->packed,
                             .scratch = lane->host_scratch};
  return ready->tactic->enqueue(ready->prepared.state, &args);
}

static scull_status_t step_fails(const scull_ready_step_t *ready, scull_status_t status,
                                 scull_diag_t *diag) {
  return scull_base_fail(diag, status, "step '%s' (%s) failed", ready->plan_step->name,
                         ready->tactic == NULL ? "no tactic" : ready->tactic->name);
}

/* --- with a hook ------------------------------------------------------------------------------ */

/* Shows the step's results in host memory that lives during the call. */
static scull_status_t show(scull_lane_t *lane, size_t index, double microseconds) {
  const scull_backend_t *backend = lane->engine->device->backend;
  const scull_ready_step_t *ready = &lane->variant->steps[index];
  const scull_site_t *site = &ready->plan_step->site;
  scull_arena_t arena;
  scull_base_arena_init(&arena);
  void **copies = SCULL_ARENA_ARRAY(&arena, void *, site->output_count);
  scull_status_t status = copies == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
  for (size_t i = 0; i < site->output_count && status == SCULL_OK; i++) {
    const scull_plan_value_t *v =
        &lane->engine->plan.values[ready->plan_step->bindings[site->outputs[i]]];
    size_t bytes = 0, slice = scull_plan_slice_offset(v, ready->shapes[i]);
    if (!scull_plan_value_bytes(v, ready->shapes[i], &bytes) || slice > bytes)
      status = SCULL_INTERNAL;
    else if ((copies[i] = scull_base_arena_alloc(&arena, bytes - slice)) == NULL)
      status = SCULL_OUT_OF_MEMORY;
    else
      status = backend->copy(lane->stream, copies[i], ready->outputs[i], bytes - slice);
  }
  if (status == SCULL_OK)
    status = backend->wait(lane->stream);
  const scull_runtime_event_t event = {.step = index,
                                       .microseconds = microseconds,
                                       .plan_step = ready->plan_step,
                                       .outputs = copies,
                                       .shapes = ready->shapes};
  if (status == SCULL_OK)
    lane->hook(lane->hook_user, &event);
  scull_base_arena_deinit(&arena);
  return status;
}

/* The step as captured work, so that its time is the device's; NULL when it cannot be. */
static scull_replay_t *capture_step(scull_lane_t *lane, scull_ready_step_t *ready) {
  const scull_backend_t *backend = lane->engine->device->backend;
  scull_replay_t *work = NULL;
  if (ready->plan_step->kind != SCULL_PLAN_RUN || !lane->variant->warm ||
      backend->capture_begin == NULL || backend->capture_begin(lane->stream) != SCULL_OK)
    return NULL;
  scull_status_t status = enqueue_step(lane, ready);
  if (backend->capture_end(lane->stream, &work) != SCULL_OK)
    return NULL;
  if (status == SCULL_OK)
    return work;
  backend->replay_destroy(work);
  return NULL;
}

static scull_status_t watch_step(scull_lane_t *lane, size_t index, scull_diag_t *diag) {
  const scull_backend_t *backend = lane->engine->device->backend;
  scull_ready_step_t *ready = &lane->variant->steps[index];
  scull_event_t *from = NULL, *to = NULL;
  scull_replay_t *work = NULL;
  uint64_t start = scull_base_now();
  double microseconds = 0;
  scull_status_t status = SCULL_OK;
  if (is_of_host(ready)) {
    status = run_on_host(lane, ready, diag);
    microseconds = (double)(scull_base_now() - start) / 1e3;
  } else {
    work = capture_step(lane, ready);
    status = backend->mark(lane->stream, &from);
    if (status == SCULL_OK && ready->plan_step->kind == SCULL_PLAN_COPY)
      status = backend->copy(lane->stream, ready->outputs[0], ready->inputs[0], ready->bytes);
    else if (status == SCULL_OK)
      status = work != NULL ? backend->replay(work, lane->stream) : enqueue_step(lane, ready);
    if (status == SCULL_OK)
      status = backend->mark(lane->stream, &to);
  }
  if (status == SCULL_OK)
    status = backend->wait(lane->stream);
  if (work != NULL)
    backend->replay_destroy(work);
  if (status != SCULL_OK)
    return step_fails(ready, status, diag);
  if (from != NULL)
    microseconds = backend->elapsed(from, to);
  return show(lane, index, microseconds);
}

static scull_status_t run_watched(scull_lane_t *lane, scull_diag_t *diag) {
  SCULL_TRY(lane->engine->device->backend->wait(lane->stream));
  for (size_t i = 0; i < lane->engine->plan.lists[0].count; i++) {
    const scull_ready_step_t *ready = &lane->variant->steps[i];
    bool idle = ready->plan_step->kind == SCULL_PLAN_VIEW ||
                ready->plan_step->kind == SCULL_PLAN_AT_SHAPE || ready->skipped;
    bool shown = ready->plan_step->kind != SCULL_PLAN_CONTROL && !idle;
    if (shown)
      SCULL_TRY(watch_step(lane, i, diag));
    else if (is_of_host(ready))
      SCULL_TRY(run_on_host(lane, lane->variant->steps + i, diag));
  }
  lane->variant->warm = true;
  return SCULL_OK;
}

/* --- stretches -------------------------------------------------------------------------------- */

/* Past the last step that can be enqueued together with `begin`. */
static size_t end_of(const scull_lane_t *lane, size_t begin) {
  size_t i = begin;
  for (; i < lane->engine->plan.lists[0].count; i++) {
    const scull_ready_step_t *ready = &lane->variant->steps[i];
    uint8_t kind = ready->plan_step->kind;
    if (is_of_host(ready) || (kind == SCULL_PLAN_COPY && !ready->skipped))
      break;
  }
  return i;
}

static scull_status_t enqueue_range(scull_lane_t *lane, size_t begin, size_t end,
                                    scull_diag_t *diag) {
  for (size_t i = begin; i < end; i++) {
    const scull_ready_step_t *ready = &lane->variant->steps[i];
    if (ready->plan_step->kind != SCULL_PLAN_RUN)
      continue;
    scull_status_t status = enqueue_step(lane, ready);
    if (status != SCULL_OK)
      return step_fails(ready, status, diag);
  }
  return SCULL_OK;
}

static stretch_t *find_stretch(const scull_lane_t *lane, size_t begin) {
  for (size_t i = 0; i < lane->variant->stretch_count; i++) {
    stretch_t *s = &lane->variant->stretches[i];
    if (s->work != NULL && s->begin == begin &&
        memcmp(s->keys, lane->keys, lane->key_count * sizeof *s->keys) == 0)
      return s;
  }
  return NULL;
}

/* A free place, or the one that was not used for the longest time. */
static stretch_t *take_stretch(scull_lane_t *lane) {
  scull_variant_t *variant = lane->variant;
  if (variant->stretches == NULL)
    variant->stretches = scull_base_alloc(MAX_STRETCHES * sizeof *variant->stretches);
  if (variant->stretches == NULL)
    return NULL;
  stretch_t *oldest = &variant->stretches[0];
  if (variant->stretch_count < MAX_STRETCHES) {
    oldest = &variant->stretches[variant->stretch_count++];
  } else {
    for (size_t i = 1; i < MAX_STRETCHES; i++) {
      if (variant->stretches[i].last_used < oldest->last_used)
        oldest = &variant->stretches[i];
    }
  }
  forget(lane->engine, oldest);
  oldest->keys = scull_base_alloc((lane->key_count + 1) * sizeof *oldest->keys);
  return oldest->keys == NULL ? NULL : oldest;
}

/* Captured work for the steps; NULL with SCULL_OK when it cannot be captured. */
static scull_status_t capture(scull_lane_t *lane, size_t begin, size_t end, stretch_t **out,
                              scull_diag_t *diag) {
  const scull_backend_t *backend = lane->engine->device->backend;
  *out = NULL;
  stretch_t *s = take_stretch(lane);
  if (s == NULL)
    return scull_base_fail_memory(diag, "captured work");
  SCULL_TRY(backend->capture_begin(lane->stream));
  scull_status_t status = enqueue_range(lane, begin, end, NULL);
  scull_status_t ended = backend->capture_end(lane->stream, &s->work);
  if (status != SCULL_OK || ended != SCULL_OK) {
    forget(lane->engine, s);
    return SCULL_OK; /* enqueued step by step it will say what is wrong */
  }
  s->begin = begin;
  memcpy(s->keys, lane->keys, lane->key_count * sizeof *s->keys);
  *out = s;
  return SCULL_OK;
}

static scull_status_t run_stretch(scull_lane_t *lane, size_t begin, size_t end,
                                  scull_diag_t *diag) {
  const scull_backend_t *backend = lane->engine->device->backend;
  if (!lane->variant->warm || backend->capture_begin == NULL)
    return enqueue_range(lane, begin, end, diag);
  stretch_t *s = find_stretch(lane, begin);
  if (s == NULL)
    SCULL_TRY(capture(lane, begin, end, &s, diag));
  if (s == NULL)
    return enqueue_range(lane, begin, end, diag);
  s->last_used = lane->clock;
  scull_status_t status = backend->replay(s->work, lane->stream);
  return status == SCULL_OK ? status
                            : scull_base_fail(diag, status, "the captured work cannot be started");
}

static scull_status_t run_other(scull_lane_t *lane, scull_ready_step_t *ready, bool *busy,
                                scull_diag_t *diag) {
  const scull_backend_t *backend = lane->engine->device->backend;
  scull_status_t status = SCULL_OK;
  if (ready->plan_step->kind == SCULL_PLAN_COPY) {
    status = backend->copy(lane->stream, ready->outputs[0], ready->inputs[0], ready->bytes);
    *busy = true;
  } else {
    if (*busy)
      status = backend->wait(lane->stream);
    *busy = false;
    if (status == SCULL_OK)
      status = run_on_host(lane, ready, diag);
  }
  return status == SCULL_OK ? status : step_fails(ready, status, diag);
}

scull_status_t scull_runtime_lane_run(scull_lane_t *lane, scull_diag_t *diag) {
  size_t count = lane->engine->plan.lists[0].count;
  bool busy = true; /* the run before may still be on its way */
  if (lane->hook != NULL)
    return run_watched(lane, diag);
  for (size_t i = 0; i < count;) {
    size_t end = end_of(lane, i);
    if (end > i) {
      SCULL_TRY(run_stretch(lane, i, end, diag));
      busy = true;
      i = end;
    } else {
      SCULL_TRY(run_other(lane, &lane->variant->steps[i++], &busy, diag));
    }
  }
  lane->variant->warm = true;
  return SCULL_OK;
}
