/* Reports of the library are JSON text. This reads them and prints them for people. */
#ifndef SCULL_TOOL_JSON_H
#define SCULL_TOOL_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "command.h"

/* A stream in memory that a scull_text_sink_fn_t can write to. */
typedef struct cli_capture {
  FILE *file;
  char *text; /* valid after close */
  size_t size;
} cli_capture_t;

CLI_CHECKED scull_status_t cli_capture_open(cli_capture_t *capture);
CLI_CHECKED scull_status_t cli_capture_close(cli_capture_t *capture);
void cli_capture_deinit(cli_capture_t *capture);

/* A text sink; `user` is a FILE. */
void cli_sink_write(void *user, const char *text, size_t size);

/* `subject` stands in the message when the text is no JSON. The caller owns *out. */
CLI_CHECKED scull_status_t cli_json_parse(const char *text, const char *subject, json_t **out);

/* Members that may be absent: then `absent`. */
const char *cli_json_text(const json_t *object, const char *key, const char *absent);
double cli_json_number(const json_t *object, const char *key, double absent);

/* Any JSON as readable text: members a line each, arrays of objects as tables. */
CLI_CHECKED scull_status_t cli_json_render(const json_t *json, FILE *file);

/* A value on one line, with its newline. */
void cli_json_render_line(const json_t *json, FILE *file);

/* Prints the JSON that stands in `capture`: as it is when `raw`, else rendered. */
CLI_CHECKED scull_status_t cli_json_show(const cli_capture_t *capture, const char *subject,
                                         bool raw);

#endif
