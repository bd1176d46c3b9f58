/* use_calib_mode: a model's table under its cache folder, its absence, and its making. Private to
 * doors/paddle. The caller keeps threads apart. What a process made and did not write when it exits
 * is written then. */
#ifndef SCULL_DOORS_PADDLE_CALIBRATION_H
#define SCULL_DOORS_PADDLE_CALIBRATION_H

#include <scull/scull.h>

#include "config.h"

typedef struct door_calibration door_calibration_t;

/* True when the config asks for INT8 out of a table. */
bool door_calibration_asked(const PD_Config *config);

/* Changes `options` to what the tables in options->cache_dir permit: one of Scull's is left to the
 * build; those of Paddle-TensorRT (one a sub-graph) are joined in the file `joined`, which has
 * `room` bytes for its name and is the caller's to remove ("": none); without any the model is to
 * be calibrated: *out is made, and the build is in float and quick. False with words. */
bool door_calibration_begin(const PD_Config *config, scull_build_options_t *options, char *joined,
                            size_t room, door_calibration_t **out);

/* A build found no table that it could use: begins to make one. */
door_calibration_t *door_calibration_create(const PD_Config *config,
                                            const scull_build_options_t *options);
void door_calibration_destroy(door_calibration_t *calibration); /* NULL is allowed */

/* One run's inputs. What cannot be used is said, once. */
void door_calibration_add(door_calibration_t *calibration, const scull_named_tensor_t *inputs,
                          size_t count);

/* Writes the table when inputs have come since the last time. False with words. */
bool door_calibration_write(door_calibration_t *calibration);

#endif
