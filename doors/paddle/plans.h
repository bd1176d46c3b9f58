/* A model and the plans that serve its shapes, shared by a predictor and its clones. Private to
 * doors/paddle. Every function here may be called by several threads at once. */
#ifndef SCULL_DOORS_PADDLE_PLANS_H
#define SCULL_DOORS_PADDLE_PLANS_H

#include <scull/scull.h>

#include "config.h"

/* An input or output as the model declares it. */
typedef struct {
  char *name;
  scull_dtype_t dtype;
  int32_t rank; /* -1: not declared */
  int64_t dims[SCULL_MAX_RANK];
  size_t offsets; /* index of the port that holds this one's LoD, or DOOR_NO_PORT */
  bool hidden;    /* such a port: callers see the LoD of the other */
} door_port_t;
#define DOOR_NO_PORT ((size_t)-1)

typedef struct {
  door_port_t *items; /* hidden ones among them */
  size_t count, shown;
} door_ports_t;

typedef struct {
  int32_t rank;
  int64_t dims[SCULL_MAX_RANK];
} door_shape_t;

typedef struct door_plan door_plan_t;
typedef struct door_model door_model_t;

/* Reads what the model declares, refuses what cannot be, and makes the first plan when no shape has
 * to be waited for. NULL with words otherwise. The config stays the caller's. */
door_model_t *door_model_open(const PD_Config *config);
door_model_t *door_model_share(door_model_t *model); /* one more user */
void door_model_release(door_model_t *model);

const PD_Config *door_model_config(const door_model_t *model);
/* The caller's stream, where the model runs on a GPU. */
void *door_model_stream(const door_model_t *model);
const door_ports_t *door_model_inputs(const door_model_t *model);
const door_ports_t *door_model_outputs(const door_model_t *model);

/* Under use_calib_mode, as long as the model has no table: adds one run's inputs to it. */
void door_model_calibrate(door_model_t *model, const scull_named_tensor_t *inputs, size_t count);
/* Writes what was added so far, if anything; every release does. False with words. */
bool door_model_write_table(door_model_t *model);

/* A plan that takes these shapes, one an input: `held` (may be NULL) when that does, else another
 * one at hand, else a new one, which is the caller's to release, as `held` stays his. NULL with
 * words. */
door_plan_t *door_plan_for(door_model_t *model, door_plan_t *held, const door_shape_t *shapes);
void door_plan_release(door_model_t *model, door_plan_t *plan); /* NULL is allowed */
scull_engine_t *door_plan_engine(const door_plan_t *plan);

#endif
