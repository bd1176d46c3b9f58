/* Inputs that come in another element type than the model's. Private to doors/paddle. */
#ifndef SCULL_DOORS_PADDLE_CONVERT_H
#define SCULL_DOORS_PADDLE_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

#include <scull/types.h>

/* Bytes of an element; 0 for types that have none. */
size_t door_element_size(scull_dtype_t dtype);

/* Writes `count` values of `from` as `to`. False when one of them is not exactly there in `to`, or
 * for types that are not numbers of the interface. */
bool door_convert(const void *src, scull_dtype_t from, void *dst, scull_dtype_t to, size_t count);

#endif
