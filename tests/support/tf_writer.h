/* Writes small frozen TensorFlow graphs for tests, a line a node:
 *   "x Placeholder ; dtype=t1 shape=S-1,4,4,2"
 *   "y Conv2D x w ; strides=L1,1,1,1 padding=sSAME"
 * Attribute values: sTEXT, i5, f0.5, b1, t1 (a type), L1,2 (a list), S1,-1 (a shape; S? without
 * rank). Constants have a line of their own:
 *   "w f32 3x3x2x8"        0.01, 0.02, ... as tensor_content
 *   "axis i32 2 = 1,2"     as tensor_content;  "axis i32 2 ~ 1,2" as a list of numbers */
#ifndef SCULL_TESTS_SUPPORT_TF_WRITER_H
#define SCULL_TESTS_SUPPORT_TF_WRITER_H

#include "support/proto.h"

void tf_writer_node(scull_text_t *graph, const char *line);
void tf_writer_const(scull_text_t *graph, const char *line);

/* Lines with a constant's type as their second word are constants, others nodes. */
void tf_writer_lines(scull_text_t *graph, const char *lines);

#endif
