/* The command line of trtexec, as scull-trtexec reads it: one table row a flag, of every release
 * from 8.4 to 11.1. Private to doors/trtexec. */
#ifndef SCULL_DOORS_TRTEXEC_OPTIONS_H
#define SCULL_DOORS_TRTEXEC_OPTIONS_H

#include <stdio.h>

#include <scull/scull.h>

#define TRTEXEC_CHECKED __attribute__((warn_unused_result))

/* Values of a flag that may be given more than once; borrowed from argv. */
typedef struct {
  const char **items;
  size_t count;
} trtexec_list_t;

typedef struct {
  /* model */
  const char *onnx, *model, *deploy;
  trtexec_list_t outputs, plugins;
  /* shapes */
  trtexec_list_t min_shapes, opt_shapes, max_shapes, shapes;
  int64_t batch, max_batch; /* 0: not given */
  /* build */
  bool fp16, bf16, int8, best, no_tf32;
  const char *calib, *precision_constraints;
  trtexec_list_t layer_precisions;
  trtexec_list_t pools;
  int64_t workspace_mib, optimization_level;
  const char *timing_cache, *save_engine, *load_engine, *verbosity;
  bool plan_version_only, skip_inference;
  /* system */
  const char *device;
  /* inference */
  trtexec_list_t load_inputs;
  int64_t iterations, streams, average_runs;
  double warm_up_ms, duration_s, sleep_ms, idle_ms;
  bool time_deserialize;
  /* comparison with given outputs */
  trtexec_list_t references;
  const char *accuracy_algorithm;
  double accuracy_threshold, atol, rtol;
  /* debug */
  trtexec_list_t watched, saved_tensors;
  /* report */
  bool verbose, dump_output, dump_raw, dump_profile, dump_layers, dump_profiles, help;
  const char *percentiles, *export_times, *export_output, *export_profile, *export_layers;
  trtexec_list_t unused; /* flags that mean nothing here, as given */
} trtexec_options_t;

/* Reads the words after the command's name. False when something was refused: the words are on
 * stderr then, as trtexec's. The lists are the caller's to give back either way. */
bool trtexec_options_read(trtexec_options_t *options, int count, char **words) TRTEXEC_CHECKED;
void trtexec_options_deinit(trtexec_options_t *options);

/* One line for each flag that was given and means nothing here. */
void trtexec_options_name_unused(const trtexec_options_t *options);

/* The sections "=== Model Options ===" to "=== Reporting Options ===". */
void trtexec_options_print(const trtexec_options_t *options);

void trtexec_options_help(FILE *file);

#endif
