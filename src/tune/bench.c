/* Measuring on a device with memory of its own. One enqueue is too short to be timed between two
 * events, so several are captured into one piece of work and that is replayed, as the runtime does
 * with a whole network: launches overlap as they will then, and what fits into the device's cache
 * is warm, since a network that is replayed finds it so. Of several replays the second fastest
 * counts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tune/bench.h"

enum { REPEATS = 8, LEAST = 4, MOST = 12, CHUNK = 8 << 20 };
enum { LONG = 500 }; /* microseconds: such a run can be timed alone */

typedef struct {
  const scull_backend_t *backend;
  scull_device_t *device;
  scull_stream_t *stream;
  scull_replay_t *work; /* NULL: enqueued each time */
  void *packed, *scratch;
  bool keeps; /* packed is the timer's */
  int repeats;
} lane_t;

/* --- memory ------------------------------------------------------------------------------------
 */

static int block_of(scull_dtype_t dtype) {
  return dtype == SCULL_DTYPE_F32 ? 0 : dtype == SCULL_DTYPE_F16 ? 1 : 2;
}

/* The first piece of a block, on the host. */
static scull_status_t first_piece(scull_timer_t *timer, int index, char **out) {
  char *piece = scull_base_alloc(CHUNK);
  *out = piece;
  if (piece == NULL)
    return SCULL_OUT_OF_MEMORY;
  SCULL_TRY(scull_tune_random_bytes(timer, CHUNK));
  if (index == 0)
    memcpy(piece, timer->random, CHUNK);
  for (int64_t i = 0; index == 1 && i < CHUNK / 2; i++)
    scull_tensor_store(piece, SCULL_DTYPE_F16, i,
                       (double)timer->random[(i * 5 + 3) % (int64_t)(CHUNK / sizeof(float))]);
  return SCULL_OK;
}

/* At least `bytes` of a block: one piece from the host, the rest copied on the device. */
static scull_status_t grow_block(scull_timer_t *timer, const lane_t *lane, int index,
                                 size_t bytes) {
  char *piece = NULL, *memory = NULL;
  if (timer->blocks[index].bytes >= bytes)
    return SCULL_OK;
  if (timer->blocks[index].memory != NULL)
    lane->backend->free(lane->device, timer->blocks[index].memory);
  timer->blocks[index].memory = NULL;
  timer->blocks[index].bytes = 0;
  bytes = (bytes + CHUNK - 1) / CHUNK * CHUNK;
  SCULL_TRY(lane->backend->alloc(lane->device, bytes, &timer->blocks[index].memory));
  memory = timer->blocks[index].memory;
  scull_status_t status = first_piece(timer, index, &piece);
  if (status == SCULL_OK)
    status = lane->backend->copy(lane->stream, memory, piece, CHUNK);
  for (size_t at = CHUNK; at < bytes && status == SCULL_OK; at += CHUNK)
    status = lane->backend->copy(lane->stream, memory + at, memory, CHUNK);
  if (status == SCULL_OK)
    status = lane->backend->wait(lane->stream);
  scull_base_free(piece);
  if (status == SCULL_OK)
    timer->blocks[index].bytes = bytes;
  return status;
}

void scull_tune_bench_forget(scull_timer_t *timer) {
  const scull_backend_t *backend = timer->options->device->backend;
  for (int i = 0; i < SCULL_RANDOM_BLOCKS; i++) {
    if (timer->blocks[i].memory != NULL)
      backend->free(timer->options->device, timer->blocks[i].memory);
  }
  if (timer->packed.memory != NULL)
    backend->free(timer->options->device, timer->packed.memory);
  if (timer->stream != NULL)
    backend->stream_destroy(timer->stream);
}

/* Inputs lie one behind the other in the block of their type: nothing writes there. */
static scull_status_t take_inputs(scull_timer_t *timer, scull_bench_t *b, const lane_t *lane) {
  size_t need[SCULL_RANDOM_BLOCKS] = {0}, used[SCULL_RANDOM_BLOCKS] = {0};
  b->inputs = SCULL_ARENA_ARRAY(&b->arena, void *, b->site.input_count);
  if (b->inputs == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < b->site.input_count; i++) {
      const scull_site_value_t *v = &b->site.values[b->site.inputs[i]];
      int k = block_of(scull_backend_site_stored(v));
      size_t bytes = (scull_tune_value_bytes(v) + 1023) / 1024 * 1024;
      if (pass == 0) {
        need[k] += bytes;
        continue;
      }
      b->inputs[i] = (char *)timer->blocks[k].memory + used[k];
      used[k] += bytes;
    }
    for (int k = 0; pass == 0 && k < SCULL_RANDOM_BLOCKS; k++) {
      if (need[k] > 0)
        SCULL_TRY(grow_block(timer, lane, k, need[k]));
    }
  }
  return SCULL_OK;
}

bool scull_tune_bench_knows(const scull_timer_t *timer, const scull_site_t *site,
                            const scull_tactic_t *tactic, const scull_config_t *config) {
  const scull_config_t *c = &timer->packed.config;
  return tactic->packs_alike && timer->packed.tactic == tactic && timer->packed.ops == site->ops &&
         c->src == config->src && c->dst == config->dst && c->src_as == config->src_as &&
         c->dst_as == config->dst_as;
}

/* The packed weights on the device; those of a tactic that packs alike stay for the next. */
static scull_status_t take_packed(scull_timer_t *timer, scull_bench_t *b, lane_t *lane,
                                  const scull_tactic_t *tactic, const scull_config_t *config) {
  if (scull_tune_bench_knows(timer, &b->site, tactic, config)) {
    lane->packed = timer->packed.memory;
    lane->keeps = true;
    return SCULL_OK;
  }
  if (b->packed_bytes == 0)
    return SCULL_OK;
  SCULL_TRY(lane->backend->alloc(lane->device, b->packed_bytes, &lane->packed));
  SCULL_TRY(lane->backend->copy(lane->stream, lane->packed, b->packed, b->packed_bytes));
  SCULL_TRY(lane->backend->wait(lane->stream));
  if (!tactic->packs_alike)
    return SCULL_OK;
  if (timer->packed.memory != NULL)
    lane->backend->free(lane->device, timer->packed.memory);
  timer->packed.tactic = tactic;
  timer->packed.ops = b->site.ops;
  timer->packed.config = *config;
  timer->packed.memory = lane->packed;
  lane->keeps = true;
  return SCULL_OK;
}

static scull_status_t take_rest(scull_bench_t *b, lane_t *lane) {
  b->outputs = SCULL_ARENA_ARRAY(&b->arena, void *, b->site.output_count);
  if (b->outputs == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; i < b->site.output_count; i++) {
    size_t bytes = scull_tune_value_bytes(&b->site.values[b->site.outputs[i]]);
    SCULL_TRY(lane->backend->alloc(lane->device, bytes + 1, &b->outputs[i]));
  }
  if (b->prepared.scratch > 0 &&
      lane->backend->alloc(lane->device, b->prepared.scratch, &lane->scratch) != SCULL_OK)
    return SCULL_UNSUPPORTED; /* another configuration does with less */
  return SCULL_OK;
}

static void give_back(scull_bench_t *b, const lane_t *lane) {
  if (lane->work != NULL)
    lane->backend->replay_destroy(lane->work);
  for (size_t i = 0; b->outputs != NULL && i < b->site.output_count; i++) {
    if (b->outputs[i] != NULL)
      lane->backend->free(lane->device, b->outputs[i]);
  }
  if (lane->packed != NULL && !lane->keeps)
    lane->backend->free(lane->device, lane->packed);
  if (lane->scratch != NULL)
    lane->backend->free(lane->device, lane->scratch);
}

/* --- running ------------------------------------------------------------------------------------
 */

static scull_status_t enqueue_some(const scull_bench_t *b, const lane_t *lane,
                                   const scull_tactic_t *tactic, int count) {
  const scull_args_t args = {.inputs = (const void *const *)b->inputs,
                             .outputs = b->outputs,
                             .packed = lane->packed,
                             .scratch = lane->scratch,
                             .stream = lane->stream};
  for (int i = 0; i < count; i++)
    SCULL_TRY(tactic->enqueue(b->prepared.state, &args));
  return SCULL_OK;
}

/* The first run alone: kernels are loaded then, which must not happen while work is captured. A
 * second run alone tells roughly how long one takes. */
static scull_status_t record(const scull_bench_t *b, lane_t *lane, const scull_tactic_t *tactic,
                             double *roughly) {
  scull_event_t *from = NULL, *to = NULL;
  for (int i = 0; i < 2; i++) {
    SCULL_TRY(lane->backend->mark(lane->stream, &from));
    SCULL_TRY(enqueue_some(b, lane, tactic, 1));
    SCULL_TRY(lane->backend->mark(lane->stream, &to));
    SCULL_TRY(lane->backend->wait(lane->stream));
  }
  *roughly = lane->backend->elapsed(from, to);
  lane->repeats = *roughly > LONG ? 1 : REPEATS;
  if (lane->backend->capture_begin == NULL || lane->repeats == 1)
    return SCULL_OK;
  SCULL_TRY(lane->backend->capture_begin(lane->stream));
  scull_status_t status = enqueue_some(b, lane, tactic, lane->repeats);
  scull_status_t ended = lane->backend->capture_end(lane->stream, &lane->work);
  return status == SCULL_OK ? ended : status;
}

static scull_status_t one_sample(const scull_bench_t *b, const lane_t *lane,
                                 const scull_tactic_t *tactic, double *out) {
  scull_event_t *from = NULL, *to = NULL;
  SCULL_TRY(lane->backend->mark(lane->stream, &from));
  if (lane->work != NULL)
    SCULL_TRY(lane->backend->replay(lane->work, lane->stream));
  else
    SCULL_TRY(enqueue_some(b, lane, tactic, lane->repeats));
  SCULL_TRY(lane->backend->mark(lane->stream, &to));
  SCULL_TRY(lane->backend->wait(lane->stream));
  *out = lane->backend->elapsed(from, to) / lane->repeats;
  return SCULL_OK;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static scull_status_t sample(const scull_bench_t *b, const lane_t *lane,
                             const scull_tactic_t *tactic, double best, double *out) {
  const double hopeless = 1.3; /* times the best so far */
  double samples[MOST], sum = 0, least = HUGE_VAL, dummy = 0;
  int count = 0;
  SCULL_TRY(one_sample(b, lane, tactic, &dummy));
  while (count < MOST && (count < LEAST || sum * lane->repeats < 300)) {
    SCULL_TRY(one_sample(b, lane, tactic, &samples[count]));
    least = samples[count] < least ? samples[count] : least;
    sum += samples[count++];
    if (best > 0 && count >= 2 && least > hopeless * best)
      break;
  }
  qsort(samples, (size_t)count, sizeof samples[0], by_value);
  *out = samples[1];
  return SCULL_OK;
}

scull_status_t scull_tune_bench_device(scull_timer_t *timer, scull_bench_t *b,
                                       const scull_tactic_t *tactic, const scull_config_t *config,
                                       double best, double *microseconds) {
  lane_t lane = {.backend = timer->options->device->backend, .device = timer->options->device};
  scull_status_t status = SCULL_OK;
  if (timer->stream == NULL) /* the first measurement: planning alone needs no device */
    status = lane.backend->stream_create(lane.device, &timer->stream);
  lane.stream = timer->stream;
  if (status == SCULL_OK)
    status = take_inputs(timer, b, &lane);
  if (status == SCULL_OK)
    status = take_rest(b, &lane);
  if (status == SCULL_OK)
    status = take_packed(timer, b, &lane, tactic, config);
  if (status == SCULL_OK)
    status = record(b, &lane, tactic, microseconds);
  bool hopeless = best > 0 && *microseconds > 3 * best + 20; /* a launch alone takes that much */
  if (status == SCULL_OK && !hopeless)
    status = sample(b, &lane, tactic, best, microseconds);
  give_back(b, &lane);
  /* A launch or library call that fails takes its configuration out, unless the device is lost. */
  if (status == SCULL_DEVICE && lane.stream != NULL && lane.backend->wait(lane.stream) == SCULL_OK)
    status = SCULL_UNSUPPORTED;
  return status;
}
