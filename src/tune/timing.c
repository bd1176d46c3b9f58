/* Measuring a tactic on a site as it would run inside a network: before each run the caches are
 * flooded with as many bytes as the rest of the network would move through them, then the inputs
 * are touched, because their producer has just written them. Of several runs the second fastest
 * counts: a neighbour on the machine only ever adds time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "tune/bench.h"

enum { MAX_SAMPLES = 32 };

scull_status_t scull_tune_timer_create(const scull_tune_options_t *options, scull_timer_t **out) {
  *out = NULL;
  scull_timer_t *timer = scull_base_alloc(sizeof *timer);
  if (timer == NULL)
    return SCULL_OUT_OF_MEMORY;
  timer->options = options;
  timer->is_cold = true;
  *out = timer;
  return SCULL_OK;
}

scull_device_t *scull_tune_native_device(const scull_tune_options_t *options) {
  return options->device->host == NULL ? options->device : options->device->host;
}

void scull_tune_timer_destroy(scull_timer_t *timer) {
  if (timer == NULL)
    return;
  scull_tune_bench_forget(timer);
  scull_base_free(timer->flood);
  scull_base_free(timer->random);
  scull_base_free(timer);
}

void scull_tune_timer_flood(scull_timer_t *timer, size_t network_bytes) {
  size_t limit = timer->options->device->l3_bytes * 3 / 2;
  limit = limit == 0 ? 32u << 20 : limit;
  limit = limit > 64u << 20 ? 64u << 20 : limit;
  timer->flood_bytes = network_bytes < limit ? network_bytes : limit;
}

/* --- memory ------------------------------------------------------------------------------------
 */

/* At least `bytes` of values that look like data: about normal, none denormal. */
scull_status_t scull_tune_random_bytes(scull_timer_t *timer, size_t bytes) {
  if (bytes <= timer->random_bytes)
    return SCULL_OK;
  scull_base_free(timer->random);
  timer->random_bytes = 0;
  timer->random = scull_base_alloc_raw(bytes);
  if (timer->random == NULL)
    return SCULL_OUT_OF_MEMORY;
  uint32_t seed = 1;
  for (size_t i = 0; i < bytes / sizeof(float); i++) {
    float sum = -2;
    for (int k = 0; k < 4; k++) {
      seed = seed * 1664525u + 1013904223u;
      sum += (float)(seed >> 8) * 0x1p-24f;
    }
    timer->random[i] = sum;
  }
  timer->random_bytes = bytes;
  return SCULL_OK;
}

size_t scull_tune_value_bytes(const scull_site_value_t *v) {
  scull_type_t type = scull_backend_site_type(v, &v->opt);
  size_t bytes = 0;
  if (v->channel_total > 0)
    type.shape.dim[1] = v->channel_total;
  if (!scull_backend_layout_bytes(&type, v->layout, &bytes))
    return 0;
  return bytes;
}

/* Tensors lie in memory of the device's own. */
static bool is_elsewhere(const scull_timer_t *timer) {
  return timer->options->device->backend->discrete;
}

/* Random bytes for the largest tensor: from here on they stay where they are. */
static scull_status_t reserve_random(scull_timer_t *timer, const scull_site_t *site) {
  size_t most = 0;
  for (size_t i = 0; i < site->value_count; i++) {
    size_t bytes = scull_tune_value_bytes(&site->values[i]);
    if (is_elsewhere(timer) && !site->values[i].is_constant)
      continue; /* lies on the device */
    most = bytes > most ? bytes : most;
  }
  return scull_tune_random_bytes(timer, most + 64);
}

/* Numbers as the format has them: bf16 is the upper half of an f32, any byte is a small integer.
 * Other integers stay 0, which every index accepts. */
static void fill_port(const scull_timer_t *timer, const scull_site_value_t *v, void *port,
                      size_t bytes) {
  const scull_dtype_t stored = scull_backend_site_stored(v);
  const uint32_t *random = (const uint32_t *)(const void *)timer->random;
  if (stored == SCULL_DTYPE_BF16 || stored == SCULL_DTYPE_F16) {
    uint16_t *out = port;
    for (size_t i = 0; i < bytes / 2; i++)
      out[i] = stored == SCULL_DTYPE_BF16 ? (uint16_t)(random[i / 2] >> 16)
                                          : scull_tensor_f32_to_f16(timer->random[i / 2]);
  } else if (v->as == SCULL_AS_INT8) {
    uint8_t *out = port;
    for (size_t i = 0; i < bytes; i++)
      out[i] = (uint8_t)(random[i / 4] >> (4 + i % 4 * 4));
  } else if (scull_tensor_dtype_is_float(stored)) {
    memcpy(port, timer->random, bytes);
  }
}

static scull_status_t take_ports(scull_bench_t *b, const scull_timer_t *timer) {
  const scull_site_t *site = &b->site;
  b->inputs = SCULL_ARENA_ARRAY(&b->arena, void *, site->input_count);
  b->outputs = SCULL_ARENA_ARRAY(&b->arena, void *, site->output_count);
  if (b->inputs == NULL || b->outputs == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; i < site->input_count; i++) {
    const scull_site_value_t *v = &site->values[site->inputs[i]];
    size_t bytes = scull_tune_value_bytes(v);
    b->inputs[i] = scull_base_arena_alloc(&b->arena, bytes + 4096);
    if (b->inputs[i] == NULL)
      return SCULL_OUT_OF_MEMORY;
    fill_port(timer, v, b->inputs[i], bytes);
  }
  for (size_t i = 0; i < site->output_count; i++) {
    b->outputs[i] = scull_base_arena_alloc(
        &b->arena, scull_tune_value_bytes(&site->values[site->outputs[i]]) + 4096);
    if (b->outputs[i] == NULL)
      return SCULL_OUT_OF_MEMORY;
  }
  return SCULL_OK;
}

/* Random weights take the same time as real ones; integers become 0, which every index accepts. */
static scull_status_t take_constants(scull_bench_t *b, scull_timer_t *timer) {
  for (size_t i = 0; i < b->site.value_count; i++) {
    scull_site_value_t *v = &b->site.values[i];
    if (!v->is_constant || v->data != NULL)
      continue;
    SCULL_TRY(reserve_random(timer, &b->site)); /* once: it is large enough then */
    if (scull_tensor_dtype_is_float(v->dtype))
      v->data = timer->random;
    else
      v->data = scull_base_arena_alloc(&b->arena, scull_tune_value_bytes(v) + 4096);
    if (v->data == NULL)
      return SCULL_OUT_OF_MEMORY;
  }
  return SCULL_OK;
}

static scull_status_t pack(scull_bench_t *b, const scull_timer_t *timer,
                           const scull_tactic_t *tactic, const scull_config_t *config) {
  if (tactic->pack == NULL)
    return SCULL_OK;
  SCULL_TRY(tactic->pack_size(&b->site, config, timer->options->device, &b->packed_bytes));
  b->packed = scull_base_alloc_raw(b->packed_bytes);
  if (b->packed == NULL)
    return SCULL_OUT_OF_MEMORY;
  return tactic->pack(&b->site, config, timer->options->device, b->packed);
}

/* --- preparing ----------------------------------------------------------------------------------
 */

/* A copy of the site whose values may be changed. */
static scull_status_t copy_site(const scull_site_t *site, scull_arena_t *arena, scull_site_t *out) {
  *out = *site;
  out->values =
      scull_base_arena_copy(arena, site->values, site->value_count * sizeof *site->values);
  return out->values == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
}

/* Can the tactic be prepared at the smallest (largest) shapes, with the layouts as they are? */
static scull_status_t try_end(const scull_site_t *site, bool largest, const scull_device_t *device,
                              const scull_tactic_t *tactic, const scull_config_t *config) {
  scull_arena_t arena;
  scull_site_t end;
  scull_prepared_t prepared = {0};
  scull_base_arena_init(&arena);
  scull_status_t status = copy_site(site, &arena, &end);
  if (status == SCULL_OK) {
    for (size_t i = 0; i < end.value_count; i++) {
      scull_site_value_t *v = &end.values[i];
      v->opt = largest ? v->max : v->min;
      if (tactic->pack != NULL && v->is_constant &&
          scull_tune_value_bytes(v) > SCULL_SITE_SMALL_BYTES)
        v->data = NULL; /* as at run time */
    }
    status = tactic->prepare(&end, config, device, &prepared, NULL);
  }
  if (status == SCULL_OK && prepared.state != NULL)
    tactic->release(prepared.state);
  scull_base_arena_deinit(&arena);
  return status;
}

static bool is_fixed(const scull_site_t *site) {
  for (size_t i = 0; i < site->value_count; i++) {
    if (!scull_backend_site_fixed(&site->values[i]))
      return false;
  }
  return true;
}

static scull_status_t prepare(scull_bench_t *b, const scull_timer_t *timer,
                              const scull_device_t *device, const scull_tactic_t *tactic,
                              const scull_config_t *config, const char **reason) {
  scull_base_threads_apply(b->site.threads);
  scull_status_t status = tactic->prepare(&b->site, config, device, &b->prepared, NULL);
  if (status != SCULL_OK) {
    *reason = "cannot be prepared in this configuration";
    return status == SCULL_OUT_OF_MEMORY ? status : SCULL_UNSUPPORTED;
  }
  if (timer->options->workspace > 0 && b->prepared.scratch > timer->options->workspace) {
    *reason = "wants more workspace than the limit";
    return SCULL_UNSUPPORTED;
  }
  if (!is_fixed(&b->site) && (try_end(&b->site, false, device, tactic, config) != SCULL_OK ||
                              try_end(&b->site, true, device, tactic, config) != SCULL_OK)) {
    *reason = "cannot be prepared over the whole range of shapes";
    return SCULL_UNSUPPORTED;
  }
  return SCULL_OK;
}

static void bench_deinit(scull_bench_t *b, const scull_tactic_t *tactic) {
  if (b->prepared.state != NULL)
    tactic->release(b->prepared.state);
  if (b->site.shared != NULL)
    tactic->unshare(b->site.shared);
  scull_base_free(b->packed);
  scull_base_free(b->scratch);
  scull_base_arena_deinit(&b->arena);
}

/* A copy of the site, prepared. A tactic that packs nothing sees all constants, as it will. */
static scull_status_t bench_init(scull_bench_t *b, scull_timer_t *timer, const scull_site_t *site,
                                 const scull_device_t *device, const scull_tactic_t *tactic,
                                 const scull_config_t *config, const char **reason) {
  *b = (scull_bench_t){0};
  *reason = "failed";
  SCULL_TRY(copy_site(site, &b->arena, &b->site));
  if (tactic->pack == NULL)
    SCULL_TRY(take_constants(b, timer));
  if (tactic->share != NULL)
    SCULL_TRY(tactic->share(&b->site, config, device, &b->site.shared, NULL));
  return prepare(b, timer, device, tactic, config, reason);
}

scull_status_t scull_tune_try(scull_timer_t *timer, const scull_site_t *site,
                              const scull_device_t *device, const scull_tactic_t *tactic,
                              const scull_config_t *config, const char **reason) {
  scull_bench_t b;
  scull_status_t status = bench_init(&b, timer, site, device, tactic, config, reason);
  bench_deinit(&b, tactic);
  return status;
}

/* --- running ------------------------------------------------------------------------------------
 */

typedef struct {
  const char *data;
  uint64_t sums[64]; /* keeps the reads alive */
} touch_t;

static void touch_range(void *user, int64_t begin, int64_t end, int thread) {
  touch_t *touch = user;
  const uint64_t *words = (const uint64_t *)(const void *)touch->data;
  uint64_t sum = 0;
  for (int64_t line = begin; line < end; line++)
    sum += words[line * 8];
  touch->sums[thread % 64] += sum;
}

static void touch(const void *data, size_t bytes, int threads) {
  touch_t job = {.data = data};
  scull_base_parallel_for(threads, (int64_t)(bytes / 64), touch_range, &job);
  __asm__ volatile("" : : "r"(&job) : "memory");
}

static scull_status_t flood(scull_timer_t *timer) {
  if (timer->flood_bytes == 0)
    return SCULL_OK;
  if (timer->flood == NULL) {
    timer->flood = scull_base_alloc(timer->flood_bytes);
    if (timer->flood == NULL)
      return SCULL_OUT_OF_MEMORY;
  }
  touch(timer->flood, timer->flood_bytes, timer->options->threads);
  return SCULL_OK;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static scull_status_t one_run(scull_timer_t *timer, const scull_bench_t *b,
                              const scull_args_t *args, const scull_tactic_t *tactic, double *out) {
  const scull_backend_t *backend = timer->options->device->backend;
  scull_event_t *from = NULL, *to = NULL;
  SCULL_TRY(flood(timer));
  for (size_t i = 0; i < b->site.input_count; i++)
    touch(b->inputs[i], scull_tune_value_bytes(&b->site.values[b->site.inputs[i]]),
          timer->options->threads);
  for (size_t i = 0; i < b->site.output_count; i++)
    touch(b->outputs[i], scull_tune_value_bytes(&b->site.values[b->site.outputs[i]]),
          timer->options->threads);
  SCULL_TRY(backend->mark(NULL, &from));
  SCULL_TRY(tactic->enqueue(b->prepared.state, args));
  SCULL_TRY(backend->mark(NULL, &to));
  SCULL_TRY(backend->wait(NULL));
  *out = backend->elapsed(from, to);
  return SCULL_OK;
}

/* The first parallel regions of a process run on threads that are not awake yet: for up to a tenth
 * of a second the second one adds nothing. Small networks hardly fork. */
static scull_status_t warm_up(scull_timer_t *timer) {
  const uint64_t enough = 150000000; /* nanoseconds */
  const uint64_t begin = scull_base_now();
  while (timer->is_cold && timer->flood_bytes > 4u << 20 && scull_base_now() - begin < enough)
    SCULL_TRY(flood(timer));
  timer->is_cold = false;
  return SCULL_OK;
}

static scull_status_t sample(scull_timer_t *timer, const scull_bench_t *b,
                             const scull_tactic_t *tactic, double best, double *out) {
  const double hopeless = 1.4, lost = 5; /* times the best so far; lost: cold, in its first run */
  const double enough = 30e3;            /* of microseconds, of which noise is a small part */
  double samples[MAX_SAMPLES], sum = 0, first = 0, again = 0, least_time = HUGE_VAL;
  int count = 0, least = timer->options->level == SCULL_TUNE_LEVEL_FULL ? 9 : 5;
  scull_args_t args = {.inputs = (const void *const *)b->inputs,
                       .outputs = b->outputs,
                       .packed = b->packed,
                       .scratch = b->scratch};
  SCULL_TRY(warm_up(timer));
  SCULL_TRY(one_run(timer, b, &args, tactic, &first));
  if (best > 0 && first > lost * best && first < enough) { /* a neighbour may have come between */
    SCULL_TRY(one_run(timer, b, &args, tactic, &again));
    first = fmin(first, again);
  }
  if (best > 0 && first > lost * best) {
    *out = first;
    return SCULL_OK;
  }
  while (count < MAX_SAMPLES && (count < least || sum < 300) && (count < 3 || sum < enough)) {
    SCULL_TRY(one_run(timer, b, &args, tactic, &samples[count]));
    least_time = samples[count] < least_time ? samples[count] : least_time;
    sum += samples[count++];
    if (best > 0 && count >= 2 && least_time > hopeless * best)
      break;
  }
  qsort(samples, (size_t)count, sizeof samples[0], by_value);
  *out = samples[1];
  return SCULL_OK;
}

static scull_status_t bench_here(scull_timer_t *timer, scull_bench_t *b,
                                 const scull_tactic_t *tactic, double best, double *microseconds) {
  SCULL_TRY(take_ports(b, timer));
  b->scratch = scull_base_alloc_raw(b->prepared.scratch);
  if (b->scratch == NULL)
    return SCULL_OUT_OF_MEMORY;
  return sample(timer, b, tactic, best, microseconds);
}

scull_status_t scull_tune_measure(scull_timer_t *timer, const scull_site_t *site,
                                  const scull_tactic_t *tactic, const scull_config_t *config,
                                  double best, double *microseconds, const char **reason) {
  scull_bench_t b;
  *reason = "failed";
  SCULL_TRY(reserve_random(timer, site));
  scull_status_t status =
      bench_init(&b, timer, site, timer->options->device, tactic, config, reason);
  if (status == SCULL_OK)
    status = take_constants(&b, timer);
  if (status == SCULL_OK && !scull_tune_bench_knows(timer, site, tactic, config))
    status = pack(&b, timer, tactic, config);
  if (status == SCULL_OK)
    status = is_elsewhere(timer)
                 ? scull_tune_bench_device(timer, &b, tactic, config, best, microseconds)
                 : bench_here(timer, &b, tactic, best, microseconds);
  bench_deinit(&b, tactic);
  return status;
}
