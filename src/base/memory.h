/* Every byte that Scull itself takes comes from here, so that a test can count allocations and
 * fail the n-th one. Thread safe. */
#ifndef SCULL_BASE_MEMORY_H
#define SCULL_BASE_MEMORY_H

#include <stdint.h>

#include "base/status.h"

/* Alignment of every block: one cache line, one AVX-512 register. */
#define SCULL_MEMORY_ALIGN 64

/* A zeroed block of `size` bytes (at least one is allocated), aligned to SCULL_MEMORY_ALIGN; NULL
 * when memory is short. Owned by the caller, who gives it back with scull_base_free. */
void *scull_base_alloc(size_t size);

/* As scull_base_alloc, but the content is not defined: for large buffers that are written anyway.
 */
void *scull_base_alloc_raw(size_t size);

/* Gives a block back; NULL is allowed. */
void scull_base_free(void *block);

/* A copy of the first `used` bytes of `block` in a block of `size` bytes; frees `block`. On failure
 * NULL, and `block` stays valid. `block` may be NULL when `used` is 0. */
void *scull_base_grow(void *block, size_t used, size_t size);

typedef struct scull_memory_stats {
  uint64_t allocations; /* since the process began */
  uint64_t live_blocks;
  uint64_t live_bytes;
  uint64_t peak_bytes;
} scull_memory_stats_t;

scull_memory_stats_t scull_base_memory_stats(void);

/* Bytes of memory that this machine has; 0 when it does not say. */
uint64_t scull_base_memory_installed(void);

/* Test door: the n-th allocation from now on (1 = the next) and all after it fail; 0 = none. */
void scull_base_memory_fail_at(uint64_t n);

/* For borrowed bytes that go into a struct that cannot say const, where its reader only reads. */
static inline void *scull_base_unconst(const void *data) {
  union {
    const void *in;
    void *out;
  } both = {.in = data};
  return both.out;
}

/* --- arena: many small blocks that live and die together ------------------------------------- */

typedef struct scull_arena_chunk scull_arena_chunk_t;

typedef struct scull_arena {
  scull_arena_chunk_t *chunk; /* newest first */
  size_t bytes;               /* handed out so far */
} scull_arena_t;

/* An empty arena takes no memory; scull_base_arena_deinit gives everything back at once. */
void scull_base_arena_init(scull_arena_t *arena);
void scull_base_arena_deinit(scull_arena_t *arena);

/* A zeroed block aligned to 16 bytes (to SCULL_MEMORY_ALIGN from 4 KiB on), valid until deinit;
 * NULL when memory is short. One arena belongs to one thread at a time. */
void *scull_base_arena_alloc(scull_arena_t *arena, size_t size);

/* What `from` holds lives as long as `arena` from now on; `from` is empty then. */
void scull_base_arena_join(scull_arena_t *arena, scull_arena_t *from);

/* A copy of `size` bytes; `src` may be NULL when size is 0. */
void *scull_base_arena_copy(scull_arena_t *arena, const void *src, size_t size);

/* A NUL-terminated copy of the first `length` bytes of `text`. */
char *scull_base_arena_string(scull_arena_t *arena, const char *text, size_t length);

/* printf into the arena. */
char *scull_base_arena_format(scull_arena_t *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define SCULL_ARENA_NEW(arena, type) ((type *)scull_base_arena_alloc((arena), sizeof(type)))

/* `count` zeroed items; NULL also when the size overflows. */
void *scull_base_arena_array(scull_arena_t *arena, size_t count, size_t item_size);
#define SCULL_ARENA_ARRAY(arena, type, count)                                                      \
  ((type *)scull_base_arena_array((arena), (count), sizeof(type)))

#endif
