/* Rendering knows no schema: scalars become "name: value", lists of scalars a comma-separated line,
 * lists of objects a table whose columns are the members that occur. So a report may grow without a
 * change here. */
#define _POSIX_C_SOURCE 200809L
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "table.h"

#define CELL_MAX 56
#define INDENT 2

scull_status_t cli_capture_open(cli_capture_t *capture) {
  *capture = (cli_capture_t){0};
  capture->file = open_memstream(&capture->text, &capture->size);
  return capture->file ? SCULL_OK : cli_fail_memory();
}

scull_status_t cli_capture_close(cli_capture_t *capture) {
  int error = fclose(capture->file);
  capture->file = NULL;
  return error ? cli_fail_memory() : SCULL_OK;
}

void cli_capture_deinit(cli_capture_t *capture) {
  if (capture->file)
    fclose(capture->file);
  free(capture->text);
  *capture = (cli_capture_t){0};
}

void cli_sink_write(void *user, const char *text, size_t size) {
  fwrite(text, 1, size, user);
}

scull_status_t cli_json_parse(const char *text, const char *subject, json_t **out) {
  json_error_t error;
  *out = json_loads(text, 0, &error);
  if (*out)
    return SCULL_OK;
  return cli_fail(SCULL_INTERNAL, "%s: its report is no JSON: line %d: %s", subject, error.line,
                  error.text);
}

const char *cli_json_text(const json_t *object, const char *key, const char *absent) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : absent;
}

double cli_json_number(const json_t *object, const char *key, double absent) {
  const json_t *value = json_object_get(object, key);
  return json_is_number(value) ? json_number_value(value) : absent;
}

/* --- rendering -------------------------------------------------------------------------------- */

static bool is_scalar(const json_t *json) {
  return !json_is_array(json) && !json_is_object(json);
}

static bool is_list_of_objects(const json_t *json) {
  return json_is_array(json) && json_array_size(json) > 0 &&
         json_is_object(json_array_get(json, 0));
}

static void print_scalar(const json_t *json, FILE *file) {
  if (json_is_string(json))
    fputs(json_string_value(json), file);
  else if (json_is_integer(json))
    fprintf(file, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
  else if (json_is_real(json))
    fprintf(file, "%.6g", json_real_value(json));
  else if (json_is_boolean(json))
    fputs(json_is_true(json) ? "yes" : "no", file);
  else
    fputs("-", file);
}

/* A value on one line: lists with commas, the members of an object by their values alone. */
static void print_inline(const json_t *json, FILE *file) {
  size_t index = 0;
  const char *key = NULL;
  json_t *item = NULL;
  const char *gap = "";
  if (is_scalar(json)) {
    print_scalar(json, file);
  } else if (json_is_object(json)) {
    json_object_foreach((json_t *)(uintptr_t)json, key, item) {
      fputs(gap, file);
      print_inline(item, file);
      gap = " ";
    }
  } else {
    json_array_foreach((json_t *)(uintptr_t)json, index, item) {
      fputs(gap, file);
      print_inline(item, file);
      gap = ", ";
    }
  }
}

void cli_json_render_line(const json_t *json, FILE *file) {
  print_inline(json, file);
  fputc('\n', file);
}

static bool all_numbers(const json_t *rows, const char *key) {
  size_t index = 0;
  const json_t *row = NULL;
  json_array_foreach((json_t *)(uintptr_t)rows, index, row) {
    const json_t *value = json_object_get(row, key);
    if (value && !json_is_number(value))
      return false;
  }
  return true;
}

/* Titles of a table of `rows`: the members in the order of their first appearance. */
static json_t *collect_keys(const json_t *rows) {
  json_t *keys = json_object();
  size_t index = 0;
  json_t *row = NULL;
  json_array_foreach((json_t *)(uintptr_t)rows, index, row) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(row, key, value) {
      if (!json_object_get(keys, key))
        json_object_set_new(keys, key, json_null());
    }
  }
  return keys;
}

static void add_cell(cli_table_t *table, const json_t *value) {
  cli_capture_t capture;
  if (cli_capture_open(&capture) != SCULL_OK) {
    table->failed = true;
    return;
  }
  if (value)
    print_inline(value, capture.file);
  if (cli_capture_close(&capture) == SCULL_OK)
    cli_table_add(table, "%s", capture.text);
  else
    table->failed = true;
  cli_capture_deinit(&capture);
}

static void fill_table(cli_table_t *table, const json_t *rows, json_t *keys) {
  size_t index = 0;
  const json_t *row = NULL;
  json_array_foreach((json_t *)(uintptr_t)rows, index, row) {
    const char *key = NULL;
    json_t *unused = NULL;
    json_object_foreach(keys, key, unused) {
      add_cell(table, json_object_get(row, key));
    }
  }
}

static scull_status_t render_table(const json_t *rows, FILE *file) {
  cli_table_t table;
  cli_capture_t titles;
  scull_status_t status = SCULL_OK;
  json_t *keys = collect_keys(rows);
  CLI_TRY_DONE(cli_capture_open(&titles));
  const char *key = NULL;
  json_t *unused = NULL;
  json_object_foreach(keys, key, unused) {
    fprintf(titles.file, "%s%s%s", ftell(titles.file) ? "|" : "", all_numbers(rows, key) ? ">" : "",
            key);
  }
  status = cli_capture_close(&titles);
  if (status == SCULL_OK) {
    cli_table_init(&table, titles.text);
    fill_table(&table, rows, keys);
    status = cli_table_print(&table, file, CELL_MAX);
    cli_table_deinit(&table);
  }
  cli_capture_deinit(&titles);
done:
  json_decref(keys);
  return status;
}

static bool all_scalars(const json_t *object) {
  const char *key = NULL;
  json_t *value = NULL;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    if (!is_scalar(value))
      return false;
  }
  return true;
}

/* "conv2d 8, relu 8" */
static void render_pairs(const json_t *object, FILE *file) {
  const char *key = NULL, *gap = "";
  json_t *value = NULL;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    fprintf(file, "%s%s ", gap, key);
    print_scalar(value, file);
    gap = ", ";
  }
  fputc('\n', file);
}

static scull_status_t render_object(const json_t *object, FILE *file, int depth) {
  const char *key = NULL, *gap = "";
  json_t *value = NULL;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    if (is_list_of_objects(value)) {
      fprintf(file, "%s%s:\n", gap, key);
      CLI_TRY(render_table(value, file));
    } else if (json_is_object(value) && all_scalars(value)) {
      fprintf(file, "%*s%s: ", depth * INDENT, "", key);
      render_pairs(value, file);
    } else if (json_is_object(value)) {
      fprintf(file, "%*s%s:\n", depth * INDENT, "", key);
      CLI_TRY(render_object(value, file, depth + 1));
    } else {
      fprintf(file, "%*s%s: ", depth * INDENT, "", key);
      cli_json_render_line(value, file);
    }
    gap = "\n";
  }
  return SCULL_OK;
}

scull_status_t cli_json_render(const json_t *json, FILE *file) {
  if (is_list_of_objects(json))
    return render_table(json, file);
  if (json_is_object(json))
    return render_object(json, file, 0);
  cli_json_render_line(json, file);
  return SCULL_OK;
}

scull_status_t cli_json_show(const cli_capture_t *capture, const char *subject, bool raw) {
  json_t *json = NULL;
  if (raw) {
    printf("%s\n", capture->text);
    return SCULL_OK;
  }
  CLI_TRY(cli_json_parse(capture->text, subject, &json));
  scull_status_t status = cli_json_render(json, stdout);
  json_decref(json);
  return status;
}
