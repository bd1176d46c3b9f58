/* From what the user named (a folder, a file, a pair of files, memory) to bytes. Only names are
 * looked at here; what the bytes are is the formats' business. */
#include <string.h>

#include "import/format.h"

/* The usual names inside a folder, in the order of preference. */
static const struct {
  const char *model, *params;
} usual[] = {
    {"inference.json", "inference.pdiparams"},
    {"inference.pdmodel", "inference.pdiparams"},
    {"model.json", "model.pdiparams"},
    {"model.pdmodel", "model.pdiparams"},
    {"__model__", "__params__"},
    {"__model__", "params"},
    {"__model__.json", "__params__"},
    {"model.onnx", "model.onnx.data"},
};

enum { USUAL_COUNT = sizeof usual / sizeof usual[0] };

typedef struct {
  const char *model, *params, *folder; /* params and folder may be NULL */
} paths_t;

static char *join(scull_arena_t *arena, const char *folder, const char *name) {
  return scull_base_arena_format(arena, "%s/%s", folder, name);
}

static scull_status_t find_in_folder(scull_arena_t *arena, const char *folder, scull_diag_t *diag,
                                     paths_t *out) {
  const char *found = NULL;
  out->folder = folder;
  for (size_t i = 0; i < USUAL_COUNT; i++) {
    const char *model = join(arena, folder, usual[i].model);
    const char *params = join(arena, folder, usual[i].params);
    if (model == NULL || params == NULL)
      return scull_base_fail_memory(diag, "a file name");
    if (!scull_base_file_exists(model))
      continue;
    found = found == NULL ? model : found;
    if (scull_base_file_exists(params)) {
      out->model = model;
      out->params = params;
      return SCULL_OK;
    }
  }
  out->model = found; /* no combined file: one file a parameter, or none at all */
  if (found == NULL)
    return scull_base_fail(diag, SCULL_NOT_FOUND,
                           "%s: the folder holds no inference.json, inference.pdmodel, "
                           "model.json, model.pdmodel, __model__ or model.onnx",
                           folder);
  return SCULL_OK;
}

/* "dir/net.pdmodel" -> "dir/net.pdiparams", "dir/__model__" -> "dir/__params__" or "dir/params". */
static scull_status_t find_beside(scull_arena_t *arena, const char *model, scull_diag_t *diag,
                                  paths_t *out) {
  const char *slash = strrchr(model, '/'), *name = slash == NULL ? model : slash + 1;
  const char *dot = strrchr(name, '.');
  int folder_size = (int)(name - model), stem = dot == NULL ? (int)strlen(name) : (int)(dot - name);
  const char *candidates[] = {
      scull_base_arena_format(arena, "%.*s%.*s.pdiparams", folder_size, model, stem, name),
      scull_base_arena_format(arena, "%.*s__params__", folder_size, model),
      scull_base_arena_format(arena, "%.*sparams", folder_size, model),
  };
  out->model = model;
  out->folder = slash == NULL ? "." : scull_base_arena_string(arena, model, (size_t)folder_size);
  if (candidates[0] == NULL || candidates[1] == NULL || candidates[2] == NULL ||
      out->folder == NULL)
    return scull_base_fail_memory(diag, "a file name");
  bool plain = strncmp(name, "__model__", 9) == 0;
  for (size_t i = 0; i < (plain ? 3u : 1u); i++) {
    if (scull_base_file_exists(candidates[i])) {
      out->params = candidates[i];
      return SCULL_OK;
    }
  }
  return SCULL_OK;
}

static scull_status_t find_paths(const scull_import_options_t *options, scull_arena_t *arena,
                                 scull_diag_t *diag, paths_t *out) {
  *out = (paths_t){0};
  if (options->model_path == NULL)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "neither a model's path nor its bytes");
  if (scull_base_file_is_directory(options->model_path))
    SCULL_TRY(find_in_folder(arena, options->model_path, diag, out));
  else
    SCULL_TRY(find_beside(arena, options->model_path, diag, out));
  if (options->params_path == NULL)
    return SCULL_OK;
  bool folder = scull_base_file_is_directory(options->params_path);
  out->params = folder ? NULL : options->params_path;
  out->folder = folder ? options->params_path : NULL;
  return SCULL_OK;
}

static void take_memory(const scull_import_options_t *options, scull_import_source_t *out) {
  out->model = options->model;
  out->model_name = options->model_path == NULL ? "(model in memory)" : options->model_path;
  out->params = options->params;
  if (options->params.data != NULL)
    out->params_name =
        options->params_path == NULL ? "(parameters in memory)" : options->params_path;
}

scull_status_t scull_import_locate(const scull_import_options_t *options,
                                   scull_import_files_t *files, scull_diag_t *diag,
                                   scull_import_source_t *out) {
  *out = (scull_import_source_t){.options = options, .files = files, .diag = diag};
  if (options->model.data != NULL) {
    take_memory(options, out);
    return SCULL_OK;
  }
  paths_t paths;
  SCULL_TRY(find_paths(options, &files->arena, diag, &paths));
  SCULL_TRY(scull_import_files_open(files, paths.model, diag, &out->model));
  out->model_name = paths.model;
  out->params_folder = paths.folder;
  if (options->params.data != NULL) {
    out->params = options->params;
    out->params_name = "(parameters in memory)";
  } else if (paths.params != NULL) {
    SCULL_TRY(scull_import_files_open(files, paths.params, diag, &out->params));
    out->params_name = paths.params;
  }
  return SCULL_OK;
}
