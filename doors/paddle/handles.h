/* Handles whose end can be told. Private to doors/paddle.
 *
 * Callers keep pointers to what they destroyed, and languages with finalizers destroy in any order.
 * So the place of a handle is never given back to the system: it is marked and waits for a new
 * handle, and a call with the old pointer finds the mark. */
#ifndef SCULL_DOORS_PADDLE_HANDLES_H
#define SCULL_DOORS_PADDLE_HANDLES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { DOOR_NOTHING = 0, DOOR_CONFIG, DOOR_PREDICTOR, DOOR_TENSOR } door_kind_t;

/* The first member of PD_Config, PD_Predictor and PD_Tensor. */
typedef struct door_handle {
  _Atomic(door_kind_t) kind; /* DOOR_NOTHING: destroyed */
  _Atomic(uint64_t) life;    /* of this place, counted: tells a handle from a later one here */
  struct door_handle *next;  /* among the places that wait */
} door_handle_t;

/* `size` bytes for a handle of that kind (each kind has one size), zero behind the head. NULL with
 * words when memory is short. */
void *door_handle_create(door_kind_t kind, size_t size);

/* Notes which function was given what, and answers false, unless `handle` is alive and of that
 * kind. */
bool door_handle_check(const void *handle, door_kind_t kind, const char *function);

/* For destroy functions: true for the one caller that may destroy what the handle holds, and then
 * leaves its place. NULL is no fault, but false. */
bool door_handle_claim(void *handle, door_kind_t kind, const char *function);
void door_handle_leave(void *handle, door_kind_t kind);

#endif
