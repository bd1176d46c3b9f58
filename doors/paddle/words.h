/* Lists of strings, copies of strings, and what the door says to its user. Private to doors/paddle.
 */
#ifndef SCULL_DOORS_PADDLE_WORDS_H
#define SCULL_DOORS_PADDLE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  char **items;
  size_t count;
} door_words_t;

/* Adds a copy in front of item `at` (at most count). False when memory is short. */
bool door_words_insert(door_words_t *words, size_t at, const char *text);
bool door_words_add(door_words_t *words, const char *text);
bool door_words_has(const door_words_t *words, const char *text);
/* Removes every item of that text; returns how many. */
size_t door_words_remove(door_words_t *words, const char *text);
bool door_words_copy(door_words_t *dst, const door_words_t *src);
void door_words_clear(door_words_t *words);

/* Puts a copy of `text` (NULL: nothing) in the place of *slot. False when memory is short; *slot is
 * then as it was. */
bool door_set(char **slot, const char *text);

/* The thread's last error (PD_GetLastError). door_fail cuts words that are too long; it returns
 * false, for `return door_fail(...)`. */
bool door_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool door_fail_memory(void);
const char *door_error(void);

/* A line on stderr, unless the config is quiet. */
void door_say(bool quiet, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
