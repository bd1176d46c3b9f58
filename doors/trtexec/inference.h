/* Timed runs, and the runs behind them that look closer. Private to doors/trtexec. */
#ifndef SCULL_DOORS_TRTEXEC_INFERENCE_H
#define SCULL_DOORS_TRTEXEC_INFERENCE_H

#include "bindings.h"

/* One run, in milliseconds since the first began. */
typedef struct {
  double start, enqueued, end;
} trtexec_trace_t;

typedef struct {
  trtexec_trace_t *items; /* in the order of their starts, warm-up first */
  size_t count, warm_ups;
} trtexec_traces_t;

/* Runs --infStreams contexts, a thread each, until --iterations and --duration are both over. */
bool trtexec_inference_run(const trtexec_options_t *options, scull_engine_t *engine,
                           const trtexec_bindings_t *bindings,
                           trtexec_traces_t *out) TRTEXEC_CHECKED;
void trtexec_traces_deinit(trtexec_traces_t *traces);

/* A context that has run once, for outputs; NULL after a failure, which is said. */
scull_context_t *trtexec_inference_once(scull_engine_t *engine, const trtexec_bindings_t *bindings);

typedef struct {
  char *name;
  double *times; /* milliseconds, one a run */
  double total, median;
} trtexec_layer_t;

typedef struct {
  trtexec_layer_t *items; /* in the order of the plan */
  size_t count, runs;
  double total;
} trtexec_profile_t;

/* Layers, timed in runs of their own. */
bool trtexec_inference_profile(const trtexec_options_t *options, scull_engine_t *engine,
                               const trtexec_bindings_t *bindings,
                               trtexec_profile_t *out) TRTEXEC_CHECKED;
void trtexec_profile_deinit(trtexec_profile_t *profile);

/* --markDebug and --saveDebugTensors: what inner tensors are in one run. */
bool trtexec_inference_watch(const trtexec_options_t *options, scull_engine_t *engine,
                             const trtexec_bindings_t *bindings) TRTEXEC_CHECKED;

#endif
