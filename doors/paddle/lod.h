/* LoD between the handle of a tensor and the tensor of offsets behind it. Private to doors/paddle.
 */
#ifndef SCULL_DOORS_PADDLE_LOD_H
#define SCULL_DOORS_PADDLE_LOD_H

#include "predictor.h"

/* Writes the last level of the LoD of `cell`, or one sequence of all rows when it has none, to
 * `offsets`. False with words when the levels are no offsets of its rows. */
bool door_lod_give(const door_cell_t *cell, const char *name, door_cell_t *offsets);

/* The reverse, of an output: its LoD is one level. False when memory is short. */
bool door_lod_take(door_cell_t *cell, const scull_tensor_view_t *offsets);

#endif
