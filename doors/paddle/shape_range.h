/* Upstream's file of shape ranges (protobuf text, shape_range_info.pbtxt). Private to doors/paddle.
 */
#ifndef SCULL_DOORS_PADDLE_SHAPE_RANGE_H
#define SCULL_DOORS_PADDLE_SHAPE_RANGE_H

#include "config.h"

/* Adds every tensor of the file to `ranges`. False with words that name file and line. */
bool door_shape_range_read(const char *path, door_ranges_t *ranges);

/* Writes the file whole or not at all. */
bool door_shape_range_write(const char *path, const door_ranges_t *ranges);

/* How often each extent came. */
typedef struct {
  size_t input;
  int32_t dim, extent;
  uint64_t runs;
} door_extent_t;

typedef struct {
  door_extent_t *items;
  size_t count;
} door_tally_t;

/* One run more; false when memory is short. */
bool door_tally_add(door_tally_t *tally, size_t input, int32_t dim, int32_t extent);

/* The extent that came most often, the earlier one of two; 0: none came. */
int32_t door_tally_best(const door_tally_t *tally, size_t input, int32_t dim);
void door_tally_clear(door_tally_t *tally);

#endif
