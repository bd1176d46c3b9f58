/* Growth of vectors: doubling, checked. */
#include "base/vec.h"

#include <string.h>

#include "base/checked.h"

bool scull_base_vec_reserve(void *data_at, size_t *room, size_t size, size_t want,
                            size_t item_size) {
  if (want <= *room)
    return true;
  size_t next = *room < 8 ? 8 : *room, bytes = 0;
  while (next < want) {
    if (!scull_base_size_mul(next, 2, &next))
      return false;
  }
  if (!scull_base_size_mul(next, item_size, &bytes))
    return false;
  void *data = NULL; /* read and written by copy: it may be a pointer to anything */
  memcpy(&data, data_at, sizeof data);
  data = scull_base_grow(data, size * item_size, bytes);
  if (data == NULL)
    return false;
  memcpy(data_at, &data, sizeof data);
  *room = next;
  return true;
}
