/* See onnx_writer.h. Field numbers are those of onnx.proto. */
#define _POSIX_C_SOURCE 200809L
#include "support/onnx_writer.h"

#include <stdlib.h>
#include <string.h>

enum { LINE = 600 };

static const struct {
  const char *name;
  int number;
} elements[] = {{"f32", 1}, {"u8", 2},   {"i8", 3},   {"u16", 4},  {"i16", 5}, {"i32", 6},
                {"i64", 7}, {"text", 8}, {"bool", 9}, {"f16", 10}, {"f64", 11}};

static int element_of(const char *name) {
  for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
    if (strcmp(elements[i].name, name) == 0)
      return elements[i].number;
  }
  return (int)strtol(name, NULL, 10);
}

static void copy_line(const char *line, char copy[LINE]) {
  strncpy(copy, line, LINE - 1);
  copy[LINE - 1] = '\0';
}

/* "3", or a name. */
static void dimension(scull_text_t *shape, const char *word) {
  scull_text_t dim = {0};
  if ((word[0] >= '0' && word[0] <= '9') || word[0] == '-')
    proto_int(&dim, 1, strtoll(word, NULL, 10));
  else
    proto_text(&dim, 2, word);
  proto_message(shape, 1, &dim);
}

void onnx_writer_input(onnx_writer_t *writer, const char *line) {
  char copy[LINE], *save = NULL, *inner = NULL;
  scull_text_t info = {0}, type = {0}, tensor = {0}, shape = {0};
  copy_line(line, copy);
  proto_text(&info, 1, strtok_r(copy, " ", &save));
  const char *element = strtok_r(NULL, " ", &save);
  char *dims = strtok_r(NULL, " ", &save);
  if (element != NULL && strcmp(element, "-") != 0) {
    proto_int(&tensor, 1, element_of(element));
    for (char *d = dims == NULL ? NULL : strtok_r(dims, "x", &inner); d != NULL;
         d = strtok_r(NULL, "x", &inner))
      dimension(&shape, d);
    if (dims != NULL)
      proto_message(&tensor, 2, &shape);
    proto_message(&type, 1, &tensor);
  }
  proto_message(&info, 2, &type);
  proto_message(&writer->graph, 11, &info);
}

void onnx_writer_output(onnx_writer_t *writer, const char *name) {
  scull_text_t info = {0};
  proto_text(&info, 1, name);
  proto_message(&writer->graph, 12, &info);
}

/* Name, type and extents; returns what lies behind "=", or NULL. Sets the dtype and the count. */
static char *tensor_head(char *copy, scull_text_t *to, scull_dtype_t *dtype, int64_t *count) {
  char *save = NULL, *values = strchr(copy, '=');
  if (values != NULL)
    *values++ = '\0';
  const char *name = strtok_r(copy, " ", &save), *element = strtok_r(NULL, " ", &save);
  char *dims = strtok_r(NULL, " ", &save);
  *count = 1;
  while (dims != NULL && *dims != '\0') {
    int64_t dim = strtoll(dims, &dims, 10);
    proto_int(to, 1, dim);
    *count *= dim;
    dims += *dims == 'x';
  }
  proto_int(to, 2, element_of(element));
  proto_text(to, 8, name);
  *dtype = scull_tensor_dtype_find(element);
  return values;
}

void onnx_writer_tensor_proto(const char *line, scull_text_t *to) {
  char copy[LINE];
  uint64_t place = 0;
  scull_text_t raw = {0};
  scull_dtype_t dtype = SCULL_DTYPE_NONE;
  int64_t count = 0;
  copy_line(line, copy);
  char *values = tensor_head(copy, to, &dtype, &count);
  for (int64_t i = 0; i < count && dtype != SCULL_DTYPE_NONE; i++) {
    double value = values == NULL ? 0.01 * (double)(i + 1) : strtod(values, &values);
    if (values != NULL && *values == ',')
      values++;
    scull_tensor_store(&place, dtype, 0, value);
    scull_base_text_add(&raw, (const char *)&place, scull_tensor_dtype_size(dtype));
  }
  proto_message(to, 9, &raw);
}

void onnx_writer_tensor(onnx_writer_t *writer, const char *line) {
  scull_text_t tensor = {0};
  onnx_writer_tensor_proto(line, &tensor);
  proto_message(&writer->graph, 5, &tensor);
}

static void entry(scull_text_t *tensor, const char *key, const char *value) {
  scull_text_t pair = {0};
  proto_text(&pair, 1, key);
  proto_text(&pair, 2, value);
  proto_message(tensor, 13, &pair);
}

void onnx_writer_external(onnx_writer_t *writer, const char *line, const char *location,
                          int64_t offset, int64_t length) {
  char copy[LINE];
  scull_text_t tensor = {0}, number = {0};
  scull_dtype_t dtype;
  int64_t count;
  copy_line(line, copy);
  (void)tensor_head(copy, &tensor, &dtype, &count);
  entry(&tensor, "location", location);
  const struct {
    const char *key;
    int64_t value;
  } numbers[] = {{"offset", offset}, {"length", length}};
  for (size_t i = 0; i < 2; i++) {
    if (numbers[i].value < 0)
      continue;
    scull_base_text_print(&number, "%lld", (long long)numbers[i].value);
    entry(&tensor, numbers[i].key, scull_base_text_get(&number));
    scull_base_text_deinit(&number);
  }
  proto_int(&tensor, 14, 1);
  proto_message(&writer->graph, 5, &tensor);
}

/* "a,-,b" -> one field a piece, an empty one for "-". */
static void names(scull_text_t *to, uint32_t number, char *pieces) {
  char *save = NULL;
  for (char *p = strtok_r(pieces, ",", &save); p != NULL; p = strtok_r(NULL, ",", &save))
    proto_text(to, number, strcmp(p, "-") == 0 ? "" : p);
}

/* The value behind "name=", as an AttributeProto's fields. */
static void attr_value(scull_text_t *attr, char *value) {
  bool floats = value[0] == 'F';
  switch (value[0]) {
  case 'i':
    proto_int(attr, 20, 2);
    proto_int(attr, 3, strtoll(value + 1, NULL, 10));
    return;
  case 'f':
    proto_int(attr, 20, 1);
    proto_float(attr, 2, strtof(value + 1, NULL));
    return;
  case 's':
    proto_int(attr, 20, 3);
    proto_text(attr, 4, value + 1);
    return;
  case 'r': /* an attribute of the function around it */ proto_text(attr, 21, value + 1); return;
  default: break;
  }
  proto_int(attr, 20, floats ? 6 : 7);
  char *save = NULL;
  for (char *p = strtok_r(value + floats, ",", &save); p != NULL; p = strtok_r(NULL, ",", &save)) {
    if (floats)
      proto_float(attr, 7, strtof(p, NULL));
    else
      proto_int(attr, 8, strtoll(p, NULL, 10));
  }
}

/* "domain:Type" */
static void type_of(scull_text_t *to, char *word, uint32_t type_field, uint32_t domain_field) {
  char *colon = strchr(word, ':');
  if (colon != NULL)
    *colon = '\0';
  proto_text(to, type_field, colon == NULL ? word : colon + 1);
  if (colon != NULL)
    proto_text(to, domain_field, word);
}

void onnx_writer_node_proto(const char *line, scull_text_t *to) {
  char copy[LINE], *save = NULL;
  uint32_t part = 1; /* 1: inputs, 2: outputs, 5: attributes */
  copy_line(line, copy);
  type_of(to, strtok_r(copy, " ", &save), 4, 7);
  for (char *w = strtok_r(NULL, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
    scull_text_t attr = {0};
    char *equals = strchr(w, '=');
    if (w[0] == '>' || w[0] == ';') {
      part = w[0] == '>' ? 2 : 5;
    } else if (part != 5) {
      names(to, part, w);
    } else if (equals != NULL) {
      *equals = '\0';
      proto_text(&attr, 1, w);
      attr_value(&attr, equals + 1);
      proto_message(to, 5, &attr);
    }
  }
}

void onnx_writer_node(onnx_writer_t *writer, const char *line) {
  scull_text_t node = {0};
  onnx_writer_node_proto(line, &node);
  proto_message(&writer->graph, 1, &node);
}

static void opset(scull_text_t *to, uint32_t field, const char *domain, int64_t version) {
  scull_text_t set = {0};
  if (domain[0] != '\0')
    proto_text(&set, 1, domain);
  proto_int(&set, 2, version);
  proto_message(to, field, &set);
}

void onnx_writer_function(onnx_writer_t *writer, const char *line, const char *const *nodes,
                          size_t count) {
  char copy[LINE], *save = NULL;
  scull_text_t function = {0};
  uint32_t part = 4;
  copy_line(line, copy);
  type_of(&function, strtok_r(copy, " ", &save), 1, 10);
  for (char *w = strtok_r(NULL, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
    if (w[0] == '>' || w[0] == ';')
      part = w[0] == '>' ? 5 : 6;
    else
      names(&function, part, w);
  }
  for (size_t i = 0; i < count; i++) {
    scull_text_t node = {0};
    onnx_writer_node_proto(nodes[i], &node);
    proto_message(&function, 7, &node);
  }
  opset(&function, 9, "", 17);
  opset(&function, 9, "test", 1);
  proto_message(&writer->functions, 25, &function);
}

void onnx_writer_end(onnx_writer_t *writer, int64_t version, scull_text_t *model) {
  proto_int(model, 1, 8);
  opset(model, 8, "", version);
  opset(model, 8, "com.microsoft", 1);
  opset(model, 8, "test", 1);
  proto_message(model, 7, &writer->graph);
  scull_base_text_add(model, scull_base_text_get(&writer->functions), writer->functions.size);
  scull_base_text_deinit(&writer->functions);
}
