/* Places wait in the order in which they were left, a number of them always, so that a stale
 * pointer is told for long. */
#include "handles.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

enum { WAITING = 64, KINDS = DOOR_TENSOR + 1 };

static struct {
  door_handle_t *first, *last;
  size_t count;
} places[KINDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static door_handle_t *reuse(door_kind_t kind) {
  door_handle_t *place = NULL;
  pthread_mutex_lock(&lock);
  if (places[kind].count > WAITING) {
    place = places[kind].first;
    places[kind].first = place->next;
    places[kind].count--;
  }
  pthread_mutex_unlock(&lock);
  return place;
}

void *door_handle_create(door_kind_t kind, size_t size) {
  door_handle_t *handle = reuse(kind);
  if (handle != NULL)
    memset(handle + 1, 0, size - sizeof *handle); /* the head is read by whoever has a stale one */
  else
    handle = calloc(1, size);
  if (handle == NULL) {
    door_fail_memory();
    return NULL;
  }
  atomic_fetch_add(&handle->life, 1);
  atomic_store(&handle->kind, kind);
  return handle;
}

static const char *const names[KINDS] = {"", "config", "predictor", "tensor"};

bool door_handle_check(const void *handle, door_kind_t kind, const char *function) {
  if (handle == NULL)
    return door_fail("%s: the %s is NULL", function, names[kind]);
  const door_kind_t found = atomic_load(&((const door_handle_t *)handle)->kind);
  if (found == kind)
    return true;
  if (found == DOOR_NOTHING)
    return door_fail("%s: the %s was destroyed", function, names[kind]);
  return door_fail("%s: this is no %s", function, names[kind]);
}

bool door_handle_claim(void *handle, door_kind_t kind, const char *function) {
  door_kind_t expected = kind;
  if (handle == NULL)
    return false;
  return atomic_compare_exchange_strong(&((door_handle_t *)handle)->kind, &expected,
                                        DOOR_NOTHING) ||
         door_handle_check(handle, kind, function);
}

void door_handle_leave(void *handle, door_kind_t kind) {
  door_handle_t *place = handle;
  place->next = NULL;
  pthread_mutex_lock(&lock);
  if (places[kind].count == 0)
    places[kind].first = place;
  else
    places[kind].last->next = place;
  places[kind].last = place;
  places[kind].count++;
  pthread_mutex_unlock(&lock);
}
