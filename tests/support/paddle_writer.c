/* See paddle_writer.h. Field numbers are those of framework.proto. */
#define _POSIX_C_SOURCE 200809L
#include "support/paddle_writer.h"

#include <stdlib.h>
#include <string.h>

enum { LINE = 400 };

static int element_of(const char *name) {
  static const char *const names[] = {"bool", "i16", "i32", "i64", "f16", "f32", "f64"};
  for (int i = 0; i < 7; i++) {
    if (strcmp(names[i], name) == 0)
      return i;
  }
  return 5;
}

static void tensor_desc(scull_text_t *to, int element, int rank, const int64_t *dims) {
  proto_int(to, 1, element);
  for (int i = 0; i < rank; i++)
    proto_int(to, 2, dims[i]);
}

void paddle_writer_var(paddle_writer_t *writer, const char *line) {
  char copy[LINE], *save = NULL;
  scull_text_t var = {0}, type = {0}, lod = {0}, tensor = {0};
  int64_t dims[SCULL_MAX_RANK + 1];
  int rank = 0;
  strncpy(copy, line, LINE - 1);
  copy[LINE - 1] = '\0';
  proto_text(&var, 1, strtok_r(copy, " ", &save));
  const char *kind = strtok_r(NULL, " ", &save);
  char *shape = strtok_r(NULL, " ", &save);
  if (kind[0] >= '0' && kind[0] <= '9') {
    proto_int(&type, 1, strtoll(kind, NULL, 10));
  } else {
    for (char *at = shape; at != NULL && *at != '\0' && rank <= SCULL_MAX_RANK;) {
      dims[rank++] = strtoll(at, &at, 10);
      at += *at == 'x';
    }
    tensor_desc(&tensor, element_of(kind), rank, dims);
    proto_message(&lod, 1, &tensor);
    proto_int(&type, 1, 7);
    proto_message(&type, 3, &lod);
  }
  const char *param = strtok_r(NULL, " ", &save);
  proto_message(&var, 2, &type);
  proto_int(&var, 3, param != NULL || shape == NULL);
  proto_message(&writer->vars, 3, &var);
}

/* "a,b" -> one field a piece. */
static void each_piece(scull_text_t *to, uint32_t number, char *pieces, bool ints) {
  char *save = NULL;
  for (char *p = strtok_r(pieces, ",", &save); p != NULL; p = strtok_r(NULL, ",", &save)) {
    if (ints)
      proto_int(to, number, strtoll(p, NULL, 10));
    else
      proto_text(to, number, p);
  }
}

static void attr_value(scull_text_t *attr, char *value) {
  static const struct {
    char letter;
    int type;
    uint32_t field;
  } kinds[] = {{'i', 0, 3}, {'b', 6, 10}, {'l', 9, 13}, {'B', 8, 12}};
  for (size_t i = 0; i < 4; i++) {
    if (value[0] == kinds[i].letter) {
      proto_int(attr, 2, kinds[i].type);
      proto_int(attr, kinds[i].field, strtoll(value + 1, NULL, 10));
      return;
    }
  }
  if (value[0] == 'f') {
    proto_int(attr, 2, 1);
    proto_float(attr, 4, strtof(value + 1, NULL));
  } else if (value[0] == 's') {
    proto_int(attr, 2, 2);
    proto_text(attr, 5, value + 1);
  } else {
    proto_int(attr, 2, 3);
    each_piece(attr, 6, value, true);
  }
}

void paddle_writer_op(paddle_writer_t *writer, const char *line) {
  char copy[LINE], *save = NULL;
  scull_text_t op = {0};
  uint32_t part = 1; /* 1: inputs, 2: outputs, 4: attributes */
  strncpy(copy, line, LINE - 1);
  copy[LINE - 1] = '\0';
  const char *type = strtok_r(copy, " ", &save);
  for (char *w = strtok_r(NULL, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
    scull_text_t item = {0};
    char *equals = strchr(w, '=');
    if (equals == NULL) {
      part = w[0] == '>' ? 2 : 4;
      continue;
    }
    *equals = '\0';
    proto_text(&item, 1, w);
    if (part == 4)
      attr_value(&item, equals + 1);
    else
      each_piece(&item, 2, equals + 1, false);
    proto_message(&op, part, &item);
  }
  proto_text(&op, 3, type);
  proto_message(&writer->ops, 4, &op);
}

void paddle_writer_lines(paddle_writer_t *writer, const char *lines) {
  while (*lines != '\0') {
    char line[LINE] = {0};
    size_t length = strcspn(lines, "\n");
    memcpy(line, lines, length < LINE ? length : LINE - 1);
    lines += length + (lines[length] == '\n');
    if (strncmp(line, "var ", 4) == 0)
      paddle_writer_var(writer, line + 4);
    else
      paddle_writer_op(writer, line);
  }
}

void paddle_writer_block(paddle_writer_t *writer, int index, scull_text_t *program) {
  scull_text_t block = {0};
  proto_int(&block, 1, index);
  proto_int(&block, 2, index == 0 ? -1 : 0);
  scull_base_text_add(&block, scull_base_text_get(&writer->vars), writer->vars.size);
  scull_base_text_add(&block, scull_base_text_get(&writer->ops), writer->ops.size);
  proto_message(program, 1, &block);
  scull_base_text_deinit(&writer->vars);
  scull_base_text_deinit(&writer->ops);
}

void paddle_writer_end(paddle_writer_t *writer, int extra_blocks, scull_text_t *program) {
  for (int i = 0; i <= extra_blocks; i++)
    paddle_writer_block(writer, i, program);
}

static void add_number(scull_text_t *to, uint64_t value, size_t size) {
  char bytes[8];
  memcpy(bytes, &value, sizeof bytes);
  scull_base_text_add(to, bytes, size);
}

void paddle_writer_param(scull_text_t *to, int element, int rank, const int64_t *dims) {
  static const size_t sizes[] = {1, 2, 4, 8, 2, 4, 8};
  scull_text_t desc = {0};
  int64_t count = 1;
  for (int i = 0; i < rank; i++)
    count = count == 0 || dims[i] > 1 << 20 ? 0 : count * dims[i];
  tensor_desc(&desc, element, rank, dims);
  add_number(to, 0, 4);
  add_number(to, 0, 8);
  add_number(to, 0, 4);
  add_number(to, desc.size, 4);
  scull_base_text_add(to, scull_base_text_get(&desc), desc.size);
  for (int64_t i = 0; i < count; i++) {
    float value = 0.01f * (float)(i + 1);
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    add_number(to, element == 5 ? bits : (uint64_t)i, sizes[element]);
  }
  scull_base_text_deinit(&desc);
}

void paddle_writer_small(scull_text_t *program, scull_text_t *params) {
  paddle_writer_t w = {0};
  paddle_writer_var(&w, "feed 9");
  paddle_writer_var(&w, "fetch 10");
  paddle_writer_var(&w, "x f32 -1x1x6x6");
  paddle_writer_var(&w, "w f32 2x1x3x3 param");
  paddle_writer_var(&w, "b f32 2 param");
  paddle_writer_var(&w, "fc f32 8x3 param");
  paddle_writer_op(&w, "feed X=feed > Out=x ; col=i0");
  paddle_writer_op(&w, "conv2d Input=x Filter=w > Output=c ; strides=1,1 paddings=1,1 "
                       "dilations=1,1 groups=i1 data_format=sNCHW");
  paddle_writer_op(&w, "elementwise_add X=c Y=b > Out=d ; axis=i1");
  paddle_writer_op(&w, "relu X=d > Out=r");
  paddle_writer_op(&w, "pool2d X=r > Out=p ; pooling_type=smax ksize=3,3 strides=3,3 paddings=0,0");
  paddle_writer_op(&w, "mul X=p Y=fc > Out=y ; x_num_col_dims=i1 y_num_col_dims=i1");
  paddle_writer_op(&w, "scale X=y > Out=z ; scale=f0.5 bias=f1 bias_after_scale=b0");
  paddle_writer_op(&w, "fetch X=z > Out=fetch ; col=i0");
  paddle_writer_end(&w, 0, program);
  paddle_writer_param(params, 5, 1, (int64_t[]){2}); /* by name: b, fc, w */
  paddle_writer_param(params, 5, 2, (int64_t[]){8, 3});
  paddle_writer_param(params, 5, 4, (int64_t[]){2, 1, 3, 3});
}
