/* The parts of lowering share this state. Private to lower/. */
#ifndef SCULL_LOWER_PARTS_H
#define SCULL_LOWER_PARTS_H

#include "lower/lower.h"

/* What lowering remembers of a step besides the plan. */
typedef struct scull_step_notes {
  const scull_choice_t *choice;   /* NULL: a reformat or a copy */
  const scull_value_id_t *values; /* graph value by site value; NULL for reformats */
  scull_graph_t *graph;           /* of the choice's nodes */
} scull_step_notes_t;

/* A constant that keeps its bytes. Constants with the same bytes (regions have their own copies of
 * what they capture) share one buffer. */
typedef struct scull_raw {
  const void *data;
  scull_type_t type;
  uint32_t plan_value;
} scull_raw_t;

/* A list of steps while it is made. */
typedef struct scull_lower_list {
  SCULL_VEC(scull_plan_step_t) steps;
  SCULL_VEC(scull_step_notes_t) notes;
  scull_plan_list_t ports; /* params and results; in the plan's arena */
} scull_lower_list_t;

typedef struct scull_lower {
  scull_graph_t *graph; /* the network, or the region that is being lowered */
  const scull_tuning_t *tuning;
  const scull_tune_options_t *options;
  scull_arena_t *arena; /* the plan's */
  scull_lowered_t *out;
  SCULL_VEC(scull_plan_buffer_t) buffers;
  SCULL_VEC(scull_plan_value_t) values;
  SCULL_VEC(scull_lower_list_t) lists;
  size_t list; /* the one that is being filled; 0: the network */
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

/* The list that is being filled; valid until a list is added. */
scull_lower_list_t *scull_lower_list(const scull_lower_t *l);

/* --- lower.c, for control.c --- */

/* A table of plan values for the graph at hand, all NONE. */
scull_status_t scull_lower_begin_graph(scull_lower_t *l) SCULL_MUST_USE;
/* The slot of `id` in the plain format where its producer leaves it. */
uint32_t *scull_lower_made(const scull_lower_t *l, scull_value_id_t id);

/* A plain value on a new block or sequence. */
scull_status_t scull_lower_add_block(scull_lower_t *l, scull_value_id_t id,
                                     uint32_t *out) SCULL_MUST_USE;

/* The plain plan value of `id`, where it is. */
scull_status_t scull_lower_plain(scull_lower_t *l, scull_value_id_t id,
                                 uint32_t *out) SCULL_MUST_USE;

/* On the host beside a discrete device? Regions are. */
bool scull_lower_is_discrete(const scull_lower_t *l);

/* A step that copies one plain plan value to another. */
scull_status_t scull_lower_copy(scull_lower_t *l, uint32_t from, uint32_t to) SCULL_MUST_USE;
scull_status_t scull_lower_choices(scull_lower_t *l) SCULL_MUST_USE;

/* --- control.c --- */

/* Lists for the regions of the node of `choice`; their numbers go to `step`. */
scull_status_t scull_lower_regions(scull_lower_t *l, const scull_choice_t *choice,
                                   scull_plan_step_t *step) SCULL_MUST_USE;

/* True for what the graph at hand computes or is given a copy of: not for captures. */
bool scull_lower_is_own(const scull_lower_t *l, scull_value_id_t id);

/* Numbers of blocks and sequences: values that live at different times share one. */
scull_status_t scull_lower_place_blocks(scull_lower_t *l) SCULL_MUST_USE;
/* The plan value of that number; stays where it is until the next one is added. */
scull_plan_value_t *scull_lower_value(const scull_lower_t *l, size_t number);

/* Lets a step write over an input that dies in it, where its tactic allows. */
scull_status_t scull_lower_join_in_place(scull_lower_t *l) SCULL_MUST_USE;

/* Sizes and offsets of all buffers but the constants'. */
scull_status_t scull_lower_place_buffers(scull_lower_t *l) SCULL_MUST_USE;

/* Packs what tactics want packed, copies the other constants; offsets of both. */
scull_status_t scull_lower_pack_weights(scull_lower_t *l) SCULL_MUST_USE;

#endif
