#include "support/tf_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/real.h"
#include "tensor/tensor.h"

enum { WORD = 80 };

/* The next word of the line, spaces passed; false at its end. */
static bool next_word(const char **at, char word[WORD]) {
  *at += strspn(*at, " ");
  size_t length = strcspn(*at, " \n");
  size_t kept = length < WORD - 1 ? length : WORD - 1;
  memcpy(word, *at, kept);
  word[kept] = '\0';
  *at += length;
  return length > 0;
}

/* "1,-1" or "3x3": the numbers of a list. */
static size_t read_numbers(const char *text, double numbers[WORD]) {
  size_t count = 0;
  while (*text != '\0' && count < WORD) {
    const char *end = text;
    if (!scull_base_real_read(text, &end, &numbers[count]))
      break;
    count++;
    text = end + (*end != '\0');
  }
  return count;
}

static void add_shape(scull_text_t *to, uint32_t number, const char *text) {
  double dims[WORD];
  scull_text_t shape = {0}, dim = {0};
  size_t count = text[0] == '?' ? 0 : read_numbers(text, dims);
  for (size_t i = 0; i < count; i++) {
    proto_int(&dim, 1, (int64_t)dims[i]);
    proto_message(&shape, 2, &dim);
  }
  if (text[0] == '?')
    proto_int(&shape, 3, 1);
  proto_message(to, number, &shape);
}

static void add_value(scull_text_t *value, const char *text) {
  double numbers[WORD];
  scull_text_t list = {0};
  switch (text[0]) {
  case 's': proto_text(value, 2, text + 1); break;
  case 'i': proto_int(value, 3, strtoll(text + 1, NULL, 10)); break;
  case 'f': proto_float(value, 4, (float)strtod(text + 1, NULL)); break;
  case 'b': proto_int(value, 5, text[1] == '1'); break;
  case 't': proto_int(value, 6, strtoll(text + 1, NULL, 10)); break;
  case 'S': add_shape(value, 7, text + 1); break;
  default:
    for (size_t i = 0, count = read_numbers(text + 1, numbers); i < count; i++)
      proto_int(&list, 3, (int64_t)numbers[i]);
    proto_message(value, 1, &list);
  }
}

/* Adds the attribute; `value` is emptied. */
static void add_attr(scull_text_t *node, const char *name, scull_text_t *value) {
  scull_text_t entry = {0};
  proto_text(&entry, 1, name);
  proto_message(&entry, 2, value);
  proto_message(node, 5, &entry);
}

void tf_writer_node(scull_text_t *graph, const char *line) {
  char word[WORD];
  scull_text_t node = {0}, value = {0};
  for (uint32_t field = 1; next_word(&line, word) && strcmp(word, ";") != 0; field += field < 3)
    proto_text(&node, field, word);
  while (next_word(&line, word)) {
    char *equals = strchr(word, '=');
    *equals = '\0';
    add_value(&value, equals + 1);
    add_attr(&node, word, &value);
  }
  proto_message(graph, 1, &node);
}

static int64_t type_number(scull_dtype_t dtype) {
  return dtype == SCULL_DTYPE_F32 ? 1 : dtype == SCULL_DTYPE_I32 ? 3 : 9;
}

static void add_content(scull_text_t *tensor, const scull_type_t *type, const double *numbers,
                        size_t count) {
  scull_text_t bytes = {0};
  for (int64_t i = 0; i < scull_tensor_count(&type->shape); i++) {
    uint64_t place = 0;
    double number = count == 0 ? (double)(i + 1) * 0.01 : numbers[(size_t)i % count];
    scull_tensor_store(&place, type->dtype, 0, number);
    scull_base_text_add(&bytes, (const char *)&place, scull_tensor_dtype_size(type->dtype));
  }
  proto_message(tensor, 4, &bytes);
}

void tf_writer_const(scull_text_t *graph, const char *line) {
  char name[WORD], word[WORD];
  double dims[WORD], numbers[WORD];
  scull_text_t node = {0}, value = {0}, tensor = {0};
  size_t count = 0;
  next_word(&line, name);
  next_word(&line, word);
  scull_type_t type = {.dtype = scull_tensor_dtype_find(word)};
  next_word(&line, word);
  add_shape(&tensor, 2, strcmp(word, "-") == 0 ? "" : word);
  size_t rank = strcmp(word, "-") == 0 ? 0 : read_numbers(word, dims);
  for (size_t d = 0; d < rank; d++)
    type.shape.dim[type.shape.rank++] = (int64_t)dims[d];
  bool listed = next_word(&line, word) && word[0] == '~';
  if (next_word(&line, word))
    count = read_numbers(word, numbers);
  proto_int(&tensor, 1, type_number(type.dtype));
  for (size_t i = 0; listed && i < count; i++) {
    if (type.dtype == SCULL_DTYPE_F32)
      proto_float(&tensor, 5, (float)numbers[i]);
    else
      proto_int(&tensor, type.dtype == SCULL_DTYPE_I32 ? 7 : 10, (int64_t)numbers[i]);
  }
  if (!listed)
    add_content(&tensor, &type, numbers, count);
  proto_text(&node, 1, name);
  proto_text(&node, 2, "Const");
  proto_message(&value, 8, &tensor);
  add_attr(&node, "value", &value);
  proto_message(graph, 1, &node);
}

void tf_writer_lines(scull_text_t *graph, const char *lines) {
  char line[400], word[WORD];
  while (*lines != '\0') {
    size_t length = strcspn(lines, "\n");
    memcpy(line, lines, length < sizeof line ? length : sizeof line - 1);
    line[length < sizeof line ? length : sizeof line - 1] = '\0';
    const char *at = line;
    next_word(&at, word);
    next_word(&at, word);
    if (scull_tensor_dtype_find(word) != SCULL_DTYPE_NONE)
      tf_writer_const(graph, line);
    else
      tf_writer_node(graph, line);
    lines += length + (lines[length] == '\n');
  }
}
