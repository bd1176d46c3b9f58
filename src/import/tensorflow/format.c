/* Frozen TensorFlow graphs as a format of import/. */
#include "import/tensorflow/call.h"
#include "import/tensorflow/convert.h"
#include "import/wire.h"

/* Messages of fields 1 (nodes), 2 (library), 4 (versions) and a number of field 3; the first node
 * begins with a name and an operator. */
static bool probe(scull_bytes_t model) {
  scull_wire_t wire = scull_import_wire_open(model, "", NULL), node;
  scull_wire_field_t f, g;
  bool name = false, op = false;
  if (!scull_import_wire_next(&wire, &f) || f.number != 1 || f.type != SCULL_WIRE_BYTES ||
      scull_import_wire_enter(&wire, &f, &node) != SCULL_OK)
    return false;
  while (scull_import_wire_next(&node, &g)) {
    if (g.type != SCULL_WIRE_BYTES || g.number > 7)
      return false;
    name = name || g.number == 1;
    op = op || g.number == 2;
  }
  return node.status == SCULL_OK && name && op;
}

static scull_status_t read_tensorflow(const scull_import_source_t *source, scull_graph_t **out) {
  scull_tf_graph_t graph = {0};
  scull_status_t status = scull_tf_graph_read(source->model, source->model_name, source->diag,
                                              &source->files->arena, &graph);
  if (status == SCULL_OK)
    status = scull_tf_convert(source, &graph, out);
  scull_tf_graph_deinit(&graph);
  return status;
}

const scull_format_t scull_format_tensorflow = {.name = "tensorflow",
                                                .title = "TensorFlow frozen graph",
                                                .family = "tensorflow",
                                                .probe = probe,
                                                .read = read_tensorflow,
                                                .each_operator = scull_tf_each_operator};
