/* What the classes of a reader of text stand for, and what it has read. */
#ifndef EXAMPLES_TEXT_KEYS_H
#define EXAMPLES_TEXT_KEYS_H

#include "common.h"

/* The lines of a file; the first one owns the memory of all. */
static inline char **keys_read(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    fprintf(stderr, "%s: cannot be read\n", path);
    exit(1);
  }
  const size_t size = (size_t)ftell(file);
  char *text = must_have(malloc(size + 1));
  char **keys = must_have(malloc((size + 1) * sizeof *keys));
  rewind(file);
  text[fread(text, 1, size, file)] = 0;
  fclose(file);
  *count = 0;
  keys[0] = text;
  for (char *end = strchr(text, '\n'); end != NULL; end = strchr(text, '\n')) {
    keys[(*count)++] = text;
    *end = 0;
    text = end + 1;
  }
  return keys;
}

/* Prints what a line says, if it is more likely text than not. */
static void print_text(const scull_tensor_view_t *scores, char **keys, size_t count) {
  const size_t steps = (size_t)scores->dims[1], classes = (size_t)scores->dims[2];
  size_t *said = must_have(malloc(steps * sizeof *said)), length = 0, before = 0;
  float sum = 0;
  for (size_t t = 0; t < steps; t++) {
    const float *row = (const float *)scores->data + t * classes;
    size_t best = 0;
    for (size_t c = 1; c < classes; c++)
      best = row[c] > row[best] ? c : best;
    if (best != 0 && best != before)
      said[length++] = best, sum += row[best];
    before = best;
  }
  for (size_t i = 0; i < length && sum >= 0.5f * (float)length; i++)
    fputs(said[i] <= count ? keys[said[i] - 1] : " ", stdout);
  if (length > 0 && sum >= 0.5f * (float)length)
    putchar('\n');
  free(said);
}

#endif
