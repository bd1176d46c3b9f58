/* Measuring a plan: how long runs take on N contexts at once, and where the time goes. */
#ifndef SCULL_TOOL_MEASURE_H
#define SCULL_TOOL_MEASURE_H

#include "inputs.h"

typedef struct cli_measure_options {
  int contexts; /* each in a thread of its own */
  int threads;  /* of each context; 0: the plan's */
  double duration_s;
} cli_measure_options_t;

/* Latencies in milliseconds, over all contexts. */
typedef struct cli_measure {
  size_t runs;
  double median, p10, p90, p99, min;
  double per_second; /* runs */
} cli_measure_t;

CLI_CHECKED scull_status_t cli_measure_latency(scull_engine_t *engine, const cli_inputs_t *inputs,
                                               const cli_measure_options_t *options,
                                               cli_measure_t *out);

typedef struct cli_layer_share {
  char *layer, *tactic;
  double microseconds; /* mean of a run */
  double share;        /* of all layers together, 0 to 1 */
} cli_layer_share_t;

typedef struct cli_profile {
  cli_layer_share_t *layers; /* in the order of the plan */
  size_t count;
} cli_profile_t;

/* Runs one context with the profiler on. */
CLI_CHECKED scull_status_t cli_measure_layers(scull_engine_t *engine, const cli_inputs_t *inputs,
                                              const cli_measure_options_t *options,
                                              cli_profile_t *out);
void cli_profile_deinit(cli_profile_t *profile);

#endif
