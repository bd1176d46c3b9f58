/* Memory of late values. Private to runtime/. */
#ifndef SCULL_RUNTIME_BLOCK_H
#define SCULL_RUNTIME_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

typedef struct scull_block {
  char *data; /* scull_base_alloc; NULL: nothing was needed yet */
  size_t room;
} scull_block_t;

/* Makes room for `bytes`; the first `kept` bytes stay. What it takes is taken off *left; false when
 * that or memory is not enough, and then nothing has changed. */
bool scull_runtime_block_reserve(scull_block_t *block, size_t bytes, size_t kept, size_t *left);

#endif
