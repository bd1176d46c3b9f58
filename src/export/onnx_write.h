/* Nodes of an ONNX model while they are written: what the mappings of export/onnx_ops.c use.
 * Private to export/. */
#ifndef SCULL_EXPORT_ONNX_WRITE_H
#define SCULL_EXPORT_ONNX_WRITE_H

#include "export/proto.h"
#include "graph/graph.h"

typedef struct scull_export_writer {
  scull_graph_t *graph;
  scull_arena_t *arena;
  scull_text_t nodes;        /* GraphProto.node fields */
  scull_text_t initializers; /* GraphProto.initializer fields of made-up constants */
  const char *const *names;  /* of each value */
  size_t made;               /* names made up so far */
  bool uses_own_domain;
  bool failed; /* memory was short */
} scull_export_writer_t;

/* One node: begun with its operator, given inputs, attributes and outputs, and ended. */
typedef struct scull_export_node {
  scull_export_writer_t *writer;
  scull_text_t body;
} scull_export_node_t;

scull_export_node_t scull_export_onnx_begin(scull_export_writer_t *writer, const char *op,
                                            const char *name);
void scull_export_onnx_input(scull_export_node_t *node, const char *name); /* "": left out */
void scull_export_onnx_output(scull_export_node_t *node, const char *name);
void scull_export_onnx_int(scull_export_node_t *node, const char *name, int64_t value);
void scull_export_onnx_float(scull_export_node_t *node, const char *name, double value);
void scull_export_onnx_string(scull_export_node_t *node, const char *name, const char *value);
void scull_export_onnx_ints(scull_export_node_t *node, const char *name, const int64_t *data,
                            size_t size);
void scull_export_onnx_floats(scull_export_node_t *node, const char *name, scull_floats_t value);
/* A tensor of one element of the type. */
void scull_export_onnx_tensor(scull_export_node_t *node, const char *name, scull_dtype_t dtype,
                              double value);
void scull_export_onnx_domain(scull_export_node_t *node, const char *domain);
void scull_export_onnx_end(scull_export_node_t *node);

/* A name that nothing else has. */
const char *scull_export_onnx_fresh(scull_export_writer_t *writer, const char *base);

/* Made-up constants; the result is their name. */
const char *scull_export_onnx_list(scull_export_writer_t *writer, const char *base,
                                   const int64_t *data, size_t size); /* i64 [size] */
const char *scull_export_onnx_real_list(scull_export_writer_t *writer, const char *base,
                                        const float *data, size_t size); /* f32 [size] */
const char *scull_export_onnx_scalar(scull_export_writer_t *writer, const char *base,
                                     scull_dtype_t dtype, double value); /* of rank 0 */

/* ONNX's number of an element type; 0 when it has none. */
int32_t scull_export_onnx_dtype(scull_dtype_t dtype);

/* The node as one or several of ONNX; false when ONNX cannot say it, and nothing was written. */
bool scull_export_onnx_map(scull_export_writer_t *writer, const scull_node_t *node);

#endif
