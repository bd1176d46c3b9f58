/* The table as text, and back. */
#include "quant/table.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/real.h"
#include "base/vec.h"

static const char heading[] = "scull calibration 1";

void scull_quant_table_init(scull_quant_table_t *table) {
  *table = (scull_quant_table_t){.method = ""};
  scull_base_arena_init(&table->arena);
}

void scull_quant_table_deinit(scull_quant_table_t *table) {
  scull_base_free(table->ranges);
  scull_base_arena_deinit(&table->arena);
  *table = (scull_quant_table_t){.method = ""};
}

/* The first place whose name is not before `name`. */
static size_t place_of(const scull_quant_table_t *table, const char *name) {
  size_t low = 0, high = table->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (strcmp(table->ranges[middle].name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

const scull_range_t *scull_quant_table_find(const scull_quant_table_t *table, const char *name) {
  const size_t at = place_of(table, name);
  return at < table->count && strcmp(table->ranges[at].name, name) == 0 ? &table->ranges[at] : NULL;
}

static bool keep_channels(scull_range_t *to, scull_arena_t *arena, const scull_range_t *from) {
  const size_t bytes = from->channels * sizeof(float);
  if (bytes == 0)
    return true;
  to->peak = scull_base_arena_copy(arena, from->peak, bytes);
  to->mean = scull_base_arena_copy(arena, from->mean, bytes);
  to->square = scull_base_arena_copy(arena, from->square, bytes);
  return to->peak != NULL && to->mean != NULL && to->square != NULL;
}

scull_status_t scull_quant_table_set(scull_quant_table_t *table, const scull_range_t *range) {
  const size_t at = place_of(table, range->name);
  scull_range_t copy = *range;
  copy.name = scull_base_arena_string(&table->arena, range->name, strlen(range->name));
  copy.method = range->method == NULL
                    ? ""
                    : scull_base_arena_string(&table->arena, range->method, strlen(range->method));
  if (range->sketch != NULL) {
    copy.sketch = scull_base_arena_string(&table->arena, range->sketch, strlen(range->sketch));
    if (copy.sketch == NULL)
      return SCULL_OUT_OF_MEMORY;
  }
  if (copy.name == NULL || copy.method == NULL || !keep_channels(&copy, &table->arena, range))
    return SCULL_OUT_OF_MEMORY;
  if (at < table->count && strcmp(table->ranges[at].name, range->name) == 0) {
    table->ranges[at] = copy;
    return SCULL_OK;
  }
  if (table->count == table->room &&
      !scull_base_vec_reserve((void **)&table->ranges, &table->room, table->count, table->count + 1,
                              sizeof *table->ranges))
    return SCULL_OUT_OF_MEMORY;
  memmove(table->ranges + at + 1, table->ranges + at, (table->count - at) * sizeof *table->ranges);
  table->ranges[at] = copy;
  table->count++;
  return SCULL_OK;
}

/* --- reading ------------------------------------------------------------------------------------
 */

typedef struct {
  scull_quant_table_t *table;
  const char *name; /* of the file */
  scull_diag_t *diag;
  size_t line;
  scull_range_t *last; /* that was read; until the next */
} reader_t;

static scull_status_t bad(const reader_t *r, const char *what, const char *text) {
  return scull_base_fail(r->diag, SCULL_CORRUPT, "%s: line %zu: %s '%.80s'", r->name, r->line, what,
                         text);
}

/* The last ": " that eight hexadecimal digits and then a blank or the end follow; NULL: none. */
static char *find_scale(char *line) {
  char *found = NULL;
  for (char *at = strstr(line, ": "); at != NULL; at = strstr(at + 1, ": ")) {
    size_t digits = 0;
    while (digits < 9 && isxdigit((unsigned char)at[2 + digits]))
      digits++;
    if (digits == 8 && (at[10] == '\0' || at[10] == ' '))
      found = at;
  }
  return found;
}

static bool is_scale(float scale) {
  return scale > 0 && scale * 127.0f <= 3e38f;
}

static bool read_number(const char *text, double *out) {
  const char *end = NULL;
  return scull_base_real_read(text, &end, out) && (*end == '\0' || *end == ' ');
}

/* "key=value" after the scales. */
static scull_status_t read_fact(const reader_t *r, char *word, scull_range_t *range) {
  char *value = strchr(word, '=');
  double number = 0;
  if (value == NULL)
    return bad(r, "no KEY=VALUE:", word);
  *value++ = '\0';
  if (strcmp(word, "method") == 0) {
    range->method = value;
    return SCULL_OK;
  }
  if (!read_number(value, &number))
    return bad(r, "no number:", value);
  if (strcmp(word, "min") == 0)
    range->min = (float)number;
  else if (strcmp(word, "max") == 0)
    range->max = (float)number;
  else if (strcmp(word, "clipped") == 0)
    range->clipped = number;
  else if (strcmp(word, "sqnr") == 0)
    range->sqnr = number;
  else if (strcmp(word, "tiny") == 0 && number > 0)
    range->tiny = (float)number;
  return SCULL_OK; /* later versions may say more */
}

/* What follows the hexadecimal scale. */
static scull_status_t read_facts(const reader_t *r, char *rest, float scale, scull_range_t *range) {
  bool first = true;
  for (char *word = rest, *next = NULL; word != NULL; word = next) {
    double decimal = 0;
    next = strchr(word, ' ');
    if (next != NULL)
      *next++ = '\0';
    if (*word == '\0')
      continue;
    if (!first || strchr(word, '=') != NULL) {
      SCULL_TRY(read_fact(r, word, range));
    } else if (!read_number(word, &decimal) ||
               fabs(decimal - (double)scale) > 1e-3 * (double)scale) {
      return bad(r, "the decimal scale is not the hexadecimal one:", word);
    }
    first = false;
  }
  return SCULL_OK;
}

/* Four hexadecimal digits as the upper half of an f32. */
static bool read_half(const char *text, float *out) {
  uint32_t bits = 0;
  for (int i = 0; i < 4; i++) {
    if (!isxdigit((unsigned char)text[i]))
      return false;
    const int digit = text[i] <= '9' ? text[i] - '0' : (text[i] | 32) - 'a' + 10;
    bits = bits << 4 | (uint32_t)digit;
  }
  bits <<= 16;
  memcpy(out, &bits, sizeof bits);
  return isfinite(*out);
}

/* "sketch 9987...", of the tensor that was read last. */
static scull_status_t read_sketch(const reader_t *r, const char *digits) {
  if (strlen(digits) != SCULL_QUANT_SKETCH || strspn(digits, "0123456789") != SCULL_QUANT_SKETCH)
    return bad(r, "no sketch:", digits);
  r->last->sketch = scull_base_arena_string(&r->table->arena, digits, SCULL_QUANT_SKETCH);
  return r->last->sketch == NULL ? SCULL_OUT_OF_MEMORY : SCULL_OK;
}

/* "channels 3f803e013c00 ...", of the tensor that was read last. */
static scull_status_t read_channels(const reader_t *r, const char *line) {
  enum { DIGITS = 12 };
  static const char word[] = "channels";
  const size_t length = strlen(line), count = (length - strlen(word)) / (DIGITS + 1);
  scull_range_t *range = r->last;
  if (range != NULL && strncmp(line, "sketch ", 7) == 0)
    return read_sketch(r, line + 7);
  if (range == NULL || strncmp(line, word, strlen(word)) != 0)
    return SCULL_OK; /* later versions may say more */
  float *all = SCULL_ARENA_ARRAY(&r->table->arena, float, 3 * count + 1);
  if (all == NULL)
    return SCULL_OUT_OF_MEMORY;
  const char *at = line + strlen(word);
  for (size_t c = 0; c < count; c++, at += DIGITS + 1) {
    if (*at != ' ' || !read_half(at + 1, &all[c]) || !read_half(at + 5, &all[count + c]) ||
        !read_half(at + 9, &all[2 * count + c]) || all[c] < 0 || all[2 * count + c] < 0)
      return bad(r, "twelve hexadecimal digits a channel are wanted, not", at);
  }
  if (*at != '\0')
    return bad(r, "twelve hexadecimal digits a channel are wanted, not", at);
  range->channels = count;
  range->peak = all;
  range->mean = all + count;
  range->square = all + 2 * count;
  return SCULL_OK;
}

static scull_status_t read_line(reader_t *r, char *line) {
  scull_range_t range = {.min = 1, .max = -1, .clipped = NAN, .sqnr = NAN, .method = ""};
  char *at = find_scale(line);
  if (at == NULL)
    return bad(r, "no NAME: SCALE in", line);
  const uint32_t bits = (uint32_t)strtoul(at + 2, NULL, 16);
  float scale;
  memcpy(&scale, &bits, sizeof scale);
  *at = '\0';
  if (!is_scale(scale))
    return bad(r, "a scale that is no positive number, for", line);
  range.name = line;
  range.threshold = scale * 127.0f;
  SCULL_TRY(read_facts(r, at + 10, scale, &range));
  if (isnan(range.min) || isnan(range.max))
    return bad(r, "a range that is no number, for", line);
  r->last = NULL;
  SCULL_TRY(scull_quant_table_set(r->table, &range));
  r->last = (scull_range_t *)(uintptr_t)scull_quant_table_find(r->table, line);
  return SCULL_OK;
}

/* "model 0123", "method best", "inputs 500": false when the line is a tensor's. */
static bool read_head(const reader_t *r, const char *line) {
  scull_quant_table_t *t = r->table;
  if (strncmp(line, "model ", 6) == 0 && strlen(line) == 22) {
    t->model = strtoull(line + 6, NULL, 16);
    return true;
  }
  if (strncmp(line, "inputs ", 7) == 0) {
    t->inputs = strtoull(line + 7, NULL, 10);
    return true;
  }
  if (strncmp(line, "method ", 7) != 0)
    return false;
  const char *method = scull_base_arena_string(&t->arena, line + 7, strlen(line + 7));
  t->method = method == NULL ? "" : method;
  return true;
}

/* Each line of `text` in a copy that may be cut. */
static scull_status_t each_line(reader_t *r, scull_bytes_t text,
                                scull_status_t (*take)(reader_t *r, char *line)) {
  char *copy = scull_base_arena_string(&r->table->arena, (const char *)text.data, text.size);
  if (copy == NULL)
    return scull_base_fail_memory(r->diag, "a calibration table");
  for (char *line = copy; line != NULL && *line != '\0';) {
    char *end = strchr(line, '\n');
    if (end != NULL)
      *end++ = '\0';
    const size_t length = strlen(line);
    if (length > 0 && line[length - 1] == '\r')
      line[length - 1] = '\0';
    r->line++;
    scull_status_t status = take(r, line);
    if (status == SCULL_OUT_OF_MEMORY)
      return scull_base_fail_memory(r->diag, "a calibration table");
    SCULL_TRY(status);
    line = end;
  }
  return SCULL_OK;
}

static scull_status_t take_line(reader_t *r, char *line) {
  if (r->line == 1) {
    r->table->is_tensorrt = strncmp(line, "TRT-", 4) == 0 && strstr(line, "Calibration") != NULL;
    if (r->table->is_tensorrt || strcmp(line, heading) == 0)
      return SCULL_OK;
    return bad(r, "this is no calibration table:", line);
  }
  if (*line == '\0' || *line == '#')
    return SCULL_OK;
  if (!r->table->is_tensorrt && r->table->count == 0 && read_head(r, line))
    return SCULL_OK;
  if (*line == '\t')
    return read_channels(r, line + 1);
  return read_line(r, line);
}

scull_status_t scull_quant_table_read(scull_bytes_t text, const char *name,
                                      scull_quant_table_t *table, scull_diag_t *diag) {
  reader_t r = {.table = table, .name = name, .diag = diag};
  SCULL_TRY(each_line(&r, text, take_line));
  if (table->count == 0)
    return scull_base_fail(diag, SCULL_CORRUPT, "%s: no tensor has a scale", name);
  return SCULL_OK;
}

/* The number before `end`, which is moved to the blank in front of it; false when there is none. */
static bool last_number(char *line, char **end, double *out) {
  char *at = *end;
  while (at > line && (at[-1] == ' ' || at[-1] == '\t'))
    at--;
  *at = '\0';
  while (at > line && at[-1] != ' ' && at[-1] != '\t')
    at--;
  if (at == line || !read_number(at, out))
    return false;
  *end = at;
  return true;
}

static scull_status_t take_range(reader_t *r, char *line) {
  char *end = line + strlen(line);
  double high = 0, low = 0;
  if (*line == '\0' || *line == '#')
    return SCULL_OK;
  if (!last_number(line, &end, &high))
    return bad(r, "no NAME MIN MAX or NAME AMAX in", line);
  if (!last_number(line, &end, &low)) {
    low = -high;
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
      *--end = '\0';
  } else {
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
      *--end = '\0';
  }
  const scull_range_t range = {.name = line,
                               .min = (float)low,
                               .max = (float)high,
                               .threshold = fmaxf(fabsf((float)low), fabsf((float)high)),
                               .method = "user",
                               .clipped = NAN,
                               .sqnr = NAN};
  if (!(low <= high) || !is_scale(range.threshold / 127.0f))
    return bad(r, "an impossible range for", line);
  return scull_quant_table_set(r->table, &range);
}

scull_status_t scull_quant_table_read_ranges(scull_bytes_t text, const char *name,
                                             scull_quant_table_t *table, scull_diag_t *diag) {
  reader_t r = {.table = table, .name = name, .diag = diag};
  return each_line(&r, text, take_range);
}

/* --- writing ------------------------------------------------------------------------------------
 */

static void print_number(scull_text_t *out, const char *key, double value) {
  if (isnan(value))
    return;
  scull_base_text_print(out, " %s=", key);
  scull_base_real_print(out, value, true);
}

/* The upper half of an f32, rounded; what is known of channels needs no more. */
static unsigned half_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits += 0x7fff + (bits >> 16 & 1);
  bits >>= 16;
  return (bits & 0x7f80) == 0x7f80 ? bits - 0x80 : bits; /* rounding must not make infinity */
}

static void print_range(const scull_range_t *range, scull_text_t *out) {
  const float scale = range->threshold / 127.0f;
  uint32_t bits;
  memcpy(&bits, &scale, sizeof bits);
  scull_base_text_print(out, "%s: %08" PRIx32 " ", range->name, bits);
  scull_base_real_print(out, (double)scale, true);
  if (range->min <= range->max) {
    print_number(out, "min", (double)range->min);
    print_number(out, "max", (double)range->max);
  }
  if (range->method[0] != '\0')
    scull_base_text_print(out, " method=%s", range->method);
  print_number(out, "clipped", range->clipped);
  print_number(out, "sqnr", range->sqnr);
  if (range->tiny > 0)
    print_number(out, "tiny", (double)range->tiny);
  scull_base_text_print(out, "\n");
  if (range->sketch != NULL)
    scull_base_text_print(out, "\tsketch %s\n", range->sketch);
  if (range->channels == 0)
    return;
  scull_base_text_print(out, "\tchannels");
  for (size_t c = 0; c < range->channels; c++)
    scull_base_text_print(out, " %04x%04x%04x", half_of(range->peak[c]), half_of(range->mean[c]),
                          half_of(range->square[c]));
  scull_base_text_print(out, "\n");
}

void scull_quant_table_print(const scull_quant_table_t *table, scull_text_t *out) {
  scull_base_text_print(out, "%s\nmodel %016" PRIx64 "\nmethod %s\ninputs %" PRIu64 "\n", heading,
                        table->model, table->method, table->inputs);
  for (size_t i = 0; i < table->count; i++) {
    if (strpbrk(table->ranges[i].name, "\t\r\n") == NULL) /* nobody could read it back */
      print_range(&table->ranges[i], out);
  }
}
