/* Reads inputs and outputs: TensorProtos, with the importer's own reader. */
#include <stdio.h>
#include <string.h>

#include "import/onnx/model.h"
#include "suite.h"

/* Name of the model's input number `index`. */
static bool read_names(suite_case_t *it, scull_diag_t *diag, scull_onnx_model_t *model) {
  scull_bytes_t bytes = {0};
  scull_import_options_t options = {.model_path = it->path};
  if (scull_import_files_open(&it->files, it->path, diag, &bytes) != SCULL_OK)
    return false;
  scull_import_source_t source = {.options = &options,
                                  .files = &it->files,
                                  .diag = diag,
                                  .model_name = it->path,
                                  .model = bytes};
  return scull_onnx_model_read(&source, model) == SCULL_OK;
}

/* Wants aligned bytes that live as long as the case. */
static bool take_tensor(suite_case_t *it, scull_bytes_t bytes, const char *path, suite_value_t *out,
                        scull_diag_t *diag) {
  scull_onnx_tensor_t tensor;
  scull_onnx_store_t store = {.arena = &it->arena, .bytes = &it->arena};
  scull_wire_t wire = scull_import_wire_open(bytes, path, diag);
  scull_status_t status = scull_onnx_tensor_read(&wire, &store, &tensor);
  scull_onnx_store_deinit(&store);
  if (status != SCULL_OK)
    return false;
  if (tensor.fault != NULL) {
    (void)scull_base_fail(diag, SCULL_UNSUPPORTED, "the data is %s", tensor.fault);
    return false;
  }
  out->is_tensor = true;
  out->tensor.type = tensor.type;
  out->tensor.data =
      scull_base_arena_copy(&it->arena, tensor.data, scull_tensor_bytes(&tensor.type));
  return out->tensor.data != NULL;
}

/* Files KIND_0.pb, KIND_1.pb, ... until one is absent. */
static bool read_values(suite_case_t *it, const char *folder, int set, const char *kind,
                        const scull_onnx_value_t *declared, size_t declared_count,
                        suite_value_t *out, size_t *count, scull_diag_t *diag) {
  char path[900];
  for (*count = 0; *count < SUITE_MANY; (*count)++) {
    scull_bytes_t bytes = {0};
    snprintf(path, sizeof path, "%s/test_data_set_%d/%s_%zu.pb", folder, set, kind, *count);
    if (!scull_base_file_exists(path))
      return true;
    if (scull_import_files_open(&it->files, path, diag, &bytes) != SCULL_OK)
      return false;
    suite_value_t *value = &out[*count];
    bool known = *count < declared_count;
    value->name = known ? scull_base_arena_string(&it->arena, declared[*count].name,
                                                  strlen(declared[*count].name))
                        : "";
    if (known && declared[*count].kind != SCULL_ONNX_VALUE_TENSOR)
      continue; /* a sequence or an optional */
    if (!take_tensor(it, bytes, path, value, diag))
      return false;
  }
  return true;
}

bool suite_case_read(const char *folder, int set, suite_case_t *out, scull_diag_t *diag) {
  scull_onnx_model_t model = {0};
  snprintf(out->path, sizeof out->path, "%s/model.onnx", folder);
  bool fine = read_names(out, diag, &model);
  const scull_onnx_graph_t *graph = &model.graph;
  fine = fine && read_values(out, folder, set, "input", graph->inputs, graph->input_count,
                             out->inputs, &out->input_count, diag);
  fine = fine && read_values(out, folder, set, "output", graph->outputs, graph->output_count,
                             out->outputs, &out->output_count, diag);
  scull_onnx_model_deinit(&model);
  return fine;
}

void suite_case_deinit(suite_case_t *it) {
  scull_import_files_deinit(&it->files);
  scull_base_arena_deinit(&it->arena);
}
