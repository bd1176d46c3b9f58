/* Growth of vectors: doubling, checked. */
#include "base/vec.h"

#include "base/checked.h"

bool scull_base_vec_reserve(void **data, size_t *room, size_t size, size_t want, size_t item_size) {
  if (want <= *room)
    return true;
  size_t next = *room < 8 ? 8 : *room, bytes = 0;
  while (next < want) {
    if (!scull_base_size_mul(next, 2, &next))
      return false;
  }
  if (!scull_base_size_mul(next, item_size, &bytes))
    return false;
  void *grown = scull_base_grow(*data, size * item_size, bytes);
  if (grown == NULL)
    return false;
  *data = grown;
  *room = next;
  return true;
}
