/* The name map: linear probing, at most half full, hashed with XXH3 under a process-wide seed of
 * zero (names come from files; the worst a hostile file buys is a slow import of bounded size). */
#include "base/map.h"

#include <string.h>

#include "base/hash.h"

void scull_base_map_deinit(scull_map_t *map) {
  scull_base_free(map->slots);
  *map = (scull_map_t){0};
}

static scull_map_slot_t *slot_of(const scull_map_t *map, const char *name, size_t length,
                                 uint64_t hash) {
  size_t at = (size_t)hash & (map->room - 1);
  for (;; at = (at + 1) & (map->room - 1)) {
    scull_map_slot_t *slot = &map->slots[at];
    if (slot->name == NULL)
      return slot;
    if (slot->hash == hash && slot->length == length && memcmp(slot->name, name, length) == 0)
      return slot;
  }
}

static bool rehash(scull_map_t *map, size_t room) {
  scull_map_t next = {.room = room, .used = map->used};
  next.slots = scull_base_alloc(room * sizeof *next.slots);
  if (next.slots == NULL)
    return false;
  for (size_t i = 0; i < map->room; i++) {
    const scull_map_slot_t *s = &map->slots[i];
    if (s->name != NULL)
      *slot_of(&next, s->name, s->length, s->hash) = *s;
  }
  scull_base_free(map->slots);
  *map = next;
  return true;
}

bool scull_base_map_set(scull_map_t *map, const char *name, size_t length, size_t value) {
  if (map->used * 2 >= map->room && !rehash(map, map->room == 0 ? 64 : map->room * 2))
    return false;
  uint64_t hash = scull_base_hash64(name, length, 0);
  scull_map_slot_t *slot = slot_of(map, name, length, hash);
  if (slot->name == NULL)
    map->used++;
  *slot = (scull_map_slot_t){.name = name, .length = length, .hash = hash, .value = value};
  return true;
}

bool scull_base_map_find(const scull_map_t *map, const char *name, size_t length, size_t *value) {
  if (map->room == 0)
    return false;
  const scull_map_slot_t *slot = slot_of(map, name, length, scull_base_hash64(name, length, 0));
  if (slot->name == NULL)
    return false;
  *value = slot->value;
  return true;
}
