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
    {"deploy.prototxt", "model.caffemodel"},
    {"deploy.prototxt", "deploy.caffemodel"},
    {"model.prototxt", "model.caffemodel"},
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
                           "model.json, model.pdmodel, __model__, model.onnx, deploy.prototxt or "
                           "model.prototxt",
                           folder);
  return SCULL_OK;
}

/* Which end of a model's name gives way to which, to find its parameters beside it. */
static const struct {
  const char *model, *params;
} beside[] = {
    {".pdmodel", ".pdiparams"},
    {".json", ".pdiparams"},
    {"__model__", "__params__"},
    {"__model__", "params"},
    {"__model__.json", "__params__"},
    {".prototxt", ".caffemodel"},
    {"_deploy.prototxt", ".caffemodel"},
    {"deploy.prototxt", "model.caffemodel"},
    {".caffemodel", ".prototxt"},
    {".caffemodel", "_deploy.prototxt"},
    {"model.caffemodel", "deploy.prototxt"},
};

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* "dir/net.pdmodel" -> "dir/net.pdiparams", by the table above. */
static scull_status_t find_beside(scull_arena_t *arena, const char *model, scull_diag_t *diag,
                                  paths_t *out) {
  const char *slash = strrchr(model, '/');
  out->model = model;
  out->folder =
      slash == NULL ? "." : scull_base_arena_string(arena, model, (size_t)(slash - model) + 1);
  if (out->folder == NULL)
    return scull_base_fail_memory(diag, "a file name");
  for (size_t i = 0; i < sizeof beside / sizeof beside[0] && out->params == NULL; i++) {
    if (!ends_with(model, beside[i].model))
      continue;
    int stem = (int)(strlen(model) - strlen(beside[i].model));
    const char *params = scull_base_arena_format(arena, "%.*s%s", stem, model, beside[i].params);
    if (params == NULL)
      return scull_base_fail_memory(diag, "a file name");
    if (scull_base_file_exists(params))
      out->params = params;
  }
  return SCULL_OK;
}

/* Caffe's pair is often named the other way round, its weights first. */
static void order_pair(paths_t *paths) {
  if (paths->params == NULL || !ends_with(paths->model, ".caffemodel"))
    return;
  const char *net = paths->params;
  paths->params = paths->model;
  paths->model = net;
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
  if (options->params_path != NULL) {
    bool folder = scull_base_file_is_directory(options->params_path);
    out->params = folder ? NULL : options->params_path;
    out->folder = folder ? options->params_path : NULL;
  }
  order_pair(out);
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
