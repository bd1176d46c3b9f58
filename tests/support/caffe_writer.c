#include "support/caffe_writer.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 8 };

static size_t read_shape(const char **at, int64_t dims[MANY]) {
  size_t rank = 0;
  char *end = NULL;
  while (rank < MANY) {
    dims[rank++] = strtoll(*at, &end, 10);
    *at = end;
    if (*end != 'x')
      break;
    (*at)++;
  }
  return rank;
}

static void add_data(caffe_style_t style, int64_t count, scull_text_t *blob) {
  scull_text_t packed = {0};
  for (int64_t i = 1; i <= count; i++) {
    float single = (float)i * 0.01f;
    double twice = (double)single;
    if (style == CAFFE_NEW)
      scull_base_text_add(&packed, (const char *)&single, sizeof single);
    else if (style == CAFFE_DOUBLES)
      scull_base_text_add(&packed, (const char *)&twice, sizeof twice);
    else
      proto_float(blob, 5, single);
  }
  if (style == CAFFE_NEW || style == CAFFE_DOUBLES)
    proto_message(blob, style == CAFFE_NEW ? 5 : 8, &packed);
}

static void add_blob(const char **at, caffe_style_t style, scull_text_t *layer) {
  scull_text_t blob = {0}, shape = {0};
  int64_t dims[MANY], count = 1;
  size_t rank = read_shape(at, dims);
  for (size_t d = 0; d < rank; d++) {
    count *= dims[d];
    if (style == CAFFE_NEW || style == CAFFE_DOUBLES)
      proto_int(&shape, 1, dims[d]);
    else
      proto_int(&blob, (uint32_t)(5 - rank + d), dims[d]);
  }
  if (shape.size > 0)
    proto_message(&blob, 7, &shape);
  add_data(style, count, &blob);
  proto_message(layer, style == CAFFE_V0 ? 50 : style == CAFFE_V1 ? 6 : 7, &blob);
}

static void add_layer(const char **at, caffe_style_t style, scull_text_t *net) {
  char name[64] = "";
  scull_text_t layer = {0}, wrapper = {0};
  size_t length = strcspn(*at, " ;");
  memcpy(name, *at, length < sizeof name - 1 ? length : sizeof name - 1);
  *at += length;
  proto_text(&layer, style == CAFFE_V1 ? 4 : 1, name);
  while (**at == ' ') {
    (*at)++;
    add_blob(at, style, &layer);
  }
  if (style == CAFFE_V0)
    proto_message(&wrapper, 1, &layer);
  proto_message(net, style == CAFFE_V1 || style == CAFFE_V0 ? 2 : 100,
                style == CAFFE_V0 ? &wrapper : &layer);
}

void caffe_writer_weights(const char *layers, caffe_style_t style, scull_text_t *to) {
  proto_text(to, 1, "net");
  for (const char *at = layers; *at != '\0';) {
    add_layer(&at, style, to);
    at += strspn(at, "; ");
  }
}
