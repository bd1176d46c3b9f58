/* Tables of text. A failed allocation is remembered and reported once, by print. */
#define _POSIX_C_SOURCE 200809L
#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

#define COLUMNS_MAX 32

/* Takes ownership of `cell`. */
static void push(cli_table_t *table, char *cell) {
  char **cells = cell ? realloc(table->cells, (table->count + 1) * sizeof *cells) : NULL;
  if (!cells) {
    free(cell);
    table->failed = true;
    return;
  }
  table->cells = cells;
  cells[table->count++] = cell;
}

void cli_table_init(cli_table_t *table, const char *titles) {
  *table = (cli_table_t){0};
  while (table->columns < COLUMNS_MAX) {
    size_t length = strcspn(titles, "|");
    bool right = titles[0] == '>';
    table->right |= (unsigned)right << table->columns;
    push(table, strndup(titles + right, length - right));
    table->columns++;
    if (!titles[length])
      break;
    titles += length + 1;
  }
}

void cli_table_deinit(cli_table_t *table) {
  for (size_t i = 0; i < table->count; i++)
    free(table->cells[i]);
  free(table->cells);
  *table = (cli_table_t){0};
}

void cli_table_add(cli_table_t *table, const char *format, ...) {
  char *cell = NULL;
  size_t size = 0;
  va_list args;
  FILE *stream = open_memstream(&cell, &size);
  if (stream) {
    va_start(args, format);
    vfprintf(stream, format, args);
    va_end(args);
    fclose(stream);
  }
  push(table, cell);
}

static size_t shown_length(const char *cell, size_t widest) {
  size_t length = strlen(cell);
  return widest && length > widest ? widest : length;
}

/* The ends of a long name tell most: "conv2d_0.tmp..relu_12.out". */
static void print_cell(FILE *file, const char *cell, size_t widest, size_t width, bool right) {
  size_t length = strlen(cell), shown = shown_length(cell, widest);
  int padding = (int)(width - shown);
  if (right)
    fprintf(file, "%*s", padding, "");
  if (shown < length) {
    size_t head = (shown - 2) / 2, tail = shown - 2 - head;
    fprintf(file, "%.*s..%s", (int)head, cell, cell + length - tail);
  } else {
    fputs(cell, file);
  }
  if (!right)
    fprintf(file, "%*s", padding, "");
}

/* Whether a cell stands in the last column, which is never cut. */
static bool is_last(const cli_table_t *table, size_t cell) {
  return (cell + 1) % table->columns == 0;
}

scull_status_t cli_table_print(const cli_table_t *table, FILE *file, size_t widest) {
  size_t widths[COLUMNS_MAX] = {0};
  if (table->failed)
    return cli_fail_memory();
  for (size_t i = 0; i < table->count; i++) {
    size_t column = i % table->columns;
    size_t length = shown_length(table->cells[i], is_last(table, i) ? 0 : widest);
    if (length > widths[column])
      widths[column] = length;
  }
  for (size_t i = 0; i < table->count; i++) {
    size_t column = i % table->columns;
    bool last = is_last(table, i), right = table->right >> column & 1;
    size_t width = last && !right ? strlen(table->cells[i]) : widths[column];
    print_cell(file, table->cells[i], last ? 0 : widest, width, right);
    fprintf(file, "%s", last ? "\n" : "  ");
  }
  return SCULL_OK;
}
