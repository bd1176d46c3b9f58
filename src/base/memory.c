/* The allocator and the arena. Each block carries its size in front of it, which is what makes
 * counting exact; the header is one cache line so that blocks stay aligned. */
#define _DEFAULT_SOURCE /* madvise, _SC_PHYS_PAGES */
#include "base/memory.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/checked.h"

typedef struct {
  size_t size;
} header_t;

static atomic_uint_fast64_t allocations, live_blocks, live_bytes, peak_bytes;
static atomic_int_fast64_t fail_countdown; /* 0: never; 1: the next one fails, and stays at 1 */

static bool must_fail(void) {
  int_fast64_t left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
  while (left > 1 && !atomic_compare_exchange_weak(&fail_countdown, &left, left - 1)) {
  }
  return left == 1;
}

static void count_block(size_t size) {
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&live_blocks, 1, memory_order_relaxed);
  uint64_t now = atomic_fetch_add_explicit(&live_bytes, size, memory_order_relaxed) + size;
  uint64_t peak = atomic_load_explicit(&peak_bytes, memory_order_relaxed);
  while (now > peak && !atomic_compare_exchange_weak(&peak_bytes, &peak, now)) {
  }
}

enum { HUGE_PAGE = 2 << 20 };

/* Large blocks ask for huge pages: the first touch of 7 MB of activations is 4 faults then, not
 * 1800, which are milliseconds of a first run. */
static void *alloc_aligned(size_t size) {
  void *block = NULL;
  size_t rest = size % HUGE_PAGE;
  if (rest >= HUGE_PAGE / 2 && size < SIZE_MAX / 2)
    size += HUGE_PAGE - rest;
  if (posix_memalign(&block, size < HUGE_PAGE ? SCULL_MEMORY_ALIGN : HUGE_PAGE, size) != 0)
    return NULL;
  if (size >= HUGE_PAGE)
    madvise(block, size, MADV_HUGEPAGE); /* a wish: nothing depends on it */
  return block;
}

void *scull_base_alloc_raw(size_t size) {
  size_t total = 0;
  if (size > SIZE_MAX / 2 || must_fail())
    return NULL;
  total = scull_base_align_up(size + SCULL_MEMORY_ALIGN, SCULL_MEMORY_ALIGN);
  header_t *header = alloc_aligned(total);
  if (header == NULL)
    return NULL;
  header->size = size;
  count_block(size);
  return (char *)header + SCULL_MEMORY_ALIGN;
}

void *scull_base_alloc(size_t size) {
  void *block = scull_base_alloc_raw(size);
  return block == NULL ? NULL : memset(block, 0, size);
}

void scull_base_free(void *block) {
  if (block == NULL)
    return;
  header_t *header = (header_t *)(void *)((char *)block - SCULL_MEMORY_ALIGN);
  atomic_fetch_sub_explicit(&live_blocks, 1, memory_order_relaxed);
  atomic_fetch_sub_explicit(&live_bytes, header->size, memory_order_relaxed);
  free(header);
}

void *scull_base_grow(void *block, size_t used, size_t size) {
  char *grown = scull_base_alloc_raw(size);
  if (grown == NULL)
    return NULL;
  if (used > 0)
    memcpy(grown, block, used);
  memset(grown + used, 0, size - used);
  scull_base_free(block);
  return grown;
}

scull_memory_stats_t scull_base_memory_stats(void) {
  return (scull_memory_stats_t){.allocations = atomic_load(&allocations),
                                .live_blocks = atomic_load(&live_blocks),
                                .live_bytes = atomic_load(&live_bytes),
                                .peak_bytes = atomic_load(&peak_bytes)};
}

uint64_t scull_base_memory_installed(void) {
  long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

void scull_base_memory_fail_at(uint64_t n) {
  atomic_store(&fail_countdown, (int_fast64_t)n);
}

struct scull_arena_chunk {
  scull_arena_chunk_t *next;
  size_t used, size;
};

enum { CHUNK_BYTES = 64 * 1024, LARGE_BYTES = 4096, SMALL_ALIGN = 16 };

void scull_base_arena_init(scull_arena_t *arena) {
  *arena = (scull_arena_t){0};
}

void scull_base_arena_deinit(scull_arena_t *arena) {
  scull_arena_chunk_t *chunk = arena->chunk;
  while (chunk != NULL) {
    scull_arena_chunk_t *next = chunk->next;
    scull_base_free(chunk);
    chunk = next;
  }
  *arena = (scull_arena_t){0};
}

void scull_base_arena_join(scull_arena_t *arena, scull_arena_t *from) {
  scull_arena_chunk_t **end = &arena->chunk;
  while (*end != NULL)
    end = &(*end)->next;
  *end = from->chunk;
  arena->bytes += from->bytes;
  *from = (scull_arena_t){0};
}

/* A chunk whose first byte after the header is aligned to SCULL_MEMORY_ALIGN. */
static scull_arena_chunk_t *chunk_create(size_t size) {
  scull_arena_chunk_t *chunk = scull_base_alloc(SCULL_MEMORY_ALIGN + size);
  if (chunk == NULL)
    return NULL;
  chunk->used = SCULL_MEMORY_ALIGN;
  chunk->size = SCULL_MEMORY_ALIGN + size;
  return chunk;
}

/* A large block gets a chunk of its own, placed behind the open one so that this stays open. */
static void *alloc_large(scull_arena_t *arena, size_t size) {
  scull_arena_chunk_t *chunk = chunk_create(size);
  if (chunk == NULL)
    return NULL;
  chunk->used = chunk->size;
  if (arena->chunk == NULL) {
    arena->chunk = chunk;
  } else {
    chunk->next = arena->chunk->next;
    arena->chunk->next = chunk;
  }
  arena->bytes += size;
  return (char *)chunk + SCULL_MEMORY_ALIGN;
}

void *scull_base_arena_alloc(scull_arena_t *arena, size_t size) {
  if (size > SIZE_MAX / 2)
    return NULL;
  if (size >= LARGE_BYTES)
    return alloc_large(arena, size);
  size = scull_base_align_up(size == 0 ? 1 : size, SMALL_ALIGN);
  scull_arena_chunk_t *chunk = arena->chunk;
  if (chunk == NULL || chunk->size - chunk->used < size) {
    chunk = chunk_create(CHUNK_BYTES);
    if (chunk == NULL)
      return NULL;
    chunk->next = arena->chunk;
    arena->chunk = chunk;
  }
  void *block = (char *)chunk + chunk->used;
  chunk->used += size;
  arena->bytes += size;
  return block;
}

void *scull_base_arena_array(scull_arena_t *arena, size_t count, size_t item_size) {
  size_t size = 0;
  if (!scull_base_size_mul(count, item_size, &size))
    return NULL;
  return scull_base_arena_alloc(arena, size);
}

void *scull_base_arena_copy(scull_arena_t *arena, const void *src, size_t size) {
  void *block = scull_base_arena_alloc(arena, size);
  if (block != NULL && size > 0)
    memcpy(block, src, size);
  return block;
}

char *scull_base_arena_string(scull_arena_t *arena, const char *text, size_t length) {
  char *copy = scull_base_arena_alloc(arena, length + 1);
  if (copy != NULL && length > 0)
    memcpy(copy, text, length);
  return copy;
}

char *scull_base_arena_format(scull_arena_t *arena, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  char *text = length < 0 ? NULL : scull_base_arena_alloc(arena, (size_t)length + 1);
  if (text != NULL)
    vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  va_end(args);
  return text;
}
