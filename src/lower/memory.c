/* Offsets from lifetimes. Finding the best is NP-hard; placing the largest first at the lowest gap
 * that is free during its whole life comes close to the bound on real networks, and trying a few
 * other orders costs nothing. */
#include <stdlib.h>
#include <string.h>

#include "lower/lower.h"

typedef struct {
  const scull_span_t *span;
  size_t index;
} item_t;

static size_t length_of(const scull_span_t *s) {
  return s->last - s->first;
}

static int by_index(const item_t *a, const item_t *b) {
  return a->index < b->index ? -1 : a->index > b->index;
}

static int by_size(const void *pa, const void *pb) {
  const item_t *a = pa, *b = pb;
  if (a->span->bytes != b->span->bytes)
    return a->span->bytes > b->span->bytes ? -1 : 1;
  if (length_of(a->span) != length_of(b->span))
    return length_of(a->span) > length_of(b->span) ? -1 : 1;
  return by_index(a, b);
}

static int by_length(const void *pa, const void *pb) {
  const item_t *a = pa, *b = pb;
  if (length_of(a->span) != length_of(b->span))
    return length_of(a->span) > length_of(b->span) ? -1 : 1;
  return by_size(pa, pb);
}

static int by_start(const void *pa, const void *pb) {
  const item_t *a = pa, *b = pb;
  if (a->span->first != b->span->first)
    return a->span->first < b->span->first ? -1 : 1;
  return by_size(pa, pb);
}

static int by_area(const void *pa, const void *pb) {
  const item_t *a = pa, *b = pb;
  double x = (double)a->span->bytes * (double)(length_of(a->span) + 1);
  double y = (double)b->span->bytes * (double)(length_of(b->span) + 1);
  return x != y ? (x > y ? -1 : 1) : by_index(a, b);
}

static bool meet(const scull_span_t *a, const scull_span_t *b) {
  return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset where `span` fits among the placed ones, which are sorted by offset. */
static uint64_t find_gap(const scull_span_t *span, const scull_span_t *spans, const size_t *placed,
                         size_t count) {
  uint64_t at = 0;
  for (size_t i = 0; i < count; i++) {
    const scull_span_t *other = &spans[placed[i]];
    if (!meet(span, other))
      continue;
    if (other->offset >= at + span->bytes)
      break;
    if (other->offset + other->bytes > at)
      at = other->offset + other->bytes;
  }
  return at;
}

static uint64_t place_in_order(const item_t *items, scull_span_t *spans, size_t *placed,
                               size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) {
    scull_span_t *span = &spans[items[i].index];
    span->offset = find_gap(span, spans, placed, i);
    size_t at = i;
    while (at > 0 && spans[placed[at - 1]].offset > span->offset) {
      placed[at] = placed[at - 1];
      at--;
    }
    placed[at] = items[i].index;
    if (span->offset + span->bytes > total)
      total = span->offset + span->bytes;
  }
  return total;
}

static uint64_t live_bound(const scull_span_t *spans, size_t count) {
  uint64_t bound = 0;
  for (size_t i = 0; i < count; i++) { /* the worst step is the first of some span */
    uint64_t live = 0;
    for (size_t k = 0; k < count; k++) {
      if (spans[k].first <= spans[i].first && spans[i].first <= spans[k].last)
        live += spans[k].bytes;
    }
    bound = live > bound ? live : bound;
  }
  return bound;
}

bool scull_lower_place(scull_span_t *spans, size_t count, uint64_t *total, uint64_t *bound) {
  static int (*const orders[])(const void *, const void *) = {by_size, by_length, by_area,
                                                              by_start};
  scull_arena_t arena;
  scull_base_arena_init(&arena);
  item_t *items = SCULL_ARENA_ARRAY(&arena, item_t, count);
  size_t *placed = SCULL_ARENA_ARRAY(&arena, size_t, count);
  uint64_t *best = SCULL_ARENA_ARRAY(&arena, uint64_t, count);
  bool ok = items != NULL && placed != NULL && best != NULL;
  *total = UINT64_MAX;
  for (size_t o = 0; ok && o < sizeof orders / sizeof orders[0]; o++) {
    for (size_t i = 0; i < count; i++)
      items[i] = (item_t){&spans[i], i};
    qsort(items, count, sizeof *items, orders[o]);
    uint64_t size = place_in_order(items, spans, placed, count);
    if (size >= *total)
      continue;
    *total = size;
    for (size_t i = 0; i < count; i++)
      best[i] = spans[i].offset;
  }
  for (size_t i = 0; ok && i < count; i++)
    spans[i].offset = best[i];
  *bound = live_bound(spans, count);
  scull_base_arena_deinit(&arena);
  return ok;
}
