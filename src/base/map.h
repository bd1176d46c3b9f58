/* From a name to a number: open addressing, names borrowed (they must outlive the map). */
#ifndef SCULL_BASE_MAP_H
#define SCULL_BASE_MAP_H

#include <stdbool.h>

#include "base/text.h"

typedef struct scull_map_slot {
  const char *name; /* NULL: free */
  size_t length;
  uint64_t hash;
  size_t value;
} scull_map_slot_t;

typedef struct scull_map {
  scull_map_slot_t *slots;
  size_t room, used;
} scull_map_t;

void scull_base_map_deinit(scull_map_t *map);

/* Sets name -> value, replacing an earlier value; false when memory is short. */
bool scull_base_map_set(scull_map_t *map, const char *name, size_t length, size_t value);

/* False when the name is absent; *value is then left alone. */
bool scull_base_map_find(const scull_map_t *map, const char *name, size_t length, size_t *value);

#endif
