/* The main function of the stage: find the bytes, find their format, hand over. */
#include "import/import.h"

#include <string.h>

#include "base/hash.h"
#include "import/format.h"

static const scull_format_t *const formats[] = {
#define SCULL_FORMAT(name) &scull_format_##name,
#include "import/formats.def"
#undef SCULL_FORMAT
};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

void scull_import_files_deinit(scull_import_files_t *files) {
  for (size_t i = 0; i < files->files.size; i++)
    scull_base_file_close(&files->files.data[i]);
  SCULL_VEC_DEINIT(&files->files);
  scull_base_arena_deinit(&files->arena);
}

scull_status_t scull_import_files_open(scull_import_files_t *files, const char *path,
                                       scull_diag_t *diag, scull_bytes_t *out) {
  scull_file_t file;
  SCULL_TRY(scull_base_file_open(path, &file, diag));
  if (!SCULL_VEC_PUSH(&files->files, file)) {
    scull_base_file_close(&file);
    return scull_base_fail_memory(diag, path);
  }
  *out = file.bytes;
  return SCULL_OK;
}

static scull_status_t no_format(const scull_import_source_t *source) {
  scull_text_t titles = {0};
  for (size_t i = 0; i < FORMAT_COUNT; i++)
    scull_base_text_print(&titles, "%s%s", i == 0 ? "" : ", ", formats[i]->title);
  scull_status_t status = scull_base_fail(source->diag, SCULL_CORRUPT,
                                          "%s: not a model of any format that Scull reads (%s)",
                                          source->model_name, scull_base_text_get(&titles));
  scull_base_text_deinit(&titles);
  return status;
}

static scull_status_t find_format(const scull_import_source_t *source, const char *name,
                                  const scull_format_t **out) {
  for (size_t i = 0; i < FORMAT_COUNT; i++) {
    bool fits =
        name == NULL ? formats[i]->probe(source->model) : strcmp(formats[i]->name, name) == 0;
    if (fits) {
      *out = formats[i];
      return SCULL_OK;
    }
  }
  if (name != NULL)
    return scull_base_fail(source->diag, SCULL_INVALID_ARGUMENT, "there is no format '%.40s'",
                           name);
  return source->model.size == 0 ? scull_base_fail(source->diag, SCULL_CORRUPT,
                                                   "%s: the file is empty", source->model_name)
                                 : no_format(source);
}

scull_status_t scull_import_model(const scull_import_options_t *options,
                                  scull_import_files_t *files, scull_diag_t *diag,
                                  scull_graph_t **out) {
  scull_import_source_t source;
  const scull_format_t *format = NULL;
  *out = NULL;
  SCULL_TRY(scull_import_locate(options, files, diag, &source));
  SCULL_TRY(find_format(&source, options->format, &format));
  scull_base_verbose(diag, "%s: %s", source.model_name, format->title);
  return format->read(&source, out);
}

scull_status_t scull_import_outline(const scull_import_options_t *options, scull_diag_t *diag,
                                    scull_import_outline_t *out) {
  scull_import_files_t files = {0};
  scull_import_source_t source;
  const scull_format_t *format = NULL;
  scull_status_t status = scull_import_locate(options, &files, diag, &source);
  if (status == SCULL_OK)
    status = find_format(&source, options->format, &format);
  if (status == SCULL_OK)
    status = format->outline != NULL
                 ? format->outline(&source, out)
                 : scull_base_fail(diag, SCULL_UNSUPPORTED, "%s: a %s does not tell its ports",
                                   source.model_name, format->title);
  scull_import_files_deinit(&files);
  return status;
}

void scull_import_outline_deinit(scull_import_outline_t *outline) {
  scull_base_arena_deinit(&outline->arena);
  *outline = (scull_import_outline_t){0};
}

scull_status_t scull_import_hash(const scull_import_options_t *options, scull_import_files_t *files,
                                 scull_diag_t *diag, uint64_t *out) {
  scull_import_source_t source;
  const scull_format_t *format = NULL;
  SCULL_TRY(scull_import_locate(options, files, diag, &source));
  SCULL_TRY(find_format(&source, options->format, &format));
  uint64_t hash = scull_base_hash64(source.model.data, source.model.size, 0);
  hash = scull_base_hash64(source.params.data, source.params.size, hash);
  if (format->hash != NULL)
    SCULL_TRY(format->hash(&source, &hash));
  else if (source.params.size == 0 && source.params_folder != NULL)
    SCULL_TRY(scull_base_directory_hash(source.params_folder, &hash, diag));
  *out = hash;
  return SCULL_OK;
}

const char *scull_import_family_at(size_t index) {
  for (size_t i = 0; i < FORMAT_COUNT; i++) {
    bool first = true;
    for (size_t k = 0; k < i; k++)
      first = first && strcmp(formats[k]->family, formats[i]->family) != 0;
    if (first && index-- == 0)
      return formats[i]->family;
  }
  return NULL;
}

bool scull_import_each_operator(const char *family, scull_import_operator_fn_t fn, void *user) {
  for (size_t i = 0; i < FORMAT_COUNT; i++) {
    if (strcmp(formats[i]->family, family) == 0) {
      formats[i]->each_operator(fn, user);
      return true;
    }
  }
  return false;
}
