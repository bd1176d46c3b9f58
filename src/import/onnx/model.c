/* ModelProto, GraphProto, NodeProto and what is in them, by field number. */
#include "import/onnx/model.h"

#include <string.h>

typedef struct {
  scull_onnx_model_t *model;
  scull_onnx_store_t store;
} reader_t;

void scull_onnx_model_deinit(scull_onnx_model_t *model) {
  scull_base_arena_deinit(&model->arena);
  scull_base_arena_deinit(&model->bytes);
}

static scull_status_t no_memory(const scull_wire_t *wire) {
  return scull_base_fail_memory(wire->diag, "a model");
}

/* --- texts ----------------------------------------------------------------------------------- */

/* Attributes may hold any bytes; a zero byte ends the text for us. */
static scull_status_t read_text(const scull_wire_t *wire, const scull_wire_field_t *field,
                                reader_t *r, const char **out) {
  *out =
      scull_base_arena_string(&r->model->arena, (const char *)field->bytes.data, field->bytes.size);
  return *out == NULL ? no_memory(wire) : SCULL_OK;
}

static scull_status_t read_string(const scull_wire_t *wire, const scull_wire_field_t *field,
                                  reader_t *r, const char **out) {
  return scull_import_wire_string(wire, field, &r->model->arena, out);
}

/* Room for all fields of that number of the message. */
static scull_status_t new_names(const scull_wire_t *wire, uint32_t number, reader_t *r,
                                scull_onnx_names_t *out) {
  out->data =
      SCULL_ARENA_ARRAY(&r->model->arena, const char *, scull_import_wire_count(wire, number) + 1);
  out->size = 0;
  return out->data == NULL ? no_memory(wire) : SCULL_OK;
}

/* The standard operators have two names for their domain. */
static const char *plain_domain(const char *domain) {
  return strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

/* --- attributes ------------------------------------------------------------------------------ */

static scull_status_t read_graph(scull_wire_t *wire, reader_t *r, scull_onnx_graph_t *out);

static scull_status_t read_attr_message(const scull_wire_t *wire, const scull_wire_field_t *field,
                                        reader_t *r, scull_onnx_attr_t *out) {
  scull_wire_t inner;
  SCULL_TRY(scull_import_wire_enter(wire, field, &inner));
  if (field->number == 6) {
    scull_onnx_graph_t *graph = SCULL_ARENA_NEW(&r->model->arena, scull_onnx_graph_t);
    out->graph = graph;
    return graph == NULL ? no_memory(wire) : read_graph(&inner, r, graph);
  }
  scull_onnx_tensor_t *tensor = SCULL_ARENA_NEW(&r->model->arena, scull_onnx_tensor_t);
  out->tensor = tensor;
  if (tensor == NULL)
    return no_memory(wire);
  return field->number == 5 ? scull_onnx_tensor_read(&inner, &r->store, tensor)
                            : scull_onnx_sparse_read(&inner, &r->store, tensor);
}

static scull_status_t read_attr_field(const scull_wire_t *wire, const scull_wire_field_t *field,
                                      reader_t *r, scull_onnx_attr_t *out, int64_t *type) {
  switch (field->number) {
  case 1: return read_string(wire, field, r, &out->name);
  case 2: out->f = scull_import_wire_float(field); break;
  case 3: out->i = scull_import_wire_int(field); break;
  case 4: return read_text(wire, field, r, &out->s);
  case 5:
  case 6:
  case 22: return read_attr_message(wire, field, r, out);
  case 9: return read_text(wire, field, r, &out->texts.data[out->texts.size++]);
  case 20: *type = scull_import_wire_int(field); break;
  case 21: return read_string(wire, field, r, &out->ref);
  default: break;
  }
  return SCULL_OK;
}

/* Which of the fields counts. Old files do not say; then it is the one that is there. */
static scull_onnx_kind_t kind_of(const scull_onnx_attr_t *attr, int64_t type) {
  if (type == 11) /* a sparse tensor */
    return attr->tensor != NULL ? SCULL_ONNX_ATTR_TENSOR : SCULL_ONNX_ATTR_OTHER;
  if ((type == SCULL_ONNX_ATTR_TENSOR && attr->tensor == NULL) ||
      (type == SCULL_ONNX_ATTR_GRAPH && attr->graph == NULL))
    return SCULL_ONNX_ATTR_OTHER;
  if (type >= SCULL_ONNX_ATTR_FLOAT && type <= SCULL_ONNX_ATTR_TEXTS)
    return (scull_onnx_kind_t)type;
  if (type != 0)
    return SCULL_ONNX_ATTR_OTHER;
  if (attr->tensor != NULL)
    return SCULL_ONNX_ATTR_TENSOR;
  if (attr->graph != NULL)
    return SCULL_ONNX_ATTR_GRAPH;
  if (attr->s[0] != '\0')
    return SCULL_ONNX_ATTR_TEXT;
  if (attr->ints.size > 0)
    return SCULL_ONNX_ATTR_INTS;
  if (attr->floats.size > 0)
    return SCULL_ONNX_ATTR_FLOATS;
  if (attr->texts.size > 0)
    return SCULL_ONNX_ATTR_TEXTS;
  return attr->f < 0 || attr->f > 0 ? SCULL_ONNX_ATTR_FLOAT : SCULL_ONNX_ATTR_INT;
}

static scull_status_t read_attr(scull_wire_t *wire, reader_t *r, scull_onnx_attr_t *out) {
  scull_wire_field_t field;
  int64_t type = 0;
  *out = (scull_onnx_attr_t){.name = "", .s = ""};
  SCULL_TRY(new_names(wire, 9, r, &out->texts));
  SCULL_TRY(scull_import_wire_floats(wire, 7, false, &r->model->arena, &out->floats));
  SCULL_TRY(scull_import_wire_ints(wire, 8, false, &r->model->arena, &out->ints));
  while (scull_import_wire_next(wire, &field))
    SCULL_TRY(read_attr_field(wire, &field, r, out, &type));
  out->kind = kind_of(out, type);
  return wire->status;
}

/* The attributes in the fields of that number. */
static scull_status_t read_attrs(const scull_wire_t *wire, uint32_t number, reader_t *r,
                                 scull_onnx_attrs_t *out) {
  scull_wire_t walk = *wire, inner;
  scull_wire_field_t field;
  size_t count = 0;
  scull_onnx_attr_t *list = SCULL_ARENA_ARRAY(&r->model->arena, scull_onnx_attr_t,
                                              scull_import_wire_count(wire, number) + 1);
  if (list == NULL)
    return no_memory(wire);
  walk.at = walk.begin;
  while (scull_import_wire_next(&walk, &field)) {
    if (field.number != number)
      continue;
    SCULL_TRY(scull_import_wire_enter(&walk, &field, &inner));
    SCULL_TRY(read_attr(&inner, r, &list[count++]));
  }
  *out = (scull_onnx_attrs_t){list, count};
  return walk.status;
}

/* --- nodes ----------------------------------------------------------------------------------- */

static scull_status_t read_node(scull_wire_t *wire, reader_t *r, scull_onnx_node_t *out) {
  scull_wire_field_t field;
  out->name = out->type = out->domain = "";
  SCULL_TRY(new_names(wire, 1, r, &out->inputs));
  SCULL_TRY(new_names(wire, 2, r, &out->outputs));
  SCULL_TRY(read_attrs(wire, 5, r, &out->attrs));
  while (scull_import_wire_next(wire, &field)) {
    switch (field.number) {
    case 1: SCULL_TRY(read_string(wire, &field, r, &out->inputs.data[out->inputs.size++])); break;
    case 2: SCULL_TRY(read_string(wire, &field, r, &out->outputs.data[out->outputs.size++])); break;
    case 3: SCULL_TRY(read_string(wire, &field, r, &out->name)); break;
    case 4: SCULL_TRY(read_string(wire, &field, r, &out->type)); break;
    case 7: SCULL_TRY(read_string(wire, &field, r, &out->domain)); break;
    default: break;
    }
  }
  out->domain = plain_domain(out->domain);
  return wire->status;
}

/* The nodes in the fields of that number. */
static scull_status_t read_nodes(const scull_wire_t *wire, uint32_t number, reader_t *r,
                                 scull_onnx_node_t **out, size_t *count) {
  scull_wire_t walk = *wire, inner;
  scull_wire_field_t field;
  *count = 0;
  *out = SCULL_ARENA_ARRAY(&r->model->arena, scull_onnx_node_t,
                           scull_import_wire_count(wire, number) + 1);
  if (*out == NULL)
    return no_memory(wire);
  walk.at = walk.begin;
  while (scull_import_wire_next(&walk, &field)) {
    if (field.number != number)
      continue;
    SCULL_TRY(scull_import_wire_enter(&walk, &field, &inner));
    (*out)[*count].index = *count;
    SCULL_TRY(read_node(&inner, r, &(*out)[(*count)++]));
  }
  return walk.status;
}

/* --- declarations ---------------------------------------------------------------------------- */

static scull_status_t read_shape(scull_wire_t *wire, reader_t *r, scull_onnx_value_t *out) {
  scull_wire_field_t field, part;
  scull_wire_t inner;
  size_t size = 0;
  int64_t *dims =
      SCULL_ARENA_ARRAY(&r->model->arena, int64_t, scull_import_wire_count(wire, 1) + 1);
  if (dims == NULL)
    return no_memory(wire);
  while (scull_import_wire_next(wire, &field)) {
    if (field.number != 1)
      continue;
    dims[size] = -1;
    SCULL_TRY(scull_import_wire_enter(wire, &field, &inner));
    while (scull_import_wire_next(&inner, &part)) {
      if (part.number == 1)
        dims[size] = scull_import_wire_int(&part);
    }
    SCULL_TRY(inner.status);
    dims[size] = dims[size] < -1 ? -1 : dims[size];
    size++;
  }
  out->dims = (scull_ints_t){dims, size};
  out->has_shape = true;
  return wire->status;
}

static scull_status_t read_tensor_type(scull_wire_t *wire, reader_t *r, scull_onnx_value_t *out) {
  scull_wire_field_t field;
  scull_wire_t inner;
  while (scull_import_wire_next(wire, &field)) {
    if (field.number == 1)
      out->element = scull_import_wire_int32(&field);
    if (field.number != 2)
      continue;
    SCULL_TRY(scull_import_wire_enter(wire, &field, &inner));
    SCULL_TRY(read_shape(&inner, r, out));
  }
  return wire->status;
}

/* TypeProto; of sequences and optionals the outermost kind is kept, and the innermost tensor. */
static scull_status_t read_type(scull_wire_t *wire, reader_t *r, scull_onnx_value_t *out) {
  scull_wire_field_t field, part;
  scull_wire_t inner, element;
  while (scull_import_wire_next(wire, &field)) {
    scull_onnx_value_kind_t kind = field.number == 1   ? SCULL_ONNX_VALUE_TENSOR
                                   : field.number == 4 ? SCULL_ONNX_VALUE_SEQUENCE
                                   : field.number == 9 ? SCULL_ONNX_VALUE_OPTIONAL
                                                       : SCULL_ONNX_VALUE_OTHER;
    if (kind == SCULL_ONNX_VALUE_OTHER)
      continue;
    SCULL_TRY(scull_import_wire_enter(wire, &field, &inner));
    if (kind == SCULL_ONNX_VALUE_TENSOR)
      SCULL_TRY(read_tensor_type(&inner, r, out));
    while (kind != SCULL_ONNX_VALUE_TENSOR && scull_import_wire_next(&inner, &part)) {
      if (part.number != 1)
        continue;
      SCULL_TRY(scull_import_wire_enter(&inner, &part, &element));
      SCULL_TRY(read_type(&element, r, out));
    }
    SCULL_TRY(inner.status);
    out->kind = kind;
    out->holds_sequence = out->holds_sequence || kind == SCULL_ONNX_VALUE_SEQUENCE;
  }
  return wire->status;
}

static scull_status_t read_value(scull_wire_t *wire, reader_t *r, scull_onnx_value_t *out) {
  scull_wire_field_t field;
  scull_wire_t inner;
  out->name = "";
  while (scull_import_wire_next(wire, &field)) {
    if (field.number == 1)
      SCULL_TRY(read_string(wire, &field, r, &out->name));
    if (field.number != 2)
      continue;
    SCULL_TRY(scull_import_wire_enter(wire, &field, &inner));
    SCULL_TRY(read_type(&inner, r, out));
  }
  return wire->status;
}

static scull_status_t read_values(const scull_wire_t *wire, uint32_t number, reader_t *r,
                                  scull_onnx_value_t **out, size_t *count) {
  scull_wire_t walk = *wire, inner;
  scull_wire_field_t field;
  *count = 0;
  *out = SCULL_ARENA_ARRAY(&r->model->arena, scull_onnx_value_t,
                           scull_import_wire_count(wire, number) + 1);
  if (*out == NULL)
    return no_memory(wire);
  walk.at = walk.begin;
  while (scull_import_wire_next(&walk, &field)) {
    if (field.number != number)
      continue;
    SCULL_TRY(scull_import_wire_enter(&walk, &field, &inner));
    SCULL_TRY(read_value(&inner, r, &(*out)[(*count)++]));
  }
  return walk.status;
}

/* --- graphs ---------------------------------------------------------------------------------- */

static scull_status_t read_initializers(const scull_wire_t *wire, reader_t *r,
                                        scull_onnx_graph_t *out) {
  enum { DENSE = 5, SPARSE = 15 };
  scull_wire_t walk = *wire, inner;
  scull_wire_field_t field;
  size_t room = scull_import_wire_count(wire, DENSE) + scull_import_wire_count(wire, SPARSE);
  out->tensors = SCULL_ARENA_ARRAY(&r->model->arena, scull_onnx_tensor_t, room + 1);
  if (out->tensors == NULL)
    return no_memory(wire);
  walk.at = walk.begin;
  while (scull_import_wire_next(&walk, &field)) {
    if (field.number != DENSE && field.number != SPARSE)
      continue;
    scull_onnx_tensor_t *tensor = &out->tensors[out->tensor_count++];
    SCULL_TRY(scull_import_wire_enter(&walk, &field, &inner));
    SCULL_TRY(field.number == DENSE ? scull_onnx_tensor_read(&inner, &r->store, tensor)
                                    : scull_onnx_sparse_read(&inner, &r->store, tensor));
    if (tensor->name[0] == '\0')
      return scull_import_wire_fail(&walk, "initializer %zu has no name", out->tensor_count - 1);
  }
  return walk.status;
}

static scull_status_t read_graph(scull_wire_t *wire, reader_t *r, scull_onnx_graph_t *out) {
  scull_wire_field_t field;
  out->name = "";
  SCULL_TRY(read_nodes(wire, 1, r, &out->nodes, &out->node_count));
  SCULL_TRY(read_initializers(wire, r, out));
  SCULL_TRY(read_values(wire, 11, r, &out->inputs, &out->input_count));
  SCULL_TRY(read_values(wire, 12, r, &out->outputs, &out->output_count));
  while (scull_import_wire_next(wire, &field)) {
    if (field.number == 2)
      SCULL_TRY(read_string(wire, &field, r, &out->name));
  }
  return wire->status;
}

/* --- the model ------------------------------------------------------------------------------- */

static scull_status_t read_opsets(const scull_wire_t *wire, uint32_t number, reader_t *r,
                                  scull_onnx_opsets_t *out) {
  scull_wire_t walk = *wire, inner;
  scull_wire_field_t field, part;
  out->data = SCULL_ARENA_ARRAY(&r->model->arena, scull_onnx_opset_t,
                                scull_import_wire_count(wire, number) + 1);
  if (out->data == NULL)
    return no_memory(wire);
  walk.at = walk.begin;
  while (scull_import_wire_next(&walk, &field)) {
    if (field.number != number)
      continue;
    scull_onnx_opset_t *opset = &out->data[out->size++];
    opset->domain = "";
    SCULL_TRY(scull_import_wire_enter(&walk, &field, &inner));
    while (scull_import_wire_next(&inner, &part)) {
      if (part.number == 1)
        SCULL_TRY(read_string(&inner, &part, r, &opset->domain));
      else if (part.number == 2)
        opset->version = scull_import_wire_int(&part);
    }
    SCULL_TRY(inner.status);
    opset->domain = plain_domain(opset->domain);
  }
  return walk.status;
}

static scull_status_t read_function(scull_wire_t *wire, reader_t *r, scull_onnx_function_t *out) {
  scull_wire_field_t field;
  out->name = out->domain = "";
  SCULL_TRY(new_names(wire, 4, r, &out->inputs));
  SCULL_TRY(new_names(wire, 5, r, &out->outputs));
  SCULL_TRY(read_nodes(wire, 7, r, &out->nodes, &out->node_count));
  SCULL_TRY(read_attrs(wire, 11, r, &out->attrs));
  SCULL_TRY(read_opsets(wire, 9, r, &out->opsets));
  while (scull_import_wire_next(wire, &field)) {
    switch (field.number) {
    case 1: SCULL_TRY(read_string(wire, &field, r, &out->name)); break;
    case 4: SCULL_TRY(read_string(wire, &field, r, &out->inputs.data[out->inputs.size++])); break;
    case 5: SCULL_TRY(read_string(wire, &field, r, &out->outputs.data[out->outputs.size++])); break;
    case 10: SCULL_TRY(read_string(wire, &field, r, &out->domain)); break;
    default: break;
    }
  }
  out->domain = plain_domain(out->domain);
  return wire->status;
}

static scull_status_t read_model(scull_wire_t *wire, reader_t *r) {
  scull_onnx_model_t *model = r->model;
  scull_wire_field_t field;
  scull_wire_t inner;
  size_t graphs = 0;
  SCULL_TRY(read_opsets(wire, 8, r, &model->opsets));
  model->functions = SCULL_ARENA_ARRAY(&model->arena, scull_onnx_function_t,
                                       scull_import_wire_count(wire, 25) + 1);
  if (model->functions == NULL)
    return no_memory(wire);
  while (scull_import_wire_next(wire, &field)) {
    if (field.number == 1)
      model->ir_version = scull_import_wire_int(&field);
    if (field.number == 7 && graphs++ == 0) {
      SCULL_TRY(scull_import_wire_enter(wire, &field, &inner));
      SCULL_TRY(read_graph(&inner, r, &model->graph));
    }
    if (field.number == 25) {
      SCULL_TRY(scull_import_wire_enter(wire, &field, &inner));
      SCULL_TRY(read_function(&inner, r, &model->functions[model->function_count++]));
    }
  }
  SCULL_TRY(wire->status);
  return graphs == 1 ? SCULL_OK : scull_import_wire_fail(wire, "the model has %zu graphs", graphs);
}

scull_status_t scull_onnx_model_read(const scull_import_source_t *source, scull_onnx_model_t *out) {
  scull_wire_t wire = scull_import_wire_open(source->model, source->model_name, source->diag);
  reader_t r = {.model = out,
                .store = {.arena = &out->arena, .bytes = &out->bytes, .source = source}};
  scull_status_t status = read_model(&wire, &r);
  scull_onnx_store_deinit(&r.store);
  return status;
}
