/* Every context warms up, then all start together at a gate and run until the time is over. A
 * context belongs to one thread, so that thread creates and destroys it. Layers are timed in runs
 * of their own: the profiler must not slow down what is reported as latency. */
#define _POSIX_C_SOURCE 200809L
#include "measure.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console.h"

#define WARM_RUNS 2
#define WARM_SECONDS 0.2
#define LEAST_RUNS 5
#define PROFILE_RUNS 10

/* Where the workers meet before the clock starts. */
typedef struct gate {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int expected, arrived;
} gate_t;

typedef struct worker {
  scull_engine_t *engine;
  const cli_inputs_t *inputs;
  const cli_measure_options_t *options;
  gate_t *gate;
  pthread_t thread;
  double *samples; /* milliseconds */
  size_t count, room;
  double seconds; /* from the gate to the last run's end */
  scull_status_t status;
} worker_t;

static void gate_expect(gate_t *gate, int count) {
  pthread_mutex_lock(&gate->lock);
  gate->expected = count;
  pthread_cond_broadcast(&gate->changed);
  pthread_mutex_unlock(&gate->lock);
}

static void gate_pass(gate_t *gate) {
  pthread_mutex_lock(&gate->lock);
  gate->arrived++;
  pthread_cond_broadcast(&gate->changed);
  while (gate->arrived < gate->expected)
    pthread_cond_wait(&gate->changed, &gate->lock);
  pthread_mutex_unlock(&gate->lock);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static scull_status_t add_sample(worker_t *worker, double milliseconds) {
  if (worker->count == worker->room) {
    size_t room = worker->room ? 2 * worker->room : 1024;
    double *samples = realloc(worker->samples, room * sizeof *samples);
    if (!samples)
      return cli_fail_memory();
    worker->samples = samples;
    worker->room = room;
  }
  worker->samples[worker->count++] = milliseconds;
  return SCULL_OK;
}

static scull_status_t open_context(scull_engine_t *engine, const cli_inputs_t *inputs, int threads,
                                   scull_context_t **out) {
  scull_context_options_t options;
  scull_context_options_init(&options);
  options.threads = threads;
  CLI_TRY(cli_check(scull_context_create(engine, &options, out), "context"));
  CLI_TRY(cli_inputs_apply(inputs, *out));
  double end = now() + WARM_SECONDS;
  for (int i = 0; i < WARM_RUNS || now() < end; i++)
    CLI_TRY(cli_check(scull_context_run(*out), "run"));
  return SCULL_OK;
}

static scull_status_t run_until_over(worker_t *worker, scull_context_t *context) {
  double begin = now(), last = begin;
  while (worker->count < LEAST_RUNS || last - begin < worker->options->duration_s) {
    CLI_TRY(cli_check(scull_context_run(context), "run"));
    double end = now();
    CLI_TRY(add_sample(worker, 1e3 * (end - last)));
    last = end;
  }
  worker->seconds = last - begin;
  return SCULL_OK;
}

static void *work(void *user) {
  worker_t *worker = user;
  scull_context_t *context = NULL;
  worker->status = open_context(worker->engine, worker->inputs, worker->options->threads, &context);
  gate_pass(worker->gate); /* failed ones, too: the others wait for them */
  if (worker->status == SCULL_OK)
    worker->status = run_until_over(worker, context);
  scull_context_destroy(context);
  return NULL;
}

/* Runs the first worker here and the others in threads. */
static scull_status_t work_all(worker_t *workers, int count) {
  int started = 1;
  while (started < count &&
         pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
    started++;
  if (started < count) {
    workers[0].status = cli_fail(SCULL_IO, "cannot start %d threads", count);
    gate_expect(workers[0].gate, 0);
  } else {
    work(&workers[0]);
  }
  for (int i = 1; i < started; i++)
    pthread_join(workers[i].thread, NULL);
  for (int i = 0; i < started; i++)
    CLI_TRY(workers[i].status);
  return SCULL_OK;
}

/* --- statistics ------------------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Nearest rank. */
static double percentile(const double *sorted, size_t count, double share) {
  size_t rank = (size_t)(share * (double)(count - 1) + 0.5);
  return sorted[rank];
}

static scull_status_t summarize(const worker_t *workers, int count, cli_measure_t *out) {
  *out = (cli_measure_t){0};
  for (int i = 0; i < count; i++)
    out->runs += workers[i].count;
  double *all = malloc(out->runs * sizeof *all);
  if (!all)
    return cli_fail_memory();
  size_t used = 0;
  for (int i = 0; i < count; i++) {
    memcpy(all + used, workers[i].samples, workers[i].count * sizeof *all);
    used += workers[i].count;
    out->per_second += (double)workers[i].count / workers[i].seconds;
  }
  qsort(all, used, sizeof *all, compare_doubles);
  out->min = all[0];
  out->p10 = percentile(all, used, 0.10);
  out->median = percentile(all, used, 0.50);
  out->p90 = percentile(all, used, 0.90);
  out->p99 = percentile(all, used, 0.99);
  free(all);
  return SCULL_OK;
}

scull_status_t cli_measure_latency(scull_engine_t *engine, const cli_inputs_t *inputs,
                                   const cli_measure_options_t *options, cli_measure_t *out) {
  int count = options->contexts > 0 ? options->contexts : 1;
  gate_t gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, count, 0};
  worker_t *workers = calloc((size_t)count, sizeof *workers);
  if (!workers)
    return cli_fail_memory();
  for (int i = 0; i < count; i++)
    workers[i] = (worker_t){.engine = engine, .inputs = inputs, .options = options, .gate = &gate};
  scull_status_t status = work_all(workers, count);
  if (status == SCULL_OK)
    status = summarize(workers, count, out);
  for (int i = 0; i < count; i++)
    free(workers[i].samples);
  free(workers);
  return status;
}

/* --- layers ----------------------------------------------------------------------------------- */

typedef struct collector {
  cli_profile_t *profile;
  bool failed;
} collector_t;

static bool grow_profile(cli_profile_t *profile, size_t count) {
  if (count <= profile->count)
    return true;
  cli_layer_share_t *layers = realloc(profile->layers, count * sizeof *layers);
  if (!layers)
    return false;
  memset(layers + profile->count, 0, (count - profile->count) * sizeof *layers);
  profile->layers = layers;
  profile->count = count;
  return true;
}

static void take_time(void *user, const scull_layer_time_t *time) {
  collector_t *collector = user;
  if (!grow_profile(collector->profile, time->index + 1)) {
    collector->failed = true;
    return;
  }
  cli_layer_share_t *layer = &collector->profile->layers[time->index];
  if (!layer->layer) {
    layer->layer = strdup(time->layer);
    layer->tactic = strdup(time->tactic);
    collector->failed = collector->failed || !layer->layer || !layer->tactic;
  }
  layer->microseconds += time->microseconds / PROFILE_RUNS;
}

static scull_status_t profile_runs(scull_context_t *context, collector_t *collector) {
  CLI_TRY(cli_check(scull_context_set_profiler(context, take_time, collector), "profiler"));
  for (int i = 0; i < PROFILE_RUNS; i++)
    CLI_TRY(cli_check(scull_context_run(context), "run"));
  return collector->failed ? cli_fail_memory() : SCULL_OK;
}

static void fill_shares(cli_profile_t *profile) {
  double total = 0;
  for (size_t i = 0; i < profile->count; i++)
    total += profile->layers[i].microseconds;
  for (size_t i = 0; i < profile->count && total > 0; i++)
    profile->layers[i].share = profile->layers[i].microseconds / total;
}

scull_status_t cli_measure_layers(scull_engine_t *engine, const cli_inputs_t *inputs,
                                  const cli_measure_options_t *options, cli_profile_t *out) {
  scull_context_t *context = NULL;
  collector_t collector = {out, false};
  *out = (cli_profile_t){0};
  scull_status_t status = open_context(engine, inputs, options->threads, &context);
  if (status == SCULL_OK)
    status = profile_runs(context, &collector);
  scull_context_destroy(context);
  if (status == SCULL_OK)
    fill_shares(out);
  else
    cli_profile_deinit(out);
  return status;
}

void cli_profile_deinit(cli_profile_t *profile) {
  for (size_t i = 0; i < profile->count; i++) {
    free(profile->layers[i].layer);
    free(profile->layers[i].tactic);
  }
  free(profile->layers);
  *profile = (cli_profile_t){0};
}
