/* Sequences. Elements are moved by their descriptors; bytes are copied only on the way in. */
#include "tensor/sequence.h"

#include <string.h>

scull_sequence_t *scull_tensor_sequence_create(size_t *left) {
  scull_sequence_t *sequence = scull_base_alloc(sizeof *sequence);
  if (sequence != NULL)
    sequence->left = left;
  return sequence;
}

void scull_tensor_sequence_destroy(scull_sequence_t *sequence) {
  if (sequence == NULL)
    return;
  for (size_t i = 0; i < sequence->capacity; i++)
    scull_base_free(sequence->items[i].data);
  scull_base_free(sequence->items);
  scull_base_free(sequence->room);
  scull_base_free(sequence);
}

bool scull_tensor_sequence_index(const scull_sequence_t *sequence, int64_t at, size_t limit,
                                 size_t *out) {
  int64_t index = at < 0 ? at + (int64_t)sequence->count : at;
  *out = (size_t)index;
  return index >= 0 && (size_t)index < limit;
}

static bool take(scull_sequence_t *sequence, size_t bytes) {
  if (sequence->left == NULL)
    return true;
  if (bytes > *sequence->left)
    return false;
  *sequence->left -= bytes;
  return true;
}

/* One more slot behind the elements. */
static bool reserve(scull_sequence_t *sequence) {
  enum { FIRST = 8 };
  size_t now = sequence->capacity, want = now == 0 ? FIRST : 2 * now;
  if (sequence->count < now)
    return true;
  if (!take(sequence, (want - now) * (sizeof *sequence->items + sizeof *sequence->room)))
    return false;
  scull_tensor_t *items = scull_base_alloc(want * sizeof *items);
  size_t *room = scull_base_alloc(want * sizeof *room);
  if (items == NULL || room == NULL) {
    scull_base_free(items);
    scull_base_free(room);
    return false;
  }
  if (now > 0) {
    memcpy(items, sequence->items, now * sizeof *items);
    memcpy(room, sequence->room, now * sizeof *room);
  }
  scull_base_free(sequence->items);
  scull_base_free(sequence->room);
  sequence->items = items;
  sequence->room = room;
  sequence->capacity = want;
  return true;
}

/* Puts the tensor's bytes into slot `at`. */
static bool fill(scull_sequence_t *sequence, size_t at, const scull_tensor_t *tensor) {
  size_t bytes = scull_tensor_bytes(&tensor->type);
  if (sequence->items[at].data == NULL || bytes > sequence->room[at]) {
    if (!take(sequence, bytes - sequence->room[at]))
      return false;
    void *block = scull_base_alloc_raw(bytes);
    if (block == NULL)
      return false;
    scull_base_free(sequence->items[at].data);
    sequence->items[at].data = block;
    sequence->room[at] = bytes;
  }
  sequence->items[at].type = tensor->type;
  if (bytes > 0 && tensor->data != sequence->items[at].data)
    memcpy(sequence->items[at].data, tensor->data, bytes);
  return true;
}

/* Moves the slot at `from` to `to`, the ones between by one. */
static void rotate(scull_sequence_t *sequence, size_t from, size_t to) {
  scull_tensor_t item = sequence->items[from];
  size_t room = sequence->room[from];
  size_t low = from < to ? from : to, high = from < to ? to : from;
  scull_tensor_t *items = &sequence->items[low];
  size_t *rooms = &sequence->room[low];
  size_t src = from < to ? 1 : 0, dst = 1 - src;
  memmove(items + dst, items + src, (high - low) * sizeof *items);
  memmove(rooms + dst, rooms + src, (high - low) * sizeof *rooms);
  sequence->items[to] = item;
  sequence->room[to] = room;
}

scull_status_t scull_tensor_sequence_insert(scull_sequence_t *sequence, size_t at,
                                            const scull_tensor_t *tensor) {
  if (!reserve(sequence) || !fill(sequence, sequence->count, tensor))
    return SCULL_OUT_OF_MEMORY;
  rotate(sequence, sequence->count++, at);
  return SCULL_OK;
}

scull_status_t scull_tensor_sequence_set(scull_sequence_t *sequence, size_t at,
                                         const scull_tensor_t *tensor) {
  return fill(sequence, at, tensor) ? SCULL_OK : SCULL_OUT_OF_MEMORY;
}

void scull_tensor_sequence_erase(scull_sequence_t *sequence, size_t at) {
  rotate(sequence, at, --sequence->count);
}

void scull_tensor_sequence_clear(scull_sequence_t *sequence) {
  sequence->count = 0;
}

scull_status_t scull_tensor_sequence_copy(scull_sequence_t *dst, const scull_sequence_t *src) {
  if (dst == src)
    return SCULL_OK;
  dst->count = 0;
  for (size_t i = 0; i < src->count; i++)
    SCULL_TRY(scull_tensor_sequence_insert(dst, i, &src->items[i]));
  return SCULL_OK;
}
