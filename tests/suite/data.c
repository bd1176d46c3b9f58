/* Reads inputs and outputs: TensorProtos, and sequences and optionals of them, with the importer's
 * own reader. */
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

/* One more tensor of the value, with aligned bytes that live as long as the case. */
static bool take_tensor(suite_case_t *it, scull_wire_t *wire, suite_value_t *out,
                        scull_diag_t *diag) {
  scull_onnx_tensor_t tensor;
  scull_onnx_store_t store = {.arena = &it->arena, .bytes = &it->arena};
  scull_status_t status = scull_onnx_tensor_read(wire, &store, &tensor);
  scull_onnx_store_deinit(&store);
  if (status != SCULL_OK)
    return false;
  if (tensor.fault != NULL) {
    (void)scull_base_fail(diag, SCULL_UNSUPPORTED, "the data is %s", tensor.fault);
    return false;
  }
  scull_tensor_t *more = SCULL_ARENA_ARRAY(&it->arena, scull_tensor_t, out->count + 1);
  if (more == NULL)
    return false;
  if (out->count > 0)
    memcpy(more, out->tensors, out->count * sizeof *more);
  out->tensors = more;
  scull_tensor_t *last = &more[out->count++];
  last->type = tensor.type;
  last->data = scull_base_arena_copy(&it->arena, tensor.data, scull_tensor_bytes(&tensor.type));
  out->is_there = true;
  return last->data != NULL;
}

/* SequenceProto: tensors are field 3. */
static bool take_sequence(suite_case_t *it, scull_wire_t *wire, suite_value_t *out,
                          scull_diag_t *diag) {
  scull_wire_field_t field;
  scull_wire_t inner;
  out->is_there = out->is_sequence = true;
  while (scull_import_wire_next(wire, &field)) {
    if (field.number == 3 && (scull_import_wire_enter(wire, &field, &inner) != SCULL_OK ||
                              !take_tensor(it, &inner, out, diag)))
      return false;
  }
  return wire->status == SCULL_OK;
}

/* OptionalProto: a tensor is field 3, a sequence field 5. */
static bool take_optional(suite_case_t *it, scull_wire_t *wire, suite_value_t *out,
                          scull_diag_t *diag) {
  scull_wire_field_t field;
  scull_wire_t inner;
  while (scull_import_wire_next(wire, &field)) {
    if (field.number != 3 && field.number != 5)
      continue;
    if (scull_import_wire_enter(wire, &field, &inner) != SCULL_OK ||
        !(field.number == 3 ? take_tensor(it, &inner, out, diag)
                            : take_sequence(it, &inner, out, diag)))
      return false;
  }
  return wire->status == SCULL_OK;
}

static bool take_value(suite_case_t *it, scull_bytes_t bytes, const char *path,
                       scull_onnx_value_kind_t kind, suite_value_t *out, scull_diag_t *diag) {
  scull_wire_t wire = scull_import_wire_open(bytes, path, diag);
  switch (kind) {
  case SCULL_ONNX_VALUE_SEQUENCE: return take_sequence(it, &wire, out, diag);
  case SCULL_ONNX_VALUE_OPTIONAL: return take_optional(it, &wire, out, diag);
  default: return take_tensor(it, &wire, out, diag);
  }
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
    if (!take_value(it, bytes, path, known ? declared[*count].kind : SCULL_ONNX_VALUE_TENSOR, value,
                    diag))
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
