/* An ONNX model in plain structs, as it stands in the file: nothing here knows what an operator
 * means. Texts and lists live in the model's arena; tensors' bytes are borrowed from the mapped
 * files where they lie there as they are. Private to import/onnx/. */
#ifndef SCULL_IMPORT_ONNX_MODEL_H
#define SCULL_IMPORT_ONNX_MODEL_H

#include "import/format.h"
#include "import/wire.h"

/* TensorProto.DataType, as far as it is spoken of. */
enum {
  SCULL_ONNX_FLOAT = 1,
  SCULL_ONNX_STRING = 8,
  SCULL_ONNX_BOOL = 9,
  SCULL_ONNX_FLOAT16 = 10,
  SCULL_ONNX_BFLOAT16 = 16,
  SCULL_ONNX_UINT4 = 21,
  SCULL_ONNX_INT4 = 22,
};

typedef struct scull_onnx_tensor {
  const char *name;
  const char *fault; /* why Scull cannot hold it (its element type, its rank), else NULL */
  scull_type_t type; /* 4-bit integers are widened to 8 bits */
  const void *data;  /* of any alignment; NULL without elements */
} scull_onnx_tensor_t;

typedef enum scull_onnx_kind {
  SCULL_ONNX_ATTR_OTHER = 0, /* of a type that is skipped */
  SCULL_ONNX_ATTR_FLOAT = 1,
  SCULL_ONNX_ATTR_INT = 2,
  SCULL_ONNX_ATTR_TEXT = 3,
  SCULL_ONNX_ATTR_TENSOR = 4, /* sparse ones, too */
  SCULL_ONNX_ATTR_GRAPH = 5,
  SCULL_ONNX_ATTR_FLOATS = 6,
  SCULL_ONNX_ATTR_INTS = 7,
  SCULL_ONNX_ATTR_TEXTS = 8,
} scull_onnx_kind_t;

typedef struct scull_onnx_names {
  const char **data;
  size_t size;
} scull_onnx_names_t;

typedef struct scull_onnx_attr {
  const char *name;
  const char *ref; /* inside a function: the attribute of its call that is meant; else NULL */
  scull_onnx_kind_t kind;
  int64_t i;
  double f;
  const char *s;
  scull_ints_t ints;
  scull_floats_t floats;
  scull_onnx_names_t texts;
  const scull_onnx_tensor_t *tensor;
  const struct scull_onnx_graph *graph;
} scull_onnx_attr_t;

typedef struct scull_onnx_attrs {
  const scull_onnx_attr_t *data;
  size_t size;
} scull_onnx_attrs_t;

typedef struct scull_onnx_node {
  const char *name, *type, *domain;   /* domain "" for ai.onnx */
  scull_onnx_names_t inputs, outputs; /* "": left out */
  scull_onnx_attrs_t attrs;
  size_t index; /* its place in its graph */
} scull_onnx_node_t;

typedef enum scull_onnx_value_kind {
  SCULL_ONNX_VALUE_OTHER, /* a map, an opaque type, none at all */
  SCULL_ONNX_VALUE_TENSOR,
  SCULL_ONNX_VALUE_SEQUENCE,
  SCULL_ONNX_VALUE_OPTIONAL,
} scull_onnx_value_kind_t;

/* An input or output as it is declared. */
typedef struct scull_onnx_value {
  const char *name;
  scull_onnx_value_kind_t kind;
  bool holds_sequence; /* a sequence, or an optional of one */
  int32_t element;     /* TensorProto.DataType; of a sequence's or optional's tensors, too */
  bool has_shape;
  scull_ints_t dims; /* -1: open or named */
} scull_onnx_value_t;

typedef struct scull_onnx_graph {
  const char *name;
  scull_onnx_node_t *nodes;
  size_t node_count;
  scull_onnx_value_t *inputs, *outputs;
  size_t input_count, output_count;
  scull_onnx_tensor_t *tensors; /* initializers, sparse ones materialised */
  size_t tensor_count;
} scull_onnx_graph_t;

typedef struct scull_onnx_opset {
  const char *domain;
  int64_t version;
} scull_onnx_opset_t;

typedef struct scull_onnx_opsets {
  scull_onnx_opset_t *data;
  size_t size;
} scull_onnx_opsets_t;

/* A function of the model's own: an operator that is written in others. */
typedef struct scull_onnx_function {
  const char *name, *domain;
  scull_onnx_names_t inputs, outputs;
  scull_onnx_attrs_t attrs; /* those with defaults */
  scull_onnx_node_t *nodes;
  size_t node_count;
  scull_onnx_opsets_t opsets;
} scull_onnx_function_t;

typedef struct scull_onnx_model {
  scull_arena_t arena; /* the structs */
  scull_arena_t bytes; /* tensors that had to be rewritten: must live as long as the graph */
  int64_t ir_version;
  scull_onnx_opsets_t opsets;
  scull_onnx_graph_t graph;
  scull_onnx_function_t *functions;
  size_t function_count;
} scull_onnx_model_t;

void scull_onnx_model_deinit(scull_onnx_model_t *model);

/* Reads a serialized ModelProto. `out` is zero-initialised by the caller and deinitialised by it
 * also after a failure. CORRUPT names the file and the offset; UNSUPPORTED and IO are about files
 * of external data. */
scull_status_t scull_onnx_model_read(const scull_import_source_t *source,
                                     scull_onnx_model_t *out) SCULL_MUST_USE;

/* Our element type for ONNX's number, NONE for those that Scull has not. */
scull_dtype_t scull_onnx_dtype(int64_t element);
/* "FLOAT16"; "of an unknown number" for those that nobody knows. */
const char *scull_onnx_element_name(int64_t element);

/* --- tensors --------------------------------------------------------------------------------- */

/* What reading tensors needs: where they are put, and where files of external data lie. */
typedef struct scull_onnx_store {
  scull_arena_t *arena, *bytes;
  const scull_import_source_t *source;         /* NULL: external data is refused */
  SCULL_VEC(struct scull_onnx_external) files; /* that are open */
} scull_onnx_store_t;

typedef struct scull_onnx_external {
  const char *location;
  scull_bytes_t bytes;
} scull_onnx_external_t;

void scull_onnx_store_deinit(scull_onnx_store_t *store);

/* Element `index` of a tensor that is held, whose bytes may lie anywhere. */
double scull_onnx_tensor_at(const scull_onnx_tensor_t *tensor, int64_t index);
int64_t scull_onnx_tensor_i64_at(const scull_onnx_tensor_t *tensor, int64_t index);

/* Reads the TensorProto (SparseTensorProto) that `wire` walks. */
scull_status_t scull_onnx_tensor_read(scull_wire_t *wire, scull_onnx_store_t *store,
                                      scull_onnx_tensor_t *out) SCULL_MUST_USE;
scull_status_t scull_onnx_sparse_read(scull_wire_t *wire, scull_onnx_store_t *store,
                                      scull_onnx_tensor_t *out) SCULL_MUST_USE;

/* The bytes of a file of external data beside the model: mapped, once. UNSUPPORTED for a place
 * outside of the model's folder. */
scull_status_t scull_onnx_external_open(scull_onnx_store_t *store, const char *location,
                                        scull_bytes_t *out) SCULL_MUST_USE;

#endif
