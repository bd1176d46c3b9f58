/* Values of options, from text. strtoll and its kin accept more than we want (spaces, signs, an
 * empty text), so the first character is looked at before and the end after. */
#define _POSIX_C_SOURCE 200809L
#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

static scull_status_t refuse(const char *option, const char *wanted, const char *text) {
  return cli_fail(SCULL_INVALID_ARGUMENT, "--%s wants %s, not '%s'", option, wanted, text);
}

scull_status_t cli_values_integer(const char *option, const char *text, int64_t *out) {
  char *end = NULL;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  bool begins_well = isdigit((unsigned char)text[0]) || text[0] == '-';
  if (!begins_well || *end || errno)
    return refuse(option, "a whole number", text);
  *out = value;
  return SCULL_OK;
}

scull_status_t cli_values_number(const char *option, const char *text, double *out) {
  char *end = NULL;
  double value = strtod(text, &end);
  bool begins_well = isdigit((unsigned char)text[0]) || text[0] == '.';
  if (!begins_well || *end || !isfinite(value))
    return refuse(option, "a number that is not negative", text);
  *out = value;
  return SCULL_OK;
}

scull_status_t cli_values_size(const char *option, const char *text, size_t *out) {
  static const struct {
    const char *unit;
    uint64_t bytes;
  } units[] = {{"", 1},      {"B", 1},     {"KiB", 1 << 10}, {"MiB", 1 << 20},  {"GiB", 1 << 30},
               {"kB", 1000}, {"KB", 1000}, {"MB", 1000000},  {"GB", 1000000000}};
  char *end = NULL;
  errno = 0;
  uint64_t value = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
  for (size_t i = 0; end && !errno && i < CLI_COUNT(units); i++) {
    if (strcmp(end, units[i].unit) == 0 && value <= SIZE_MAX / units[i].bytes) {
      *out = (size_t)(value * units[i].bytes);
      return SCULL_OK;
    }
  }
  return refuse(option, "a size such as 64MiB", text);
}

scull_status_t cli_values_choice(const char *option, const char *text, const char *words,
                                 int *out) {
  size_t length = strlen(text);
  int position = 0;
  for (const char *word = words;; word++, position++) {
    size_t end = strcspn(word, "|");
    if (end == length && strncmp(word, text, end) == 0) {
      *out = position;
      return SCULL_OK;
    }
    word += end;
    if (!*word)
      return refuse(option, words, text);
  }
}

scull_status_t cli_values_precisions(const cli_list_t *words, uint32_t *out) {
  *out = SCULL_PRECISION_F32;
  for (size_t i = 0; i < words->count; i++) {
    int position = 0; /* the order below is that of the bits */
    CLI_TRY(cli_values_choice("precision", words->items[i], "fp32|bf16|fp16|int8|tf32", &position));
    *out |= 1u << position;
  }
  return SCULL_OK;
}

scull_status_t cli_values_layer_precision(const char *text, scull_layer_precision_t *out) {
  const char *word = strrchr(text, '=');
  int position = 0;
  if (!word || word == text)
    return refuse("layer-precision", "PATTERN=fp32|bf16|fp16|int8", text);
  CLI_TRY(cli_values_choice("layer-precision", word + 1, "fp32|bf16|fp16|int8", &position));
  char *layer = malloc((size_t)(word - text) + 1);
  if (!layer)
    return cli_fail_memory();
  memcpy(layer, text, (size_t)(word - text));
  layer[word - text] = '\0';
  *out = (scull_layer_precision_t){layer, 1u << position};
  return SCULL_OK;
}

scull_status_t cli_values_device(const char *text, char *name, size_t room, int *index) {
  size_t length = strcspn(text, ":");
  int64_t value = 0;
  if (length == 0 || length >= room)
    return refuse("device", "cpu or cuda:N", text);
  memcpy(name, text, length);
  name[length] = '\0';
  if (text[length] == ':')
    CLI_TRY(cli_values_integer("device", text + length + 1, &value));
  if (value < 0 || value > 1024)
    return refuse("device", "cpu or cuda:N", text);
  *index = (int)value;
  return SCULL_OK;
}

/* Reads dims up to ':' or the end and moves *text there. False when it is no shape. */
static bool take_shape(const char **text, int32_t *rank, int64_t dims[SCULL_MAX_RANK]) {
  const char *at = *text;
  *rank = 0;
  while (*at && *at != ':') {
    char *end = NULL;
    if (!isdigit((unsigned char)*at) || *rank == SCULL_MAX_RANK)
      return false;
    errno = 0;
    dims[(*rank)++] = strtoll(at, &end, 10);
    if (errno || (*end && *end != 'x' && *end != ':') || (*end == 'x' && !isdigit(end[1])))
      return false;
    at = *end == 'x' ? end + 1 : end;
  }
  *text = at;
  return true;
}

bool cli_values_is_shape(const char *text) {
  int32_t rank = 0;
  int64_t dims[SCULL_MAX_RANK];
  return take_shape(&text, &rank, dims) && !*text && rank > 0;
}

/* The part after "NAME=": one shape, or three of the same rank. */
static bool take_range(const char *text, scull_shape_range_t *out) {
  int64_t *const parts[] = {out->min, out->opt, out->max};
  if (!take_shape(&text, &out->rank, out->min))
    return false;
  if (!*text) {
    memcpy(out->opt, out->min, sizeof out->min);
    memcpy(out->max, out->min, sizeof out->min);
    return true;
  }
  for (int i = 1; i < 3; i++) {
    int32_t rank = 0;
    if (*text++ != ':' || !take_shape(&text, &rank, parts[i]) || rank != out->rank)
      return false;
  }
  return !*text;
}

scull_status_t cli_values_range(const char *text, scull_shape_range_t *out) {
  const char *equals = strrchr(text, '=');
  *out = (scull_shape_range_t){0};
  if (!equals || equals == text || !take_range(equals + 1, out))
    return refuse("input", "NAME=1x3x224x224 or NAME=MIN:OPT:MAX (three shapes of one rank)", text);
  out->name = strndup(text, (size_t)(equals - text));
  return out->name ? SCULL_OK : cli_fail_memory();
}

const char *cli_values_shape_text(int32_t rank, const int64_t *dims, char *out, size_t room) {
  size_t used = 0;
  out[0] = '\0';
  for (int32_t i = 0; i < rank && used < room; i++)
    used += (size_t)snprintf(out + used, room - used, "%s%lld", i ? "x" : "", (long long)dims[i]);
  if (rank == 0)
    snprintf(out, room, "scalar");
  return out;
}

/* --- lists ------------------------------------------------------------------------------------ */

scull_status_t cli_list_add(cli_list_t *list, const char *text, size_t length) {
  char **items = realloc(list->items, (list->count + 1) * sizeof *items);
  if (!items)
    return cli_fail_memory();
  list->items = items;
  items[list->count] = strndup(text, length);
  if (!items[list->count])
    return cli_fail_memory();
  list->count++;
  return SCULL_OK;
}

scull_status_t cli_list_split(cli_list_t *list, const char *text) {
  while (*text) {
    size_t length = strcspn(text, ",");
    if (length > 0)
      CLI_TRY(cli_list_add(list, text, length));
    text += length + (text[length] == ',');
  }
  return SCULL_OK;
}

void cli_list_deinit(cli_list_t *list) {
  for (size_t i = 0; i < list->count; i++)
    free(list->items[i]);
  free(list->items);
  *list = (cli_list_t){0};
}

const char *const *cli_list_texts(const cli_list_t *list) {
  return (const char *const *)list->items;
}
