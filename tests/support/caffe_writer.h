/* Writes small .caffemodel files for tests. */
#ifndef SCULL_TESTS_SUPPORT_CAFFE_WRITER_H
#define SCULL_TESTS_SUPPORT_CAFFE_WRITER_H

#include "support/proto.h"

/* How the file spells what it holds. */
typedef enum caffe_style {
  CAFFE_NEW,     /* layer, shape {}, packed floats */
  CAFFE_V1,      /* layers, num / channels / height / width, single floats */
  CAFFE_V0,      /* layers with an inner layer, the same blobs */
  CAFFE_DOUBLES, /* layer, shape {}, packed doubles */
} caffe_style_t;

/* "conv1 2x3x1x1 2; ip 4x8 4": layers with their blobs' shapes, filled with 0.01, 0.02, ... */
void caffe_writer_weights(const char *layers, caffe_style_t style, scull_text_t *to);

#endif
