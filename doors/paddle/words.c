/* Strings of the door. */
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char last_error[4096];

bool door_fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(last_error, sizeof last_error, format, args);
  va_end(args);
  return false;
}

bool door_fail_memory(void) {
  return door_fail("memory is short");
}

const char *door_error(void) {
  return last_error;
}

void door_say(bool quiet, const char *format, ...) {
  if (quiet)
    return;
  char line[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  fprintf(stderr, "scull: %s\n", line);
}

bool door_set(char **slot, const char *text) {
  char *copy = text == NULL ? NULL : strdup(text);
  if (text != NULL && copy == NULL)
    return door_fail_memory();
  free(*slot);
  *slot = copy;
  return true;
}

bool door_words_insert(door_words_t *words, size_t at, const char *text) {
  char *copy = strdup(text);
  char **items =
      copy == NULL ? NULL : realloc(words->items, (words->count + 1) * sizeof *words->items);
  if (items == NULL) {
    free(copy);
    return door_fail_memory();
  }
  memmove(items + at + 1, items + at, (words->count - at) * sizeof *items);
  items[at] = copy;
  words->items = items;
  words->count++;
  return true;
}

bool door_words_add(door_words_t *words, const char *text) {
  return door_words_insert(words, words->count, text);
}

bool door_words_has(const door_words_t *words, const char *text) {
  for (size_t i = 0; i < words->count; i++) {
    if (strcmp(words->items[i], text) == 0)
      return true;
  }
  return false;
}

size_t door_words_remove(door_words_t *words, const char *text) {
  size_t kept = 0, before = words->count;
  for (size_t i = 0; i < before; i++) {
    if (strcmp(words->items[i], text) == 0)
      free(words->items[i]);
    else
      words->items[kept++] = words->items[i];
  }
  words->count = kept;
  return before - kept;
}

bool door_words_copy(door_words_t *dst, const door_words_t *src) {
  for (size_t i = 0; i < src->count; i++) {
    if (!door_words_add(dst, src->items[i]))
      return false;
  }
  return true;
}

void door_words_clear(door_words_t *words) {
  for (size_t i = 0; i < words->count; i++)
    free(words->items[i]);
  free(words->items);
  *words = (door_words_t){0};
}
