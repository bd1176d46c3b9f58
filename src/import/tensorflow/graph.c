/* GraphDef into plain structs. Inputs are names of nodes, which may stand anywhere in the file, so
 * names are gathered first. */
#include "import/tensorflow/graph.h"

#include <string.h>

/* Fields. */
enum {
  GRAPH_NODE = 1,
  GRAPH_LIBRARY = 2,
  NODE_NAME = 1,
  NODE_OP = 2,
  NODE_INPUT = 3,
  NODE_ATTR = 5,
  ENTRY_KEY = 1,
  ENTRY_VALUE = 2,
  VALUE_LIST = 1,
  VALUE_TEXT = 2,
  VALUE_INT = 3,
  VALUE_FLOAT = 4,
  VALUE_BOOL = 5,
  VALUE_TYPE = 6,
  VALUE_SHAPE = 7,
  VALUE_TENSOR = 8,
  LIST_INT = 3,
};

typedef struct {
  scull_tf_graph_t *graph;
  const char *file;
  scull_diag_t *diag;
  scull_arena_t *keep;
} reader_t;

void scull_tf_graph_deinit(scull_tf_graph_t *graph) {
  scull_base_map_deinit(&graph->names);
  scull_base_arena_deinit(&graph->arena);
}

const scull_tf_attr_t *scull_tf_attr_find(const scull_tf_node_t *node, const char *name) {
  for (size_t i = 0; i < node->attr_count; i++) {
    if (strcmp(node->attrs[i].name, name) == 0)
      return &node->attrs[i];
  }
  return NULL;
}

static scull_status_t no_memory(const reader_t *r) {
  return scull_base_fail_memory(r->diag, "a graph");
}

/* --- attributes ------------------------------------------------------------------------------ */

static scull_status_t read_list(const reader_t *r, const scull_wire_t *wire,
                                const scull_wire_field_t *field, scull_tf_attr_t *out) {
  scull_wire_t list;
  SCULL_TRY(scull_import_wire_enter(wire, field, &list));
  out->kind = SCULL_TF_ATTR_INTS;
  return scull_import_wire_ints(&list, LIST_INT, false, &r->graph->arena, &out->ints);
}

static scull_status_t read_value(const reader_t *r, scull_wire_t *value, scull_tf_attr_t *out) {
  scull_wire_field_t f;
  scull_wire_t inner;
  while (scull_import_wire_next(value, &f)) {
    switch (f.number) {
    case VALUE_LIST: SCULL_TRY(read_list(r, value, &f, out)); break;
    case VALUE_TEXT:
      out->kind = SCULL_TF_ATTR_TEXT;
      if (f.type == SCULL_WIRE_BYTES) /* bytes, in truth: cut at a zero */
        out->text =
            scull_base_arena_string(&r->graph->arena, (const char *)f.bytes.data, f.bytes.size);
      if (out->text == NULL)
        return no_memory(r);
      break;
    case VALUE_INT:
    case VALUE_BOOL:
    case VALUE_TYPE:
      out->kind = f.number == VALUE_TYPE ? SCULL_TF_ATTR_TYPE : SCULL_TF_ATTR_INT;
      out->i = scull_import_wire_int(&f);
      break;
    case VALUE_FLOAT:
      out->kind = SCULL_TF_ATTR_FLOAT;
      out->f = scull_import_wire_float(&f);
      break;
    case VALUE_SHAPE:
      out->kind = SCULL_TF_ATTR_SHAPE;
      SCULL_TRY(scull_import_wire_enter(value, &f, &inner));
      SCULL_TRY(scull_tf_shape_read(&inner, &out->shape, &out->has_rank));
      break;
    case VALUE_TENSOR:
      out->kind = SCULL_TF_ATTR_TENSOR;
      SCULL_TRY(scull_import_wire_enter(value, &f, &inner));
      SCULL_TRY(scull_tf_tensor_read(&inner, &r->graph->arena, r->keep, out));
      break;
    default: break;
    }
  }
  return value->status;
}

static scull_status_t read_attr(const reader_t *r, const scull_wire_t *wire,
                                const scull_wire_field_t *field, scull_tf_node_t *node) {
  scull_wire_t entry, value;
  scull_wire_field_t f;
  scull_tf_attr_t *attr = &node->attrs[node->attr_count];
  SCULL_TRY(scull_import_wire_enter(wire, field, &entry));
  while (scull_import_wire_next(&entry, &f)) {
    if (f.number == ENTRY_KEY)
      SCULL_TRY(scull_import_wire_string(&entry, &f, &r->graph->arena, &attr->name));
    if (f.number == ENTRY_VALUE && (attr->name == NULL || attr->name[0] != '_')) {
      SCULL_TRY(scull_import_wire_enter(&entry, &f, &value));
      SCULL_TRY(read_value(r, &value, attr));
    }
  }
  node->attr_count += attr->name != NULL;
  return entry.status;
}

/* --- nodes ----------------------------------------------------------------------------------- */

static scull_status_t read_node(const reader_t *r, scull_wire_t *message, size_t index) {
  scull_tf_node_t *node = &r->graph->nodes[index];
  scull_arena_t *arena = &r->graph->arena;
  scull_wire_field_t f;
  size_t ignored = 0;
  node->outputs = 1;
  node->attrs =
      SCULL_ARENA_ARRAY(arena, scull_tf_attr_t, scull_import_wire_count(message, NODE_ATTR));
  node->inputs =
      SCULL_ARENA_ARRAY(arena, scull_tf_input_t, scull_import_wire_count(message, NODE_INPUT));
  if (node->attrs == NULL || node->inputs == NULL)
    return no_memory(r);
  while (scull_import_wire_next(message, &f)) {
    if (f.number == NODE_NAME)
      SCULL_TRY(scull_import_wire_string(message, &f, arena, &node->name));
    else if (f.number == NODE_OP)
      SCULL_TRY(scull_import_wire_string(message, &f, arena, &node->op));
    else if (f.number == NODE_ATTR)
      SCULL_TRY(read_attr(r, message, &f, node));
  }
  SCULL_TRY(message->status);
  if (node->name == NULL || node->op == NULL || node->name[0] == '\0')
    return scull_import_wire_fail(message, "a node without a name or an operator");
  if (scull_base_map_find(&r->graph->names, node->name, strlen(node->name), &ignored))
    return scull_import_wire_fail(message, "a second node of the name '%.80s'", node->name);
  bool ok = scull_base_map_set(&r->graph->names, node->name, strlen(node->name), index);
  return ok ? SCULL_OK : no_memory(r);
}

/* "name", "name:1" or "^name". */
static scull_status_t read_input(const reader_t *r, const scull_wire_t *message,
                                 const scull_wire_field_t *field, scull_tf_node_t *node) {
  const char *text = (const char *)field->bytes.data;
  size_t length = field->bytes.size, index = 0, digits = 0;
  uint32_t slot = 0;
  if (field->type != SCULL_WIRE_BYTES || length == 0)
    return scull_import_wire_fail(message, "node '%.80s': an input without a name", node->name);
  bool control = text[0] == '^';
  while (digits < length && text[length - 1 - digits] >= '0' && text[length - 1 - digits] <= '9')
    digits++;
  if (!control && digits > 0 && digits < 6 && digits < length && text[length - 1 - digits] == ':') {
    for (size_t i = length - digits; i < length; i++)
      slot = slot * 10 + (uint32_t)(text[i] - '0');
    length -= digits + 1;
  }
  text += control;
  length -= control;
  if (!scull_base_map_find(&r->graph->names, text, length, &index))
    return scull_import_wire_fail(message, "node '%.80s' reads '%.*s', which is no node",
                                  node->name, length < 80 ? (int)length : 80, text);
  if (control) {
    r->graph->nodes[index].is_waited = true;
    return SCULL_OK;
  }
  scull_tf_node_t *from = &r->graph->nodes[index];
  if (slot > SCULL_TF_MAX_SLOT)
    return scull_import_wire_fail(message, "node '%.80s' reads output %u", node->name, slot);
  from->outputs = slot + 1 > from->outputs ? slot + 1 : from->outputs;
  from->reads++;
  node->inputs[node->input_count++] = (scull_tf_input_t){(uint32_t)index, slot};
  return SCULL_OK;
}

/* Calls read_node or read_inputs for each node of the file, in order. */
static scull_status_t each_node(const reader_t *r, const scull_wire_t *root, bool inputs) {
  scull_wire_t walk = *root, message;
  scull_wire_field_t f, g;
  size_t index = 0;
  while (scull_import_wire_next(&walk, &f)) {
    if (f.number != GRAPH_NODE)
      continue;
    SCULL_TRY(scull_import_wire_enter(&walk, &f, &message));
    if (!inputs)
      SCULL_TRY(read_node(r, &message, index));
    while (inputs && scull_import_wire_next(&message, &g)) {
      if (g.number == NODE_INPUT)
        SCULL_TRY(read_input(r, &message, &g, &r->graph->nodes[index]));
    }
    index++;
  }
  return walk.status;
}

scull_status_t scull_tf_graph_read(scull_bytes_t bytes, const char *file, scull_diag_t *diag,
                                   scull_arena_t *keep, scull_tf_graph_t *out) {
  reader_t r = {out, file, diag, keep};
  scull_wire_t root = scull_import_wire_open(bytes, file, diag);
  out->node_count = scull_import_wire_count(&root, GRAPH_NODE);
  out->has_functions = scull_import_wire_count(&root, GRAPH_LIBRARY) > 0;
  out->nodes = SCULL_ARENA_ARRAY(&out->arena, scull_tf_node_t, out->node_count);
  if (out->nodes == NULL)
    return no_memory(&r);
  SCULL_TRY(each_node(&r, &root, false));
  return each_node(&r, &root, true);
}
