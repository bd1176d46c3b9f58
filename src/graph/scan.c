/* The scanner of a graph's text. It never looks beyond the end of the line, and counts on the text
 * being NUL-terminated only. */
#include "graph/scan.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

enum { SHOWN = 40 }; /* characters of the text that a message shows */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

static bool is_name(char c) {
  return is_word(c) || c == '.' || c == '/' || c == '-';
}

static bool is_end(char c) {
  return c == '\0' || c == '\n' || c == '\r';
}

bool scull_graph_scan_is_plain(const char *name) {
  size_t length = 0;
  while (is_name(name[length]))
    length++;
  return length > 0 && name[length] == '\0';
}

scull_status_t scull_graph_scan_fail(const scull_scan_t *scan, const char *format, ...) {
  char words[512];
  va_list args;
  va_start(args, format);
  vsnprintf(words, sizeof words, format, args);
  va_end(args);
  return scull_base_fail(scan->diag, SCULL_CORRUPT, "line %zu: %s", scan->line, words);
}

/* "X is wanted, not 'rest of the line'". */
static scull_status_t fail_wanted(const scull_scan_t *scan, const char *wanted) {
  int length = 0;
  while (length < SHOWN && !is_end(scan->at[length]))
    length++;
  return scull_graph_scan_fail(scan, "%s is wanted, not '%.*s'", wanted, length, scan->at);
}

void scull_graph_scan_blanks(scull_scan_t *scan) {
  while (*scan->at == ' ' || *scan->at == '\t')
    scan->at++;
}

bool scull_graph_scan_at_end(scull_scan_t *scan) {
  scull_graph_scan_blanks(scan);
  return is_end(*scan->at);
}

bool scull_graph_scan_try(scull_scan_t *scan, char c) {
  scull_graph_scan_blanks(scan);
  if (*scan->at != c)
    return false;
  scan->at++;
  return true;
}

scull_status_t scull_graph_scan_expect(scull_scan_t *scan, char c) {
  const char wanted[] = {'\'', c, '\'', '\0'};
  return scull_graph_scan_try(scan, c) ? SCULL_OK : fail_wanted(scan, wanted);
}

/* The first `length` characters as a string of their own, passed over. */
static scull_status_t take(scull_scan_t *scan, size_t length, char **out) {
  *out = scull_base_arena_string(scan->arena, scan->at, length);
  if (*out == NULL)
    return scull_base_fail_memory(scan->diag, "a graph's text");
  scan->at += length;
  return SCULL_OK;
}

scull_status_t scull_graph_scan_word(scull_scan_t *scan, char **out) {
  size_t length = 0;
  scull_graph_scan_blanks(scan);
  while (is_word(scan->at[length]) || (length > 0 && scan->at[length] == '.'))
    length++;
  return length == 0 ? fail_wanted(scan, "a word") : take(scan, length, out);
}

scull_status_t scull_graph_scan_bare(scull_scan_t *scan, char **out) {
  size_t length = 0;
  while (!is_end(scan->at[length]) && scan->at[length] != ' ' && scan->at[length] != '\t')
    length++;
  return take(scan, length, out);
}

static int hex_of(char c) {
  return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character of a quoted text, escapes resolved; false when it is none. */
static bool read_char(const char **at, char *out) {
  const char *p = *at;
  size_t used = 1;
  *out = *p;
  if (is_end(*p))
    return false;
  if (*p == '\\') {
    int high = p[1] == 'x' ? hex_of(p[2]) : -1, low = high < 0 ? -1 : hex_of(p[3]);
    used = p[1] == 'x' ? 4 : 2;
    switch (p[1]) {
    case '"':
    case '\\': *out = p[1]; break;
    case 'n': *out = '\n'; break;
    case 't': *out = '\t'; break;
    default: *out = low < 0 ? '\0' : (char)(high * 16 + low); break;
    }
  }
  if (*out == '\0')
    return false;
  *at += used;
  return true;
}

scull_status_t scull_graph_scan_quoted(scull_scan_t *scan, char **out) {
  SCULL_TRY(scull_graph_scan_expect(scan, '"'));
  size_t length = 0, used = 0;
  while (scan->at[length] != '"' && !is_end(scan->at[length]))
    length += scan->at[length] == '\\' && !is_end(scan->at[length + 1]) ? 2 : 1;
  char *text = scull_base_arena_alloc(scan->arena, length + 1);
  if (text == NULL)
    return scull_base_fail_memory(scan->diag, "a graph's text");
  while (*scan->at != '"') {
    if (!read_char(&scan->at, &text[used++]))
      return fail_wanted(scan, "a closing quote or a known escape");
  }
  scan->at++;
  *out = text;
  return SCULL_OK;
}

scull_status_t scull_graph_scan_name(scull_scan_t *scan, char **out) {
  size_t length = 0;
  SCULL_TRY(scull_graph_scan_expect(scan, '%'));
  if (*scan->at == '"') {
    SCULL_TRY(scull_graph_scan_quoted(scan, out));
    return **out == '\0' ? scull_graph_scan_fail(scan, "a name is empty") : SCULL_OK;
  }
  while (is_name(scan->at[length]))
    length++;
  return length == 0 ? fail_wanted(scan, "a name") : take(scan, length, out);
}

scull_status_t scull_graph_scan_count(scull_scan_t *scan, int64_t *out) {
  int64_t value = 0;
  if (!is_digit(*scan->at))
    return fail_wanted(scan, "a number");
  for (; is_digit(*scan->at); scan->at++) {
    if (!scull_base_i64_mul(value, 10, &value) ||
        !scull_base_i64_add(value, *scan->at - '0', &value))
      return scull_graph_scan_fail(scan, "a number does not fit into 63 bits");
  }
  *out = value;
  return SCULL_OK;
}

/* "3" or "1:4:8" */
static scull_status_t scan_extent(scull_scan_t *scan, scull_scan_type_t *out) {
  int32_t i = out->rank;
  if (i == SCULL_MAX_RANK)
    return scull_graph_scan_fail(scan, "more than %d dimensions", SCULL_MAX_RANK);
  SCULL_TRY(scull_graph_scan_count(scan, &out->min[i]));
  out->opt[i] = out->max[i] = out->min[i];
  if (*scan->at == ':') {
    scan->at++;
    SCULL_TRY(scull_graph_scan_count(scan, &out->opt[i]));
    if (*scan->at != ':')
      return fail_wanted(scan, "min:opt:max");
    scan->at++;
    SCULL_TRY(scull_graph_scan_count(scan, &out->max[i]));
    out->varies = out->varies || out->min[i] != out->opt[i] || out->opt[i] != out->max[i];
  }
  out->rank++;
  return SCULL_OK;
}

scull_status_t scull_graph_scan_type(scull_scan_t *scan, scull_scan_type_t *out) {
  char *dtype = NULL;
  *out = (scull_scan_type_t){0};
  SCULL_TRY(scull_graph_scan_word(scan, &dtype));
  out->dtype = scull_tensor_dtype_find(dtype);
  if (out->dtype == SCULL_DTYPE_NONE)
    return scull_graph_scan_fail(scan, "no element type '%.40s'", dtype);
  SCULL_TRY(scull_graph_scan_expect(scan, '['));
  while (*scan->at != ']') {
    if (out->rank > 0) {
      if (*scan->at != 'x')
        return fail_wanted(scan, "'x' or ']'");
      scan->at++;
    }
    SCULL_TRY(scan_extent(scan, out));
  }
  scan->at++;
  return SCULL_OK;
}
