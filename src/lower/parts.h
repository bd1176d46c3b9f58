/* The parts of lowering share this state. Private to lower/. */
#ifndef SCULL_LOWER_PARTS_H
#define SCULL_LOWER_PARTS_H

#include "lower/lower.h"

/* What lowering remembers of a step besides the plan. */
typedef struct scull_step_notes {
  size_t choice;                  /* SIZE_MAX: none */
  const scull_value_id_t *values; /* graph value by site value; NULL for reformats */
} scull_step_notes_t;

/* A constant that keeps its bytes. */
typedef struct scull_raw {
  scull_value_id_t value;
  uint32_t plan_value;
} scull_raw_t;

typedef struct scull_lower {
  scull_graph_t *graph;
  const scull_tuning_t *tuning;
  const scull_tune_options_t *options;
  scull_arena_t *arena; /* the plan's */
  scull_lowered_t *out;
  SCULL_VEC(scull_plan_buffer_t) buffers;
  SCULL_VEC(scull_plan_value_t) values;
  SCULL_VEC(scull_plan_step_t) steps;
  SCULL_VEC(scull_step_notes_t) notes;
  SCULL_VEC(scull_raw_t) raws;
  uint32_t *made; /* by graph value, place and format: its plan value; SCULL_PLAN_NONE: not yet */
  uint8_t *home;  /* by graph value: the scull_place_t where its producer leaves it */
} scull_lower_t;

/* Where a plan value is. Without a discrete device there is one place, ON_DEVICE. */
typedef enum scull_place {
  SCULL_ON_DEVICE = 0,
  SCULL_ON_HOST = 1,
  SCULL_PLACES = 2,
  SCULL_EVERYWHERE = 2, /* constants and what depends on shapes only */
} scull_place_t;

/* The device that runs steps of this kind. */
const scull_device_t *scull_lower_device(const scull_lower_t *l, const scull_plan_step_t *step);

scull_status_t scull_lower_no_memory(const scull_lower_t *l);

/* The plan value of that number; stays where it is until the next one is added. */
scull_plan_value_t *scull_lower_value(const scull_lower_t *l, size_t number);

/* Lets a step write over an input that dies in it, where its tactic allows. */
scull_status_t scull_lower_join_in_place(scull_lower_t *l) SCULL_MUST_USE;

/* Sizes and offsets of all buffers but the constants'. */
scull_status_t scull_lower_place_buffers(scull_lower_t *l) SCULL_MUST_USE;

/* Packs what tactics want packed, copies the other constants; offsets of both. */
scull_status_t scull_lower_pack_weights(scull_lower_t *l) SCULL_MUST_USE;

#endif
