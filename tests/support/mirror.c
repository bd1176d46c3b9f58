/* The mirror backend. A captured piece of work is the list of its enqueues. */
#include "support/mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cpu/tactics.h"
#include "base/thread.h"

enum { TACTICS = 40, BLOCKS = 4096, MAX_PORTS = 16, MAX_CALLS = 256 };

typedef struct {
  char *memory;
  size_t bytes;
} block_t;

typedef struct {
  const scull_tactic_t *tactic; /* the CPU's */
  void *inner;
  size_t inputs, outputs, packed, scratch;
} state_t;

typedef struct {
  state_t *state;
  const void *inputs[MAX_PORTS];
  void *outputs[MAX_PORTS];
  scull_args_t args;
} call_t;

struct scull_replay {
  call_t calls[MAX_CALLS];
  size_t count;
};

struct scull_stream {
  scull_replay_t *recording;
  uint64_t events[SCULL_STREAM_EVENTS];
  size_t event;
};

static block_t blocks[BLOCKS];
static mirror_counts_t counts;
static scull_tactic_t tactics[TACTICS];
static const scull_tactic_t *list[TACTICS + 1];
static scull_backend_t backend;

mirror_counts_t mirror_counts(void) {
  return counts;
}

/* --- memory ----------------------------------------------------------------------------------- */

static scull_status_t alloc_mirror(scull_device_t *device, size_t bytes, void **out) {
  (void)device;
  *out = NULL;
  for (size_t i = 0; i < BLOCKS; i++) {
    if (blocks[i].memory != NULL)
      continue;
    blocks[i].bytes = (bytes + 256) / 256 * 256;
    blocks[i].memory = aligned_alloc(256, blocks[i].bytes);
    *out = blocks[i].memory;
    return *out == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
  }
  return SCULL_OUT_OF_MEMORY;
}

static void free_mirror(scull_device_t *device, void *memory) {
  (void)device;
  for (size_t i = 0; i < BLOCKS; i++) {
    if (blocks[i].memory != memory)
      continue;
    free(memory);
    blocks[i] = (block_t){0};
  }
}

static bool holds(const void *memory, size_t bytes) {
  const char *at = memory;
  for (size_t i = 0; i < BLOCKS; i++) {
    const block_t *b = &blocks[i];
    if (b->memory != NULL && at >= b->memory && at < b->memory + b->bytes)
      return bytes <= (size_t)(b->memory + b->bytes - at);
  }
  return false;
}

static bool owns(scull_device_t *device, const void *memory) {
  (void)device;
  return holds(memory, 0);
}

/* --- streams ---------------------------------------------------------------------------------- */

static scull_status_t stream_create(scull_device_t *device, scull_stream_t **out) {
  (void)device;
  *out = scull_base_alloc(sizeof **out);
  return *out == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
}

static void stream_destroy(scull_stream_t *stream) {
  scull_base_free(stream);
}

static scull_status_t copy(scull_stream_t *stream, void *dst, const void *src, size_t bytes) {
  counts.copies++;
  if (stream->recording != NULL)
    return SCULL_INTERNAL;
  memcpy(dst, src, bytes);
  return SCULL_OK;
}

static scull_status_t wait_mirror(scull_stream_t *stream) {
  (void)stream;
  counts.waits++;
  return SCULL_OK;
}

static scull_status_t mark(scull_stream_t *stream, scull_event_t **event) {
  uint64_t *slot = &stream->events[stream->event++ % SCULL_STREAM_EVENTS];
  *slot = scull_base_now();
  *event = (scull_event_t *)(void *)slot;
  return SCULL_OK;
}

static double elapsed(scull_event_t *from, scull_event_t *to) {
  uint64_t a = 0, b = 0;
  memcpy(&a, from, sizeof a);
  memcpy(&b, to, sizeof b);
  return (double)(b - a) / 1e3;
}

/* --- tactics ---------------------------------------------------------------------------------- */

static scull_status_t prepare_with(const scull_tactic_t *tactic, const scull_site_t *site,
                                   const scull_config_t *config, const scull_device_t *device,
                                   scull_prepared_t *out, scull_diag_t *diag) {
  state_t *state = scull_base_alloc(sizeof *state);
  scull_prepared_t inner = {0};
  if (state == NULL)
    return SCULL_OUT_OF_MEMORY;
  scull_status_t status = site->input_count > MAX_PORTS || site->output_count > MAX_PORTS
                              ? SCULL_UNSUPPORTED
                              : tactic->prepare(site, config, device->host, &inner, diag);
  if (status != SCULL_OK) {
    scull_base_free(state);
    return status;
  }
  *state = (state_t){.tactic = tactic,
                     .inner = inner.state,
                     .inputs = site->input_count,
                     .outputs = site->output_count,
                     .scratch = inner.scratch};
  *out = (scull_prepared_t){.state = state, .scratch = inner.scratch};
  return SCULL_OK;
}

static const char *failing;

void mirror_fail(const char *pattern) {
  failing = pattern;
}

static void check_memory(const state_t *state, const scull_args_t *args) {
  bool ok = args->stream != NULL;
  for (size_t i = 0; i < state->inputs; i++)
    ok = ok && holds(args->inputs[i], 1);
  for (size_t i = 0; i < state->outputs; i++)
    ok = ok && holds(args->outputs[i], 1);
  ok = ok && (args->packed == NULL || holds(args->packed, 1));
  ok = ok && (state->scratch == 0 || holds(args->scratch, state->scratch));
  counts.strays += !ok;
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  state_t *state = user;
  scull_replay_t *recording = args->stream == NULL ? NULL : args->stream->recording;
  check_memory(state, args);
  if (failing != NULL && scull_base_glob(failing, state->tactic->name))
    return SCULL_DEVICE;
  if (recording == NULL) {
    counts.enqueued++;
    return state->tactic->enqueue(state->inner, args);
  }
  if (recording->count == MAX_CALLS)
    return SCULL_UNSUPPORTED;
  call_t *call = &recording->calls[recording->count++];
  *call = (call_t){.state = state, .args = *args};
  memcpy(call->inputs, args->inputs, state->inputs * sizeof *call->inputs);
  memcpy(call->outputs, args->outputs, state->outputs * sizeof *call->outputs);
  return SCULL_OK;
}

static void release(void *user) {
  state_t *state = user;
  if (state->inner != NULL)
    state->tactic->release(state->inner);
  scull_base_free(state);
}

#define SCULL_TACTIC(name)                                                                         \
  static scull_status_t prepare_##name(const scull_site_t *site, const scull_config_t *config,     \
                                       const scull_device_t *device, scull_prepared_t *out,        \
                                       scull_diag_t *diag) {                                       \
    return prepare_with(&scull_tactic_cpu_##name, site, config, device, out, diag);                \
  }
#include "backend/cpu/tactics.def"
#undef SCULL_TACTIC

/* The CPU's facts are what its tactics ask for: the mirror's device has them, too. */
static void list_tactics(void) {
  size_t n = 0;
#define SCULL_TACTIC(name)                                                                         \
  tactics[n] = scull_tactic_cpu_##name;                                                            \
  tactics[n].prepare = prepare_##name;                                                             \
  tactics[n].enqueue = enqueue;                                                                    \
  tactics[n].release = release;                                                                    \
  list[n] = &tactics[n];                                                                           \
  n++;
#include "backend/cpu/tactics.def"
#undef SCULL_TACTIC
  list[n] = NULL;
}

/* --- captured work ---------------------------------------------------------------------------- */

static scull_status_t capture_begin(scull_stream_t *stream) {
  stream->recording = scull_base_alloc(sizeof *stream->recording);
  return stream->recording == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
}

static scull_status_t capture_end(scull_stream_t *stream, scull_replay_t **out) {
  *out = stream->recording;
  stream->recording = NULL;
  counts.captured++;
  return SCULL_OK;
}

static scull_status_t replay(scull_replay_t *work, scull_stream_t *stream) {
  counts.replayed++;
  for (size_t i = 0; i < work->count; i++) {
    call_t *call = &work->calls[i];
    call->args.inputs = call->inputs;
    call->args.outputs = call->outputs;
    call->args.stream = stream;
    SCULL_TRY(call->state->tactic->enqueue(call->state->inner, &call->args));
  }
  return SCULL_OK;
}

static void replay_destroy(scull_replay_t *work) {
  scull_base_free(work);
}

/* --- the device ------------------------------------------------------------------------------- */

static const char *absent(void) {
  return NULL;
}

static scull_status_t open_mirror(int index, scull_device_t **out, scull_diag_t *diag) {
  SCULL_TRY(scull_backend_cpu.open(index, out, diag));
  (*out)->backend = &backend;
  snprintf((*out)->libraries, sizeof(*out)->libraries, "none");
  return SCULL_OK;
}

static void close_mirror(scull_device_t *device) {
  scull_base_free(device);
}

void mirror_add(void) {
  list_tactics();
  counts = (mirror_counts_t){0};
  backend = (scull_backend_t){.name = "mirror",
                              .absent = absent,
                              .discrete = true,
                              .open = open_mirror,
                              .close = close_mirror,
                              .alloc = alloc_mirror,
                              .free = free_mirror,
                              .owns = owns,
                              .stream_create = stream_create,
                              .stream_destroy = stream_destroy,
                              .copy = copy,
                              .wait = wait_mirror,
                              .mark = mark,
                              .elapsed = elapsed,
                              .capture_begin = capture_begin,
                              .capture_end = capture_end,
                              .replay = replay,
                              .replay_destroy = replay_destroy,
                              .tactics = list};
  scull_backend_add(&backend);
}
