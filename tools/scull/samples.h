/* The inputs of a calibration, one after the other: files of a folder, or of a list. */
#ifndef SCULL_TOOL_SAMPLES_H
#define SCULL_TOOL_SAMPLES_H

#include <stddef.h>

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

/* The options of preprocessing, within the arguments of a command, whose default has scale = 1. */
typedef struct cli_preprocess_args {
  int64_t resize;
  int channels;
  cli_list_t mean, std;
  double scale;
} cli_preprocess_args_t;

#define CLI_PREPROCESS_OPTIONS(at)                                                                  \
  {"resize",                                                                                        \
   0,                                                                                               \
   CLI_INTEGER,                                                                                     \
   (at) + offsetof(cli_preprocess_args_t, resize),                                                  \
   "N",                                                                                             \
   "pictures: shorter side to N, then the middle (default: straight to the network's size)",        \
   1},                                                                                              \
      {"channels", 0,                                                                               \
       CLI_CHOICE, (at) + offsetof(cli_preprocess_args_t, channels),                                \
       "rgb|bgr",  "pictures: order (default rgb)",                                                 \
       0},                                                                                          \
      {"mean",                                                                                      \
       0,                                                                                           \
       CLI_LIST,                                                                                    \
       (at) + offsetof(cli_preprocess_args_t, mean),                                                \
       "A,B,C",                                                                                     \
       "pictures: (x - mean) / std * scale, x 0 to 255, in that order of channels (default 0)",     \
       0},                                                                                          \
      {"std", 0, CLI_LIST, (at) + offsetof(cli_preprocess_args_t, std), "A,B,C", "(default 1)", 0}, \
  {                                                                                                 \
    "scale", 0, CLI_NUMBER, (at) + offsetof(cli_preprocess_args_t, scale), "S", "(default 1)", 0    \
  }

CLI_CHECKED scull_status_t cli_preprocess_fill(const cli_preprocess_args_t *args,
                                               cli_preprocess_t *out);

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
