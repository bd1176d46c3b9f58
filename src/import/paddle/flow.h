/* Blocks of a Paddle program while they are converted. Private to import/paddle/. */
#ifndef SCULL_IMPORT_PADDLE_FLOW_H
#define SCULL_IMPORT_PADDLE_FLOW_H

#include "import/paddle/call.h"

#define SCULL_PADDLE_LOST (SCULL_NO_ID - 1) /* a variable that cannot be had */

typedef struct scull_paddle_side scull_paddle_side_t;
struct scull_import_region;

/* What variables hold: in the network, or in a block that becomes a region. */
struct scull_paddle_scope {
  scull_paddle_scope_t *outer; /* NULL: the network */
  struct scull_import_region *region;
  scull_graph_t *graph;
  scull_value_id_t *values;      /* by variable: SCULL_NO_ID before it holds something, LOST */
  scull_value_id_t *lods;        /* likewise: offsets of its rows; blocks know none of around */
  scull_paddle_side_t **side_of; /* by variable: the side of a branch that gives it */
  scull_paddle_side_t *sides;    /* all of the scope */
  int depth;
};

/* What a variable holds, here or around; SCULL_NO_ID or LOST. */
scull_value_id_t scull_paddle_scope_value(scull_paddle_scope_t *scope,
                                          const scull_paddle_program_t *program, uint32_t var);

/* Converts the operators of a block in a scope. */
scull_status_t scull_paddle_walk_block(struct scull_paddle_converter *converter,
                                       scull_paddle_scope_t *scope, uint32_t block) SCULL_MUST_USE;

/* Gives back what a scope's branches hold. */
void scull_paddle_sides_deinit(scull_paddle_side_t *sides);

/* The slot of that name with something in it, or NULL. */
const scull_paddle_slot_t *scull_paddle_slot_find(const scull_paddle_slot_t *slots, size_t count,
                                                  const char *name);

/* An array of nothing. */
scull_status_t scull_paddle_emit_array(scull_paddle_call_t *call, scull_dtype_t dtype,
                                       scull_value_id_t *out) SCULL_MUST_USE;

#endif
