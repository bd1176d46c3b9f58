/* Files of external data. A model names them by a path relative to its own folder, and is not
 * trusted with any other: neither by its words nor through a link. */
#include <string.h>

#include "import/onnx/model.h"

/* True for "weights.bin" and "data/w0", false for "/etc/passwd", "../w", "a/../../w". */
static bool stays_below(const char *location) {
  if (location[0] == '\0' || location[0] == '/' || strchr(location, '\\') != NULL)
    return false;
  for (const char *at = location; at != NULL; at = strchr(at, '/')) {
    at += *at == '/';
    size_t length = strcspn(at, "/");
    if (length == 2 && at[0] == '.' && at[1] == '.')
      return false;
  }
  return true;
}

static scull_status_t map_file(scull_onnx_store_t *store, const char *location,
                               scull_bytes_t *out) {
  const scull_import_source_t *source = store->source;
  const char *folder = source->params_folder;
  if (!stays_below(location))
    return scull_base_fail(source->diag, SCULL_UNSUPPORTED,
                           "%s: external data '%.200s' lies outside of the model's folder",
                           source->model_name, location);
  char *path = scull_base_arena_format(&source->files->arena, "%s/%s", folder, location);
  if (path == NULL)
    return scull_base_fail_memory(source->diag, "a file name");
  if (scull_base_file_exists(path) && !scull_base_file_is_below(path, folder) &&
      !scull_base_file_is_below(path, source->model_name))
    return scull_base_fail(source->diag, SCULL_UNSUPPORTED,
                           "%s: external data '%.200s' is a link out of the model's folder",
                           source->model_name, location);
  return scull_import_files_open(source->files, path, source->diag, out);
}

scull_status_t scull_onnx_external_open(scull_onnx_store_t *store, const char *location,
                                        scull_bytes_t *out) {
  for (size_t i = store->files.size; i-- > 0;) { /* the last one is asked for most */
    if (strcmp(store->files.data[i].location, location) == 0) {
      *out = store->files.data[i].bytes;
      return SCULL_OK;
    }
  }
  if (store->source == NULL || store->source->params_folder == NULL)
    return scull_base_fail(store->source == NULL ? NULL : store->source->diag, SCULL_UNSUPPORTED,
                           "external data '%.200s' of a model in memory", location);
  scull_onnx_external_t file = {.location = location};
  SCULL_TRY(map_file(store, location, &file.bytes));
  if (!SCULL_VEC_PUSH(&store->files, file))
    return scull_base_fail_memory(store->source->diag, "a file");
  *out = file.bytes;
  return SCULL_OK;
}
