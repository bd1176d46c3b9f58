/* Predictors and tensors as the door sees them. Private to doors/paddle. */
#ifndef SCULL_DOORS_PADDLE_PREDICTOR_H
#define SCULL_DOORS_PADDLE_PREDICTOR_H

#include "plans.h"

/* Memory that grows, 64-byte aligned. */
typedef struct {
  void *data; /* NULL: none yet */
  size_t capacity;
} door_memory_t;

/* One input or output, and what a handle sees. */
typedef struct {
  door_memory_t memory, converted; /* converted: of an input whose type is not the model's */
  size_t size;                     /* bytes that count in `memory` */
  scull_dtype_t dtype;             /* of an input the type that was given last */
  door_shape_t shape;
  bool shaped;  /* an input whose shape was set, an output of a run */
  bool filled;  /* an input that was written to, an output of a run */
  bool changed; /* since the context was told of shape and memory */
  PD_TwoDimArraySize *lod;
  size_t lod_output; /* of an output: the engine's output that holds its offsets, or DOOR_NO_PORT */
} door_cell_t;

struct PD_Predictor {
  door_handle_t handle;
  door_model_t *model;
  door_plan_t *plan;        /* NULL before the first run */
  scull_context_t *context; /* of the plan; NULL: to be made */
  door_cell_t *inputs, *outputs;
  size_t input_count, output_count;
  struct door_profile *profile; /* NULL: not wanted */
};

/* Room for `size` bytes in cell->memory; false when memory is short. Contents are lost. */
bool door_cell_reserve(door_cell_t *cell, size_t size);

/* Paddle's name of a type; UNK where it has none. */
PD_DataType door_dtype(scull_dtype_t dtype);

#endif
