/* Upstream's file of shape ranges (protobuf text, shape_range_info.pbtxt). Private to doors/paddle.
 */
#ifndef SCULL_DOORS_PADDLE_SHAPE_RANGE_H
#define SCULL_DOORS_PADDLE_SHAPE_RANGE_H

#include "config.h"

/* Adds every tensor of the file to `ranges`. False with words that name file and line. */
bool door_shape_range_read(const char *path, door_ranges_t *ranges);

/* Writes the file whole or not at all. */
bool door_shape_range_write(const char *path, const door_ranges_t *ranges);

#endif
