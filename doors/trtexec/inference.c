/* On the processor a run is one call: its enqueue ends where it begins, and nothing is copied. On a
 * GPU the enqueue is a call of its own; copies are part of the run. */
#define _POSIX_C_SOURCE 200809L
#include "inference.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console.h"
#include "engine.h"

/* What the streams share: they start together, as soon as the last is ready. */
typedef struct {
  const trtexec_options_t *options;
  scull_engine_t *engine;
  const trtexec_bindings_t *bindings;
  bool is_gpu;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int64_t waiting_for;
  double begin;
} start_t;

typedef struct {
  start_t *start;
  pthread_t thread;
  trtexec_trace_t *traces;
  size_t count, room;
  bool ok;
} stream_t;

static void pause_for(double milliseconds) {
  if (milliseconds <= 0)
    return;
  const double whole = milliseconds / 1e3;
  const struct timespec time = {.tv_sec = (time_t)whole,
                                .tv_nsec = (long)((whole - (double)(time_t)whole) * 1e9)};
  nanosleep(&time, NULL);
}

static bool add_trace(stream_t *s, trtexec_trace_t trace) {
  if (s->count == s->room) {
    const size_t room = s->room > 0 ? 2 * s->room : 1024;
    trtexec_trace_t *traces = realloc(s->traces, room * sizeof *traces);
    if (traces == NULL)
      return trtexec_fail_memory();
    s->traces = traces;
    s->room = room;
  }
  s->traces[s->count++] = trace;
  return true;
}

static bool run_once(const start_t *start, scull_context_t *context, trtexec_trace_t *out) {
  scull_status_t status = SCULL_OK;
  out->start = trtexec_now() - start->begin;
  out->enqueued = out->start;
  if (start->is_gpu) {
    status = scull_context_enqueue(context);
    out->enqueued = trtexec_now() - start->begin;
    if (status == SCULL_OK)
      status = scull_context_wait(context);
  } else {
    status = scull_context_run(context);
  }
  out->end = trtexec_now() - start->begin;
  return status == SCULL_OK || trtexec_fail_scull();
}

static bool run_stream(stream_t *s, scull_context_t *context) {
  const trtexec_options_t *o = s->start->options;
  const double end = o->warm_up_ms + 1e3 * o->duration_s;
  const bool forever = o->duration_s < 0;
  int64_t counted = 0;
  trtexec_trace_t trace = {0};
  while (forever || counted < o->iterations || trace.end < end || counted == 0) {
    if (!run_once(s->start, context, &trace) || (!forever && !add_trace(s, trace)))
      return false;
    counted += trace.start >= o->warm_up_ms;
    pause_for(o->idle_ms);
  }
  return true;
}

/* `count` streams have come, or never will. The lock is held. */
static void arrive(start_t *start, size_t count) {
  start->waiting_for -= (int64_t)count;
  if (start->waiting_for == 0) {
    start->begin = trtexec_now();
    pthread_cond_broadcast(&start->changed);
  }
}

/* Waits for all streams; those that failed arrive, too. */
static void meet(start_t *start) {
  pthread_mutex_lock(&start->lock);
  arrive(start, 1);
  while (start->waiting_for > 0)
    pthread_cond_wait(&start->changed, &start->lock);
  pthread_mutex_unlock(&start->lock);
}

static void *work(void *user) {
  stream_t *s = user;
  scull_context_t *context = NULL;
  s->ok =
      scull_context_create(s->start->engine, NULL, &context) == SCULL_OK || trtexec_fail_scull();
  s->ok = s->ok && trtexec_bindings_apply(s->start->bindings, context);
  meet(s->start);
  s->ok = s->ok && run_stream(s, context);
  scull_context_destroy(context);
  return NULL;
}

static int by_start(const void *a, const void *b) {
  const trtexec_trace_t *x = a, *y = b;
  return (x->start > y->start) - (x->start < y->start);
}

static bool gather(const trtexec_options_t *o, const stream_t *streams, size_t count,
                   trtexec_traces_t *out) {
  size_t all = 0;
  for (size_t i = 0; i < count; i++) {
    if (!streams[i].ok)
      return false;
    all += streams[i].count;
  }
  out->items = malloc((all + 1) * sizeof *out->items);
  if (out->items == NULL)
    return trtexec_fail_memory();
  for (size_t i = 0; i < count; i++) {
    if (streams[i].count > 0)
      memcpy(out->items + out->count, streams[i].traces, streams[i].count * sizeof *out->items);
    out->count += streams[i].count;
  }
  qsort(out->items, out->count, sizeof *out->items, by_start);
  while (out->warm_ups < out->count && out->items[out->warm_ups].start < o->warm_up_ms)
    out->warm_ups++;
  return true;
}

static bool is_gpu(const scull_engine_t *engine) {
  return strstr(scull_engine_report(engine), "\"device\": \"cuda") != NULL;
}

bool trtexec_inference_run(const trtexec_options_t *options, scull_engine_t *engine,
                           const trtexec_bindings_t *bindings, trtexec_traces_t *out) {
  const size_t count = (size_t)options->streams;
  stream_t *streams = calloc(count, sizeof *streams);
  start_t start = {.options = options,
                   .engine = engine,
                   .bindings = bindings,
                   .is_gpu = is_gpu(engine),
                   .lock = PTHREAD_MUTEX_INITIALIZER,
                   .changed = PTHREAD_COND_INITIALIZER,
                   .waiting_for = options->streams};
  size_t started = 1;
  *out = (trtexec_traces_t){0};
  if (streams == NULL)
    return trtexec_fail_memory();
  pause_for(options->sleep_ms);
  for (size_t i = 0; i < count; i++)
    streams[i].start = &start;
  while (started < count &&
         pthread_create(&streams[started].thread, NULL, work, &streams[started]) == 0)
    started++;
  pthread_mutex_lock(&start.lock);
  arrive(&start, count - started);
  pthread_mutex_unlock(&start.lock);
  work(&streams[0]);
  for (size_t i = 1; i < started; i++)
    pthread_join(streams[i].thread, NULL);
  bool ok = started == count || trtexec_fail("cannot start %zu threads", count);
  ok = ok && gather(options, streams, count, out);
  for (size_t i = 0; i < count; i++)
    free(streams[i].traces);
  free(streams);
  return ok;
}

void trtexec_traces_deinit(trtexec_traces_t *traces) {
  free(traces->items);
  *traces = (trtexec_traces_t){0};
}

scull_context_t *trtexec_inference_once(scull_engine_t *engine,
                                        const trtexec_bindings_t *bindings) {
  scull_context_t *context = NULL;
  bool ok = scull_context_create(engine, NULL, &context) == SCULL_OK || trtexec_fail_scull();
  ok = ok && trtexec_bindings_apply(bindings, context) &&
       (scull_context_run(context) == SCULL_OK || trtexec_fail_scull());
  if (ok)
    return context;
  scull_context_destroy(context);
  return NULL;
}

/* --- layers -------------------------------------------------------------------------------------
 */

typedef struct {
  trtexec_profile_t *profile;
  size_t run, runs;
  bool failed;
} profiling_t;

static trtexec_layer_t *layer_at(profiling_t *p, const scull_layer_time_t *time) {
  trtexec_profile_t *profile = p->profile;
  if (time->index >= profile->count) {
    trtexec_layer_t *items = realloc(profile->items, (time->index + 1) * sizeof *items);
    if (items == NULL)
      return NULL;
    memset(items + profile->count, 0, (time->index + 1 - profile->count) * sizeof *items);
    profile->items = items;
    profile->count = time->index + 1;
  }
  trtexec_layer_t *layer = &profile->items[time->index];
  if (layer->name == NULL) {
    layer->name = strdup(time->layer);
    layer->times = calloc(p->runs, sizeof *layer->times);
  }
  return layer->name == NULL || layer->times == NULL ? NULL : layer;
}

/* A layer of a loop comes more than once in a run: its times add up. */
static void take_time(void *user, const scull_layer_time_t *time) {
  profiling_t *p = user;
  trtexec_layer_t *layer = p->failed ? NULL : layer_at(p, time);
  p->failed = layer == NULL;
  if (layer != NULL)
    layer->times[p->run] += 1e-3 * time->microseconds;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static bool sum_up(trtexec_profile_t *profile) {
  size_t used = 0;
  for (size_t i = 0; i < profile->count; i++) {
    trtexec_layer_t layer = profile->items[i];
    if (layer.name == NULL) /* a step that is not run */
      continue;
    profile->items[used++] = layer;
  }
  profile->count = used;
  for (size_t i = 0; i < used; i++) {
    trtexec_layer_t *layer = &profile->items[i];
    for (size_t k = 0; k < profile->runs; k++)
      layer->total += layer->times[k];
    qsort(layer->times, profile->runs, sizeof *layer->times, by_value);
    const size_t middle = profile->runs / 2;
    layer->median = profile->runs % 2 == 1 ? layer->times[middle]
                                           : (layer->times[middle - 1] + layer->times[middle]) / 2;
    profile->total += layer->total;
  }
  return true;
}

bool trtexec_inference_profile(const trtexec_options_t *options, scull_engine_t *engine,
                               const trtexec_bindings_t *bindings, trtexec_profile_t *out) {
  *out = (trtexec_profile_t){.runs = options->iterations > 0 ? (size_t)options->iterations : 1};
  profiling_t p = {.profile = out, .runs = out->runs};
  scull_context_t *context = trtexec_inference_once(engine, bindings);
  if (context == NULL)
    return false;
  bool ok = scull_context_set_profiler(context, take_time, &p) == SCULL_OK || trtexec_fail_scull();
  for (; p.run < p.runs && ok; p.run++)
    ok = scull_context_run(context) == SCULL_OK || trtexec_fail_scull();
  scull_context_destroy(context);
  return ok && (!p.failed || trtexec_fail_memory()) && sum_up(out);
}

void trtexec_profile_deinit(trtexec_profile_t *profile) {
  for (size_t i = 0; i < profile->count; i++) {
    free(profile->items[i].name);
    free(profile->items[i].times);
  }
  free(profile->items);
  *profile = (trtexec_profile_t){0};
}

/* --- inner tensors ------------------------------------------------------------------------------
 */

typedef struct {
  const trtexec_pairs_t *files;
  bool failed;
} watching_t;

static void take_tensor(void *user, const char *name, const scull_tensor_view_t *tensor) {
  watching_t *w = user;
  char shape[TRTEXEC_DIMS_ROOM];
  const size_t element = trtexec_dtype_size(tensor->dtype);
  const size_t count = element == 0 ? 0 : tensor->size / element;
  double min = 0, max = 0, sum = 0;
  for (size_t i = 0; i < count; i++) {
    const double value = trtexec_element(tensor->data, tensor->dtype, i);
    min = i == 0 || value < min ? value : min;
    max = i == 0 || value > max ? value : max;
    sum += value;
  }
  trtexec_say('I', "Debug tensor %s: %s %s, min = %g, max = %g, mean = %g", name,
              trtexec_dims_text(tensor->rank, tensor->dims, shape),
              trtexec_dtype_name(tensor->dtype), min, max, count == 0 ? 0 : sum / (double)count);
  for (size_t i = 0; i < w->files->count; i++) {
    if (strcmp(w->files->items[i].name, name) == 0)
      w->failed =
          !trtexec_file_write(w->files->items[i].value, tensor->data, tensor->size) || w->failed;
  }
}

static bool watch_all(const trtexec_pairs_t *names, const trtexec_pairs_t *files,
                      scull_context_t *context) {
  watching_t w = {.files = files};
  for (size_t i = 0; i < names->count + files->count; i++) {
    const char *name =
        i < names->count ? names->items[i].name : files->items[i - names->count].name;
    if (scull_context_watch(context, name, take_tensor, &w) != SCULL_OK)
      return trtexec_fail_scull();
  }
  return (scull_context_run(context) == SCULL_OK || trtexec_fail_scull()) && !w.failed;
}

bool trtexec_inference_watch(const trtexec_options_t *options, scull_engine_t *engine,
                             const trtexec_bindings_t *bindings) {
  trtexec_pairs_t names = {0}, files = {0};
  scull_context_t *context = NULL;
  if (options->watched.count + options->saved_tensors.count == 0)
    return true;
  bool ok = trtexec_names_read(&options->watched, &names) &&
            trtexec_pairs_read(&options->saved_tensors, "saveDebugTensors", &files);
  ok = ok && (context = trtexec_inference_once(engine, bindings)) != NULL &&
       watch_all(&names, &files, context);
  scull_context_destroy(context);
  trtexec_pairs_deinit(&names);
  trtexec_pairs_deinit(&files);
  return ok;
}
