/* The file of shape ranges. Its grammar here: blocks `shape_range_info { ... }` of lines
 * `key: value`, the keys name, min_shape, max_shape and opt_shape (one number a line); others are
 * passed over. */
#include "shape_range.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_RANK = 8, MAX_LINE = 4096 };

/* A block as it is read. */
typedef struct {
  char name[MAX_LINE];
  int32_t dims[3][MAX_RANK]; /* min, max, opt */
  size_t rank[3];
} block_t;

static char *trim(char *text) {
  while (isspace((unsigned char)*text))
    text++;
  size_t size = strlen(text);
  while (size > 0 && isspace((unsigned char)text[size - 1]))
    text[--size] = '\0';
  return text;
}

/* "x" of the line `name: "x"`. */
static bool read_name(const char *value, block_t *block) {
  const char *from = strchr(value, '"'), *to = strrchr(value, '"');
  if (from == NULL || to == from)
    return false;
  snprintf(block->name, sizeof block->name, "%.*s", (int)(to - from - 1), from + 1);
  return true;
}

static bool read_dim(const char *value, int32_t *dims, size_t *rank) {
  char *end = NULL;
  const long dim = strtol(value, &end, 10);
  if (end == value || *end != '\0' || dim < 1 || dim > INT32_MAX || *rank == MAX_RANK)
    return false;
  dims[(*rank)++] = (int32_t)dim;
  return true;
}

static bool read_pair(char *line, block_t *block) {
  static const char *const keys[] = {"min_shape", "max_shape", "opt_shape"};
  char *colon = strchr(line, ':');
  if (colon == NULL)
    return false;
  *colon = '\0';
  const char *key = trim(line), *value = trim(colon + 1);
  if (strcmp(key, "name") == 0)
    return read_name(value, block);
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(key, keys[i]) == 0)
      return read_dim(value, block->dims[i], &block->rank[i]);
  }
  return true; /* min_value and the like */
}

static bool end_block(const block_t *block, door_ranges_t *ranges) {
  return block->name[0] != '\0' && block->rank[0] == block->rank[1] &&
         block->rank[0] == block->rank[2] &&
         door_ranges_add(ranges, block->name, block->rank[0], block->dims[0], block->dims[1],
                         block->dims[2]);
}

static bool read_line(char *line, bool *inside, block_t *block, door_ranges_t *ranges) {
  if (*line == '\0')
    return true;
  if (!*inside) {
    *block = (block_t){0};
    *inside = true;
    return strncmp(line, "shape_range_info", 16) == 0 && line[strlen(line) - 1] == '{';
  }
  if (strcmp(line, "}") != 0)
    return read_pair(line, block);
  *inside = false;
  return end_block(block, ranges);
}

bool door_shape_range_read(const char *path, door_ranges_t *ranges) {
  char text[MAX_LINE];
  FILE *file = fopen(path, "r");
  block_t *block = malloc(sizeof *block);
  bool inside = false, ok = file != NULL && block != NULL;
  int at = 0;
  if (!ok)
    door_fail("%s: cannot be read", path);
  while (ok && fgets(text, sizeof text, file) != NULL) {
    at++;
    if (!read_line(trim(text), &inside, block, ranges))
      ok = door_fail("%s: line %d is not that of a file of shape ranges", path, at);
  }
  if (ok && inside)
    ok = door_fail("%s: the last block has no end", path);
  if (file != NULL)
    fclose(file);
  free(block);
  return ok;
}

static void write_dims(FILE *file, const char *key, const int32_t *dims, size_t rank) {
  for (size_t i = 0; i < rank; i++)
    fprintf(file, "  %s: %d\n", key, (int)dims[i]);
}

bool door_shape_range_write(const char *path, const door_ranges_t *ranges) {
  char temporary[4096];
  if (snprintf(temporary, sizeof temporary, "%s.tmp-%ld", path, (long)getpid()) >=
      (int)sizeof temporary)
    return door_fail("%.200s...: the path is too long", path);
  FILE *file = fopen(temporary, "w");
  if (file == NULL)
    return door_fail("%s: cannot be written", temporary);
  for (size_t i = 0; i < ranges->count; i++) {
    const door_range_t *r = &ranges->items[i];
    fprintf(file, "shape_range_info {\n  name: \"%s\"\n", r->name);
    write_dims(file, "min_shape", r->min, r->rank);
    write_dims(file, "max_shape", r->max, r->rank);
    write_dims(file, "opt_shape", r->opt, r->rank);
    fprintf(file, "}\n");
  }
  const bool whole = !ferror(file);
  if (fclose(file) == 0 && whole && rename(temporary, path) == 0)
    return true;
  remove(temporary);
  return door_fail("%s: cannot be written", path);
}

/* --- how often an extent came -------------------------------------------------------------------
 */

bool door_tally_add(door_tally_t *tally, size_t input, int32_t dim, int32_t extent) {
  for (size_t i = 0; i < tally->count; i++) {
    door_extent_t *e = &tally->items[i];
    if (e->input == input && e->dim == dim && e->extent == extent) {
      e->runs++;
      return true;
    }
  }
  door_extent_t *items = realloc(tally->items, (tally->count + 1) * sizeof *items);
  if (items == NULL)
    return door_fail_memory();
  tally->items = items;
  items[tally->count++] = (door_extent_t){.input = input, .dim = dim, .extent = extent, .runs = 1};
  return true;
}

int32_t door_tally_best(const door_tally_t *tally, size_t input, int32_t dim) {
  const door_extent_t *best = NULL;
  for (size_t i = 0; i < tally->count; i++) {
    const door_extent_t *e = &tally->items[i];
    if (e->input == input && e->dim == dim && (best == NULL || e->runs > best->runs))
      best = e;
  }
  return best == NULL ? 0 : best->extent;
}

void door_tally_clear(door_tally_t *tally) {
  free(tally->items);
  *tally = (door_tally_t){0};
}
