/* Text tables: cells are added row by row, widths follow the content. */
#ifndef SCULL_TOOL_TABLE_H
#define SCULL_TOOL_TABLE_H

#include <stdio.h>

#include "command.h"

typedef struct cli_table {
  char **cells; /* owned; row after row, the titles first */
  size_t count, columns;
  unsigned right; /* bit c: column c is aligned to the right */
  bool failed;    /* memory was short: print says so */
} cli_table_t;

/* `titles` are separated by "|"; one that begins with ">" is aligned to the right. At most 32. */
void cli_table_init(cli_table_t *table, const char *titles);
void cli_table_deinit(cli_table_t *table);

/* Adds the next cell of the current row. */
void cli_table_add(cli_table_t *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Cells longer than `widest` bytes are cut in the middle, except in the last column; 0: none. */
CLI_CHECKED scull_status_t cli_table_print(const cli_table_t *table, FILE *file, size_t widest);

#endif
