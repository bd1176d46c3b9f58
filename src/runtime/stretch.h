/* Running on a discrete device: stretches of work without the host's help, captured once and then
 * replayed, with copies and the host's own steps between them. Private to runtime/. */
#ifndef SCULL_RUNTIME_STRETCH_H
#define SCULL_RUNTIME_STRETCH_H

#include "runtime/late.h"

/* What a run on a discrete device needs of a context. */
typedef struct scull_lane {
  const scull_runtime_engine_t *engine;
  scull_variant_t *variant;
  scull_stream_t *stream;
  char *scratch, *host_scratch;
  const void *const *keys; /* the addresses that the pointers of steps follow from */
  size_t key_count;
  uint64_t clock;
  scull_late_t *late;        /* NULL: nothing is */
  scull_runtime_hook_t hook; /* NULL: none; else every step is waited for */
  void *hook_user;
} scull_lane_t;

/* Marks the copies that the caller's own device memory makes needless and says what stands for
 * their buffers: `instead` has a row a buffer, NULL: nothing. `in_device` and `out_device` tell
 * which of the caller's inputs and outputs are memory of the device. */
void scull_runtime_skip_copies(const scull_runtime_engine_t *engine, scull_variant_t *variant,
                               const void *const *inputs, const bool *in_device,
                               void *const *outputs, const bool *out_device, void **instead);

/* Enqueues the whole run. The host's steps are done on return, the device's last ones may not be.
 */
scull_status_t scull_runtime_lane_run(scull_lane_t *lane, scull_diag_t *diag) SCULL_MUST_USE;

void scull_runtime_stretches_destroy(const scull_runtime_engine_t *engine,
                                     scull_variant_t *variant);

#endif
