/* The inputs of a calibration, one after the other: files of a folder, or of a list. */
#ifndef SCULL_TOOL_SAMPLES_H
#define SCULL_TOOL_SAMPLES_H

#include "image.h"
#include "npy.h"

typedef struct cli_samples {
  cli_list_t files; /* paths; for networks of several inputs lines NAME=PATH NAME=PATH */
  size_t next;
  cli_preprocess_t preprocess;
  const char *dump; /* folder that gets what the network sees; NULL: none */
  size_t dumped;
  cli_array_t *arrays; /* one an input: what the last call gave */
  size_t array_count;
} cli_samples_t;

/* `path` is a folder (its .jpg, .jpeg, .png and .npy files by name) or a text file with a path a
 * line, relative to it. */
CLI_CHECKED scull_status_t cli_samples_open(const char *path, cli_samples_t *out);
void cli_samples_deinit(cli_samples_t *samples);

/* The next batch, as scull_calibrator_t's next_batch wants it; `user` is a cli_samples_t. Pictures
 * are gathered until dimension 0 is full (the last ones stand twice, if need be). Says its line on
 * failure. */
scull_status_t cli_samples_next(void *user, scull_named_tensor_t *tensors, size_t count,
                                bool *more);

#endif
