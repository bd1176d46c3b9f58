/* Writes small ONNX models, for tests. Inputs, initializers and nodes are said in a line each:
 *   input   "x f32 -1x3x8x8"  "x f32 nx3" (a named dimension)  "s - " (of no type)
 *   tensor  "w f32 2x3=1,2,3,4,5,6"  "w f32 8x3x3x3" (0.01, 0.02, ...)
 *   node    "Conv x,w,- > y ; strides=2,2 group=i1 alpha=f0.5 auto_pad=sVALID scales=F1,2"
 *           "com.microsoft:Gelu x > y"
 * An operand or result that is left out is "-". */
#ifndef SCULL_TESTS_SUPPORT_ONNX_WRITER_H
#define SCULL_TESTS_SUPPORT_ONNX_WRITER_H

#include "support/proto.h"
#include "tensor/tensor.h"

typedef struct onnx_writer {
  scull_text_t graph;     /* encoded fields */
  scull_text_t functions; /* of the model */
} onnx_writer_t;

void onnx_writer_input(onnx_writer_t *writer, const char *line);
void onnx_writer_tensor(onnx_writer_t *writer, const char *line);
void onnx_writer_node(onnx_writer_t *writer, const char *line);
void onnx_writer_output(onnx_writer_t *writer, const char *name);

/* A TensorProto of a line as above. */
void onnx_writer_tensor_proto(const char *line, scull_text_t *to);
/* An initializer whose bytes lie in a file; negative numbers are left out. */
void onnx_writer_external(onnx_writer_t *writer, const char *line, const char *location,
                          int64_t offset, int64_t length);
/* A node like onnx_writer_node's, encoded. */
void onnx_writer_node_proto(const char *line, scull_text_t *to);
/* A function: "domain:Name x,y > z ; alpha" and `count` nodes of it. */
void onnx_writer_function(onnx_writer_t *writer, const char *line, const char *const *nodes,
                          size_t count);

/* The model of that operator set (com.microsoft and "test" are imported, too); empties the writer.
 */
void onnx_writer_end(onnx_writer_t *writer, int64_t opset, scull_text_t *model);

#endif
