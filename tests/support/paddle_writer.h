/* Writes small Paddle programs and parameter files, for tests. Operators and variables are said in
 * a line each:
 *   var  "w f32 8x3x3x3 param"   "x f32 -1x3x8x8"    "feed 9" (a type by number)
 *   op   "conv2d Input=x Filter=w > Output=y ; strides=2,2 groups=i1 data_format=sNCHW"
 * Attribute values: a list of numbers is INTS; i1 INT, f0.5 FLOAT, b1 BOOLEAN, l5 LONG, sTEXT
 * STRING, B1 BLOCK. Several arguments of a slot: X=a,b. */
#ifndef SCULL_TESTS_SUPPORT_PADDLE_WRITER_H
#define SCULL_TESTS_SUPPORT_PADDLE_WRITER_H

#include "support/proto.h"
#include "tensor/tensor.h"

typedef struct paddle_writer {
  scull_text_t vars, ops; /* encoded fields of the block */
} paddle_writer_t;

void paddle_writer_var(paddle_writer_t *writer, const char *line);
void paddle_writer_op(paddle_writer_t *writer, const char *line);
/* Lines of operators; "var ..." declares a variable. */
void paddle_writer_lines(paddle_writer_t *writer, const char *lines);
/* Adds what was written as block number `index` of a program, its first or what comes next; empties
 * the writer. */
void paddle_writer_block(paddle_writer_t *writer, int index, scull_text_t *program);
/* The program, with `extra_blocks` empty blocks after the first; empties the writer. */
void paddle_writer_end(paddle_writer_t *writer, int extra_blocks, scull_text_t *program);

/* Adds a LoDTensor record with values 0.01, 0.02, ...; without any where an extent is beyond a
 * million. */
void paddle_writer_param(scull_text_t *to, int element, int rank, const int64_t *dims);

/* conv2d + bias + relu + pool2d + mul on x [-1,1,6,6]: a model that exercises most of a reader in
 * less than a kilobyte, and its combined parameters. */
void paddle_writer_small(scull_text_t *program, scull_text_t *params);

#endif
