/* Time a layer, summed by its name. */
#include "profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  char *layer;
  size_t calls;
  double microseconds;
} row_t;

struct door_profile {
  row_t *rows;
  size_t count;
};

door_profile_t *door_profile_create(void) {
  return calloc(1, sizeof(door_profile_t));
}

void door_profile_destroy(door_profile_t *profile) {
  for (size_t i = 0; profile != NULL && i < profile->count; i++)
    free(profile->rows[i].layer);
  if (profile != NULL)
    free(profile->rows);
  free(profile);
}

/* The row of a layer; NULL when memory is short: its time is then not counted. */
static row_t *row_of(door_profile_t *profile, const scull_layer_time_t *time) {
  /* layers come in one order, run after run */
  if (time->index < profile->count && strcmp(profile->rows[time->index].layer, time->layer) == 0)
    return &profile->rows[time->index];
  for (size_t i = 0; i < profile->count; i++) {
    if (strcmp(profile->rows[i].layer, time->layer) == 0)
      return &profile->rows[i];
  }
  row_t *rows = realloc(profile->rows, (profile->count + 1) * sizeof *rows);
  if (rows == NULL)
    return NULL;
  profile->rows = rows;
  rows[profile->count] = (row_t){.layer = strdup(time->layer)};
  return rows[profile->count].layer == NULL ? NULL : &rows[profile->count++];
}

static void take(void *user, const scull_layer_time_t *time) {
  row_t *row = row_of(user, time);
  if (row == NULL)
    return;
  row->calls++;
  row->microseconds += time->microseconds;
}

bool door_profile_watch(door_profile_t *profile, scull_context_t *context) {
  return scull_context_set_profiler(context, take, profile) == SCULL_OK;
}

static int slower_first(const void *a, const void *b) {
  const row_t *x = a, *y = b;
  return x->microseconds < y->microseconds ? 1 : x->microseconds > y->microseconds ? -1 : 0;
}

void door_profile_print(const door_profile_t *profile) {
  double total = 0;
  if (profile == NULL || profile->count == 0)
    return;
  row_t *sorted = malloc(profile->count * sizeof *sorted);
  if (sorted == NULL)
    return;
  memcpy(sorted, profile->rows, profile->count * sizeof *sorted);
  qsort(sorted, profile->count, sizeof *sorted, slower_first);
  for (size_t i = 0; i < profile->count; i++)
    total += sorted[i].microseconds;
  fprintf(stderr, "scull: %10s %10s %6s  layer\n", "calls", "mean us", "%");
  for (size_t i = 0; i < profile->count; i++)
    fprintf(stderr, "scull: %10zu %10.1f %6.1f  %s\n", sorted[i].calls,
            sorted[i].microseconds / (double)sorted[i].calls, 100 * sorted[i].microseconds / total,
            sorted[i].layer);
  free(sorted);
}
