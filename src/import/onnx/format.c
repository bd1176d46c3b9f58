/* ONNX as a format of import/. */
#include "base/hash.h"
#include "import/onnx/convert.h"

/* A ModelProto has an IR version or an operator set among its first fields, and a graph of bytes;
 * every field before it is one of ModelProto's, of the type that it has there. */
static bool probe(scull_bytes_t model) {
  enum { IR_VERSION = 1, GRAPH = 7, OPSETS = 8, LAST = 26 };
  scull_wire_t wire = scull_import_wire_open(model, "", NULL);
  scull_wire_field_t field;
  bool graph = false, version = false;
  while ((!graph || !version) && scull_import_wire_next(&wire, &field)) {
    bool number = field.number == IR_VERSION || field.number == 5;
    if (field.number > LAST || (field.type == SCULL_WIRE_VARINT) != number ||
        (!number && field.type != SCULL_WIRE_BYTES))
      return false;
    version = version || field.number == IR_VERSION || field.number == OPSETS;
    graph = graph || field.number == GRAPH;
  }
  return graph && version;
}

static scull_status_t read(const scull_import_source_t *source, scull_graph_t **out) {
  scull_onnx_model_t model = {0};
  scull_status_t status = scull_onnx_model_read(source, &model);
  if (status == SCULL_OK)
    status = scull_onnx_convert(source, &model, out);
  scull_onnx_model_deinit(&model);
  return status;
}

/* External data: reading the model opens its files. */
static scull_status_t hash_external(const scull_import_source_t *source, uint64_t *hash) {
  scull_onnx_model_t model = {0};
  size_t before = source->files->files.size;
  scull_status_t status = scull_onnx_model_read(source, &model);
  for (size_t i = before; status == SCULL_OK && i < source->files->files.size; i++) {
    scull_bytes_t bytes = source->files->files.data[i].bytes;
    *hash = scull_base_hash64(bytes.data, bytes.size, *hash);
  }
  scull_onnx_model_deinit(&model);
  return status;
}

const scull_format_t scull_format_onnx = {.name = "onnx",
                                          .title = "ONNX",
                                          .family = "onnx",
                                          .probe = probe,
                                          .read = read,
                                          .each_operator = scull_onnx_each_operator,
                                          .hash = hash_external};
