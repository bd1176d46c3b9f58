/* The two bodies of a measurement: timing.c in the calling thread, bench.c on a device with memory
 * of its own. Private to tune/. */
#ifndef SCULL_TUNE_BENCH_H
#define SCULL_TUNE_BENCH_H

#include "tune/timing.h"

enum { SCULL_RANDOM_BLOCKS = 3 };

struct scull_timer {
  const scull_tune_options_t *options;
  char *flood; /* read between runs */
  size_t flood_bytes;
  bool is_cold;  /* nothing was measured yet */
  float *random; /* stands for weights and inputs of any kind */
  size_t random_bytes;
  scull_stream_t *stream; /* of a discrete device; NULL before the first measurement */
  struct {
    void *memory; /* the device's: f32, f16, and zeros for all others */
    size_t bytes;
  } blocks[SCULL_RANDOM_BLOCKS];
  struct { /* the weights that were packed last, for tactics that pack alike */
    const scull_tactic_t *tactic;
    const scull_site_op_t *ops;
    scull_config_t config; /* its formats count */
    void *memory;
  } packed;
};

/* What one measurement owns. */
typedef struct scull_bench {
  scull_arena_t arena;
  scull_site_t site;
  scull_prepared_t prepared;
  char *packed, *scratch; /* the host's */
  size_t packed_bytes;
  void **inputs, **outputs;
} scull_bench_t;

/* Bytes of a value in its layout; of the whole tensor, where it is a slice. */
size_t scull_tune_value_bytes(const scull_site_value_t *v);

/* At least so many bytes of timer->random. */
scull_status_t scull_tune_random_bytes(scull_timer_t *timer, size_t bytes) SCULL_MUST_USE;

/* True when the weights that were packed last are those of this site, tactic and configuration:
 * then nothing need be packed. */
bool scull_tune_bench_knows(const scull_timer_t *timer, const scull_site_t *site,
                            const scull_tactic_t *tactic, const scull_config_t *config);

/* Prepared and packed (unless they are known): microseconds of one run among many on the device's
 * stream, as in a network that is replayed over and over. */
scull_status_t scull_tune_bench_device(scull_timer_t *timer, scull_bench_t *b,
                                       const scull_tactic_t *tactic, const scull_config_t *config,
                                       double best, double *microseconds) SCULL_MUST_USE;

/* Gives the timer's device memory and stream back. */
void scull_tune_bench_forget(scull_timer_t *timer);

#endif
