/* Paddle's two file forms as formats of import/. */
#include <string.h>

#include "import/paddle/call.h"
#include "import/paddle/convert.h"
#include "import/wire.h"

typedef scull_status_t (*read_fn_t)(scull_bytes_t bytes, const char *file, scull_diag_t *diag,
                                    scull_paddle_program_t *out);

static scull_status_t read_with(read_fn_t read, const scull_import_source_t *source,
                                scull_graph_t **out) {
  scull_paddle_program_t program = {0};
  scull_status_t status = read(source->model, source->model_name, source->diag, &program);
  if (status == SCULL_OK)
    status = scull_paddle_convert(source, &program, out);
  scull_paddle_program_deinit(&program);
  return status;
}

static scull_status_t outline_with(read_fn_t read, const scull_import_source_t *source,
                                   scull_import_outline_t *out) {
  scull_paddle_program_t program = {0};
  scull_status_t status = read(source->model, source->model_name, source->diag, &program);
  if (status == SCULL_OK)
    status = scull_paddle_outline(source, &program, out);
  scull_paddle_program_deinit(&program);
  return status;
}

/* A ProgramDesc begins with a block, and a block with its index. */
static bool probe_program(scull_bytes_t model) {
  enum { BLOCKS_TAG = 0x0a, INDEX_TAG = 0x08 };
  size_t at = 1;
  if (model.size < 3 || model.data[0] != BLOCKS_TAG)
    return false;
  while (at < model.size && at < 10 && (model.data[at] & 0x80) != 0)
    at++;
  return at + 1 < model.size && model.data[at + 1] == INDEX_TAG;
}

static scull_status_t read_program(const scull_import_source_t *source, scull_graph_t **out) {
  return read_with(scull_paddle_program_read, source, out);
}

static scull_status_t outline_program(const scull_import_source_t *source,
                                      scull_import_outline_t *out) {
  return outline_with(scull_paddle_program_read, source, out);
}

const scull_format_t scull_format_paddle_program = {.name = "paddle_program",
                                                    .title = "Paddle program",
                                                    .family = "paddle",
                                                    .probe = probe_program,
                                                    .read = read_program,
                                                    .outline = outline_program,
                                                    .each_operator = scull_paddle_each_operator};

/* A JSON object that speaks of "base_code" before long. */
static bool probe_pir(scull_bytes_t model) {
  static const char word[] = "\"base_code\"";
  size_t at = 0, length = sizeof word - 1;
  while (at < model.size && strchr(" \t\r\n", model.data[at]) != NULL && model.data[at] != 0)
    at++;
  if (at == model.size || model.data[at] != '{')
    return false;
  for (; at + length <= model.size; at++) {
    if (model.data[at] == '"' && memcmp(model.data + at, word, length) == 0)
      return true;
  }
  return false;
}

static scull_status_t read_pir(const scull_import_source_t *source, scull_graph_t **out) {
  return read_with(scull_paddle_pir_read, source, out);
}

static scull_status_t outline_pir(const scull_import_source_t *source,
                                  scull_import_outline_t *out) {
  return outline_with(scull_paddle_pir_read, source, out);
}

const scull_format_t scull_format_paddle_pir = {.name = "paddle_pir",
                                                .title = "Paddle PIR JSON",
                                                .family = "paddle",
                                                .probe = probe_pir,
                                                .read = read_pir,
                                                .outline = outline_pir,
                                                .each_operator = scull_paddle_each_operator};
