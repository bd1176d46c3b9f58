/* A growing array of one item type: SCULL_VEC(int) v = {0}; SCULL_VEC_PUSH(&v, 7) is false when
 * memory is short. Items move when it grows: keep indices, not pointers. */
#ifndef SCULL_BASE_VEC_H
#define SCULL_BASE_VEC_H

#include <stdbool.h>

#include "base/memory.h"

#define SCULL_VEC(type)                                                                            \
  struct {                                                                                         \
    type *data;                                                                                    \
    size_t size, room;                                                                             \
  }

/* Makes room for `want` items of `item_size` behind the pointer at `data_at` (of whatever type it
 * is); false when memory is short, and then nothing has changed. */
bool scull_base_vec_reserve(void *data_at, size_t *room, size_t size, size_t want,
                            size_t item_size);

#define SCULL_VEC_RESERVE(v, want)                                                                 \
  scull_base_vec_reserve(&(v)->data, &(v)->room, (v)->size, (want), sizeof *(v)->data)

/* Compound so that the item is evaluated only after there is room for it. */
#define SCULL_VEC_PUSH(v, ...)                                                                     \
  (SCULL_VEC_RESERVE((v), (v)->size + 1) ? ((v)->data[(v)->size++] = (__VA_ARGS__), true) : false)

#define SCULL_VEC_DEINIT(v)                                                                        \
  (scull_base_free((v)->data), (v)->data = NULL, (v)->size = (v)->room = 0)

#endif
