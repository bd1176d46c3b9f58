/* The name that somebody may have meant who wrote one that does not exist. */
#ifndef SCULL_BASE_NEAREST_H
#define SCULL_BASE_NEAREST_H

#include <stddef.h>

enum { SCULL_NEAREST_WORDS = 160 };

typedef struct scull_nearest {
  const char *wanted, *name; /* borrowed; name: NULL while nothing is near */
  size_t distance;           /* edits between the two */
  char words[SCULL_NEAREST_WORDS];
} scull_nearest_t;

/* Begins the search; nothing is near yet. */
void scull_base_nearest_init(scull_nearest_t *nearest, const char *wanted);

/* Takes `name` when it is nearer than what was offered before: fewest letters changed, added, left
 * out or swapped with their neighbours, at most a third of them. The first of equals stays. */
void scull_base_nearest_offer(scull_nearest_t *nearest, const char *name);

/* " (did you mean 'relu'?)", or "" when nothing is near: for the end of a message. In `nearest`. */
const char *scull_base_nearest_words(scull_nearest_t *nearest);

#endif
