/* Attributes of tile. */
#ifndef SCULL_OPS_TILE_H
#define SCULL_OPS_TILE_H

#include "ops/opdef.h"

typedef struct scull_tile_attrs {
  scull_ints_t repeats; /* right-aligned with the input's axes; missing ones are 1 */
} scull_tile_attrs_t;

#endif
