/* Blocks that only grow. */
#include "runtime/block.h"

#include <string.h>

#include "base/checked.h"
#include "base/memory.h"

bool scull_runtime_block_reserve(scull_block_t *block, size_t bytes, size_t kept, size_t *left) {
  if (block->data != NULL && bytes <= block->room)
    return true;
  if (bytes > SIZE_MAX / 4)
    return false;
  size_t room = scull_base_align_up(bytes == 0 ? 1 : bytes, SCULL_MEMORY_ALIGN);
  if (room - block->room > *left)
    return false;
  char *data = scull_base_alloc_raw(room);
  if (data == NULL)
    return false;
  if (kept > 0 && block->data != NULL)
    memcpy(data, block->data, kept);
  *left -= room - block->room;
  scull_base_free(block->data);
  *block = (scull_block_t){.data = data, .room = room};
  return true;
}
