/* The file: names, nodes, constants, inputs and outputs. What an operator becomes stands in
 * onnx_ops.c. Constants are not copied: the sizes of all parts are known before the first byte is
 * written, so the weights go from where they lie into the file. */
#include "export/onnx.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/file.h"
#include "export/onnx_write.h"

/* Fields of ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto. */
enum {
  MODEL_IR = 1,
  MODEL_PRODUCER = 2,
  MODEL_GRAPH = 7,
  MODEL_OPSET = 8,
  GRAPH_NODE = 1,
  GRAPH_NAME = 2,
  GRAPH_INITIALIZER = 5,
  GRAPH_INPUT = 11,
  GRAPH_OUTPUT = 12,
  NODE_INPUT = 1,
  NODE_OUTPUT = 2,
  NODE_NAME = 3,
  NODE_OP = 4,
  NODE_ATTRIBUTE = 5,
  NODE_DOMAIN = 7,
  TENSOR_DIMS = 1,
  TENSOR_TYPE = 2,
  TENSOR_NAME = 8,
  TENSOR_RAW = 9,
};

enum { IR_VERSION = 9, OPSET = 20 };

/* --- nodes ----------------------------------------------------------------------------------- */

scull_export_node_t scull_export_onnx_begin(scull_export_writer_t *writer, const char *op,
                                            const char *name) {
  scull_export_node_t node = {.writer = writer};
  scull_export_proto_text(&node.body, NODE_OP, op);
  scull_export_proto_text(&node.body, NODE_NAME, name);
  return node;
}

void scull_export_onnx_input(scull_export_node_t *node, const char *name) {
  scull_export_proto_text(&node->body, NODE_INPUT, name == NULL ? "" : name);
}

void scull_export_onnx_output(scull_export_node_t *node, const char *name) {
  scull_export_proto_text(&node->body, NODE_OUTPUT, name == NULL ? "" : name);
}

void scull_export_onnx_domain(scull_export_node_t *node, const char *domain) {
  scull_export_proto_text(&node->body, NODE_DOMAIN, domain);
}

/* Adds an attribute; `type` is AttributeType, `value` its field, which is emptied. */
static void add_attribute(scull_export_node_t *node, const char *name, int type,
                          scull_text_t *value) {
  enum { NAME = 1, TYPE = 20 };
  scull_text_t attribute = {0};
  scull_export_proto_text(&attribute, NAME, name);
  if (value->size > 0)
    scull_base_text_add(&attribute, scull_base_text_get(value), value->size);
  attribute.failed = attribute.failed || value->failed;
  scull_export_proto_int(&attribute, TYPE, type);
  scull_base_text_deinit(value);
  scull_export_proto_message(&node->body, NODE_ATTRIBUTE, &attribute);
}

enum { TYPE_FLOAT = 1, TYPE_INT, TYPE_STRING, TYPE_TENSOR, TYPE_FLOATS = 6, TYPE_INTS };

void scull_export_onnx_int(scull_export_node_t *node, const char *name, int64_t value) {
  scull_text_t field = {0};
  scull_export_proto_int(&field, 3, value);
  add_attribute(node, name, TYPE_INT, &field);
}

void scull_export_onnx_float(scull_export_node_t *node, const char *name, double value) {
  scull_text_t field = {0};
  scull_export_proto_float(&field, 2, (float)value);
  add_attribute(node, name, TYPE_FLOAT, &field);
}

void scull_export_onnx_string(scull_export_node_t *node, const char *name, const char *value) {
  scull_text_t field = {0};
  scull_export_proto_text(&field, 4, value);
  add_attribute(node, name, TYPE_STRING, &field);
}

void scull_export_onnx_ints(scull_export_node_t *node, const char *name, const int64_t *data,
                            size_t size) {
  scull_text_t field = {0};
  for (size_t i = 0; i < size; i++)
    scull_export_proto_int(&field, 8, data[i]);
  add_attribute(node, name, TYPE_INTS, &field);
}

void scull_export_onnx_floats(scull_export_node_t *node, const char *name, scull_floats_t value) {
  scull_text_t field = {0};
  for (size_t i = 0; i < value.size; i++)
    scull_export_proto_float(&field, 7, (float)value.data[i]);
  add_attribute(node, name, TYPE_FLOATS, &field);
}

/* A TensorProto without its bytes. */
static void describe_tensor(scull_text_t *tensor, const char *name, const scull_type_t *type) {
  for (int32_t d = 0; d < type->shape.rank; d++)
    scull_export_proto_int(tensor, TENSOR_DIMS, type->shape.dim[d]);
  scull_export_proto_int(tensor, TENSOR_TYPE, scull_export_onnx_dtype(type->dtype));
  if (name != NULL)
    scull_export_proto_text(tensor, TENSOR_NAME, name);
}

void scull_export_onnx_tensor(scull_export_node_t *node, const char *name, scull_dtype_t dtype,
                              double value) {
  const scull_type_t type = {.dtype = dtype, .shape = {.rank = 1, .dim = {1}}};
  uint64_t place = 0;
  scull_text_t tensor = {0}, field = {0};
  scull_tensor_store(&place, dtype, 0, value);
  describe_tensor(&tensor, NULL, &type);
  scull_export_proto_bytes(&tensor, TENSOR_RAW, &place, scull_tensor_dtype_size(dtype));
  scull_export_proto_message(&field, 5, &tensor);
  add_attribute(node, name, TYPE_TENSOR, &field);
}

void scull_export_onnx_end(scull_export_node_t *node) {
  scull_export_proto_message(&node->writer->nodes, GRAPH_NODE, &node->body);
}

/* --- made-up constants ----------------------------------------------------------------------- */

const char *scull_export_onnx_fresh(scull_export_writer_t *writer, const char *base) {
  const char *name = scull_base_arena_format(writer->arena, "%s/onnx.%zu", base, ++writer->made);
  writer->failed = writer->failed || name == NULL;
  return name == NULL ? "" : name;
}

static const char *add_constant(scull_export_writer_t *writer, const char *base,
                                const scull_type_t *type, const void *data) {
  const char *name = scull_export_onnx_fresh(writer, base);
  scull_text_t tensor = {0};
  describe_tensor(&tensor, name, type);
  scull_export_proto_bytes(&tensor, TENSOR_RAW, data, scull_tensor_bytes(type));
  scull_export_proto_message(&writer->initializers, GRAPH_INITIALIZER, &tensor);
  return name;
}

const char *scull_export_onnx_list(scull_export_writer_t *writer, const char *base,
                                   const int64_t *data, size_t size) {
  const scull_type_t type = {SCULL_DTYPE_I64, {.rank = 1, .dim = {(int64_t)size}}};
  return add_constant(writer, base, &type, data);
}

const char *scull_export_onnx_real_list(scull_export_writer_t *writer, const char *base,
                                        const float *data, size_t size) {
  const scull_type_t type = {SCULL_DTYPE_F32, {.rank = 1, .dim = {(int64_t)size}}};
  return add_constant(writer, base, &type, data);
}

const char *scull_export_onnx_scalar(scull_export_writer_t *writer, const char *base,
                                     scull_dtype_t dtype, double value) {
  const scull_type_t type = {.dtype = dtype};
  uint64_t place = 0;
  scull_tensor_store(&place, dtype, 0, value);
  return add_constant(writer, base, &type, &place);
}

int32_t scull_export_onnx_dtype(scull_dtype_t dtype) {
  static const struct {
    scull_dtype_t ours;
    int32_t theirs;
  } types[] = {{SCULL_DTYPE_F32, 1},  {SCULL_DTYPE_U8, 2},   {SCULL_DTYPE_I8, 3},
               {SCULL_DTYPE_U16, 4},  {SCULL_DTYPE_I16, 5},  {SCULL_DTYPE_I32, 6},
               {SCULL_DTYPE_I64, 7},  {SCULL_DTYPE_BOOL, 9}, {SCULL_DTYPE_F16, 10},
               {SCULL_DTYPE_F64, 11}, {SCULL_DTYPE_U32, 12}, {SCULL_DTYPE_U64, 13},
               {SCULL_DTYPE_BF16, 16}};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (types[i].ours == dtype)
      return types[i].theirs;
  }
  return 0;
}

/* --- operators of our own -------------------------------------------------------------------- */

static void own_attribute(scull_export_node_t *out, const scull_attr_field_t *field,
                          const void *attrs) {
  const void *at = (const char *)attrs + field->offset;
  const scull_ints_t *ints = at;
  switch (field->kind) {
  case SCULL_ATTR_INT: scull_export_onnx_int(out, field->name, *(const int64_t *)at); break;
  case SCULL_ATTR_FLOAT: scull_export_onnx_float(out, field->name, *(const double *)at); break;
  case SCULL_ATTR_BOOL: scull_export_onnx_int(out, field->name, *(const bool *)at); break;
  case SCULL_ATTR_ENUM:
    scull_export_onnx_string(out, field->name, field->names[*(const int32_t *)at]);
    break;
  case SCULL_ATTR_DTYPE:
    scull_export_onnx_string(out, field->name, scull_tensor_dtype_name(*(const scull_dtype_t *)at));
    break;
  case SCULL_ATTR_STRING:
    scull_export_onnx_string(out, field->name, *(const char *const *)at);
    break;
  case SCULL_ATTR_INTS: scull_export_onnx_ints(out, field->name, ints->data, ints->size); break;
  case SCULL_ATTR_FLOATS:
    scull_export_onnx_floats(out, field->name, *(const scull_floats_t *)at);
    break;
  }
}

static void write_own(scull_export_writer_t *writer, const scull_node_t *node) {
  scull_export_node_t out =
      scull_export_onnx_begin(writer, node->op->name, writer->names[node->outputs[0]]);
  for (size_t i = 0; i < node->input_count; i++)
    scull_export_onnx_input(&out,
                            node->inputs[i] == SCULL_NO_ID ? "" : writer->names[node->inputs[i]]);
  for (size_t i = 0; i < node->output_count; i++)
    scull_export_onnx_output(&out, writer->names[node->outputs[i]]);
  for (size_t i = 0; i < node->op->attrs.count; i++)
    own_attribute(&out, &node->op->attrs.fields[i], node->attrs);
  scull_export_onnx_domain(&out, "scull");
  scull_export_onnx_end(&out);
  writer->uses_own_domain = true;
}

/* --- names ----------------------------------------------------------------------------------- */

/* The output that a value is first, or the number of outputs. */
static size_t output_of(const scull_graph_t *graph, scull_value_id_t id) {
  size_t i = 0;
  while (i < graph->outputs.size && graph->outputs.data[i].value != id)
    i++;
  return i;
}

static bool is_computed(const scull_value_t *value) {
  return value->data == NULL && !value->is_input;
}

/* Outputs have the names that the graph gives them; a value that has such a name and is another one
 * steps back. */
static const char *name_of(scull_export_writer_t *writer, scull_value_id_t id) {
  const scull_graph_t *graph = writer->graph;
  const scull_value_t *value = scull_graph_value(graph, id);
  size_t output = output_of(graph, id);
  if (output < graph->outputs.size && is_computed(value))
    return graph->outputs.data[output].name;
  for (size_t i = 0; i < graph->outputs.size; i++) {
    if (strcmp(graph->outputs.data[i].name, value->name) == 0 && !value->is_input)
      return scull_export_onnx_fresh(writer, value->name);
  }
  return value->name;
}

static scull_status_t make_names(scull_export_writer_t *writer, scull_diag_t *diag) {
  size_t count = writer->graph->values.size;
  const char **names = SCULL_ARENA_ARRAY(writer->arena, const char *, count);
  if (names == NULL)
    return scull_base_fail_memory(diag, "an ONNX model");
  for (size_t i = 0; i < count; i++) {
    if (!writer->graph->values.data[i].dead)
      names[i] = name_of(writer, (scull_value_id_t)i);
  }
  writer->names = names;
  return SCULL_OK;
}

/* Outputs that are an input, a constant, or a second name of a value. */
static void write_second_names(scull_export_writer_t *writer) {
  const scull_graph_t *graph = writer->graph;
  for (size_t i = 0; i < graph->outputs.size; i++) {
    const scull_graph_output_t *output = &graph->outputs.data[i];
    if (output_of(graph, output->value) == i &&
        is_computed(scull_graph_value(graph, output->value)))
      continue;
    scull_export_node_t node = scull_export_onnx_begin(writer, "Identity", output->name);
    scull_export_onnx_input(&node, writer->names[output->value]);
    scull_export_onnx_output(&node, output->name);
    scull_export_onnx_end(&node);
  }
}

/* --- inputs and outputs ---------------------------------------------------------------------- */

static void write_port(scull_text_t *to, uint32_t field, const scull_graph_t *graph,
                       scull_value_id_t id, const char *name) {
  const scull_value_t *value = scull_graph_value(graph, id);
  scull_text_t info = {0}, type = {0}, tensor = {0}, shape = {0}, dim = {0};
  for (int32_t d = 0; d < value->shape[0].rank; d++) {
    char symbol[72];
    bool varies = false;
    for (int p = 1; p < graph->points; p++)
      varies = varies || value->shape[p].dim[d] != value->shape[0].dim[d];
    snprintf(symbol, sizeof symbol, "%lld:%lld:%lld",
             (long long)value->shape[graph->points > 1 ? SCULL_POINT_MIN : 0].dim[d],
             (long long)value->shape[0].dim[d],
             (long long)value->shape[graph->points > 1 ? SCULL_POINT_MAX : 0].dim[d]);
    if (varies)
      scull_export_proto_text(&dim, 2, symbol);
    else
      scull_export_proto_int(&dim, 1, value->shape[0].dim[d]);
    scull_export_proto_message(&shape, 1, &dim);
  }
  scull_export_proto_int(&tensor, 1, scull_export_onnx_dtype(value->dtype));
  scull_export_proto_message(&tensor, 2, &shape);
  scull_export_proto_message(&type, 1, &tensor);
  scull_export_proto_text(&info, 1, name);
  scull_export_proto_message(&info, 2, &type);
  scull_export_proto_message(to, field, &info);
}

static scull_status_t write_nodes(scull_export_writer_t *writer, scull_diag_t *diag) {
  scull_node_id_t *order = NULL;
  size_t count = 0;
  SCULL_TRY(scull_graph_sort(writer->graph, &order, &count));
  for (size_t i = 0; i < count; i++) {
    const scull_node_t *node = scull_graph_node(writer->graph, order[i]);
    if (node->op->control)
      return scull_base_fail(diag, SCULL_UNSUPPORTED,
                             "node '%.80s' (%s) owns graphs, which are not exported", node->name,
                             node->op->name);
    if (!scull_export_onnx_map(writer, node))
      write_own(writer, node);
  }
  return SCULL_OK;
}

/* --- the file -------------------------------------------------------------------------------- */

static size_t varint_size(uint64_t value) {
  size_t size = 1;
  while (value > 127) {
    value >>= 7;
    size++;
  }
  return size;
}

/* A constant's message without its bytes: type, dims, name, and the raw field's tag and length. */
static void weight_head(scull_text_t *out, const char *name, const scull_type_t *type) {
  describe_tensor(out, name, type);
  scull_export_proto_tag(out, TENSOR_RAW, 2);
  scull_export_proto_varint(out, scull_tensor_bytes(type));
}

static bool is_weight(const scull_graph_t *graph, size_t i) {
  const scull_value_t *v = &graph->values.data[i];
  return !v->dead && v->data != NULL &&
         (v->users.size > 0 || output_of(graph, (scull_value_id_t)i) < graph->outputs.size);
}

/* Bytes that all weights take as fields of the graph. */
static size_t weights_size(const scull_export_writer_t *writer) {
  size_t sum = 0;
  for (size_t i = 0; i < writer->graph->values.size; i++) {
    if (!is_weight(writer->graph, i))
      continue;
    scull_type_t type = scull_graph_type(writer->graph, (scull_value_id_t)i, SCULL_POINT_OPT);
    scull_text_t head = {0};
    weight_head(&head, writer->names[i], &type);
    size_t message = head.size + scull_tensor_bytes(&type);
    sum += 1 + varint_size(message) + message; /* a tag of field 5 is one byte */
    scull_base_text_deinit(&head);
  }
  return sum;
}

static scull_status_t write_weights(const scull_export_writer_t *writer, scull_writer_t *file) {
  for (size_t i = 0; i < writer->graph->values.size; i++) {
    if (!is_weight(writer->graph, i))
      continue;
    scull_type_t type = scull_graph_type(writer->graph, (scull_value_id_t)i, SCULL_POINT_OPT);
    size_t bytes = scull_tensor_bytes(&type);
    scull_text_t head = {0}, begin = {0};
    weight_head(&head, writer->names[i], &type);
    scull_export_proto_tag(&begin, GRAPH_INITIALIZER, 2);
    scull_export_proto_varint(&begin, head.size + bytes);
    scull_base_text_add(&begin, scull_base_text_get(&head), head.size);
    scull_status_t status =
        begin.failed ? SCULL_OUT_OF_MEMORY
                     : scull_base_writer_add(file, scull_base_text_get(&begin), begin.size);
    scull_base_text_deinit(&head);
    scull_base_text_deinit(&begin);
    SCULL_TRY(status);
    SCULL_TRY(scull_base_writer_add(
        file, scull_graph_value(writer->graph, (scull_value_id_t)i)->data, bytes));
  }
  return SCULL_OK;
}

static void opset(scull_text_t *model, const char *domain, int64_t version) {
  scull_text_t id = {0};
  scull_export_proto_text(&id, 1, domain);
  scull_export_proto_int(&id, 2, version);
  scull_export_proto_message(model, MODEL_OPSET, &id);
}

/* Everything before the graph's own bytes, and everything of the graph but the weights. */
static void write_rest(scull_export_writer_t *writer, scull_text_t *model, scull_text_t *graph) {
  const scull_graph_t *g = writer->graph;
  scull_export_proto_int(model, MODEL_IR, IR_VERSION);
  scull_export_proto_text(model, MODEL_PRODUCER, "scull");
  opset(model, "", OPSET);
  if (writer->uses_own_domain)
    opset(model, "scull", 1);
  scull_export_proto_text(graph, GRAPH_NAME, "network");
  for (size_t i = 0; i < g->inputs.size; i++)
    write_port(graph, GRAPH_INPUT, g, g->inputs.data[i], writer->names[g->inputs.data[i]]);
  for (size_t i = 0; i < g->outputs.size; i++)
    write_port(graph, GRAPH_OUTPUT, g, g->outputs.data[i].value, g->outputs.data[i].name);
  scull_base_text_add(graph, scull_base_text_get(&writer->nodes), writer->nodes.size);
  scull_base_text_add(graph, scull_base_text_get(&writer->initializers), writer->initializers.size);
}

static scull_status_t write_file(scull_export_writer_t *writer, scull_text_t *model,
                                 scull_text_t *graph, const char *path, scull_diag_t *diag) {
  scull_writer_t *file = NULL;
  size_t all = 0;
  if (!scull_base_size_add(graph->size, weights_size(writer), &all) || all > INT32_MAX)
    return scull_base_fail(diag, SCULL_UNSUPPORTED, "%s: an ONNX file holds no more than 2 GiB",
                           path);
  scull_export_proto_tag(model, MODEL_GRAPH, 2);
  scull_export_proto_varint(model, all);
  if (writer->failed || model->failed || graph->failed || writer->nodes.failed ||
      writer->initializers.failed)
    return scull_base_fail_memory(diag, "an ONNX model");
  SCULL_TRY(scull_base_writer_create(path, &file, diag));
  scull_status_t status = scull_base_writer_add(file, scull_base_text_get(model), model->size);
  if (status == SCULL_OK)
    status = scull_base_writer_add(file, scull_base_text_get(graph), graph->size);
  if (status == SCULL_OK)
    status = write_weights(writer, file);
  if (status != SCULL_OK) {
    scull_base_writer_destroy(file);
    return status;
  }
  return scull_base_writer_commit(file);
}

scull_status_t scull_export_onnx(scull_graph_t *graph, const char *path, scull_diag_t *diag) {
  scull_arena_t arena = {0};
  scull_export_writer_t writer = {.graph = graph, .arena = &arena};
  scull_text_t model = {0}, body = {0};
  scull_status_t status = make_names(&writer, diag);
  if (status == SCULL_OK)
    status = write_nodes(&writer, diag);
  if (status == SCULL_OK) {
    write_second_names(&writer);
    write_rest(&writer, &model, &body);
    status = write_file(&writer, &model, &body, path, diag);
  }
  scull_base_text_deinit(&model);
  scull_base_text_deinit(&body);
  scull_base_text_deinit(&writer.nodes);
  scull_base_text_deinit(&writer.initializers);
  scull_base_arena_deinit(&arena);
  return status;
}
