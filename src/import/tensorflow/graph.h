/* A frozen TensorFlow graph in plain structs: nodes with their inputs by index and their
 * attributes, in the order of the file. Nothing here knows what an operator means. Private to
 * import/tensorflow/. */
#ifndef SCULL_IMPORT_TENSORFLOW_GRAPH_H
#define SCULL_IMPORT_TENSORFLOW_GRAPH_H

#include "base/map.h"
#include "import/format.h"
#include "import/wire.h"

typedef enum scull_tf_kind {
  SCULL_TF_ATTR_OTHER = 0, /* of a type that is skipped */
  SCULL_TF_ATTR_TEXT,
  SCULL_TF_ATTR_INT, /* and bool */
  SCULL_TF_ATTR_FLOAT,
  SCULL_TF_ATTR_TYPE, /* TensorFlow's number in `i` */
  SCULL_TF_ATTR_SHAPE,
  SCULL_TF_ATTR_TENSOR,
  SCULL_TF_ATTR_INTS, /* a list */
} scull_tf_kind_t;

typedef struct scull_tf_attr {
  const char *name;
  scull_tf_kind_t kind;
  int64_t i;
  double f;
  const char *text;
  scull_shape_t shape; /* -1: open */
  bool has_rank;       /* of the shape */
  scull_ints_t ints;
  /* TENSOR: its type (dtype NONE: of a type that Scull has not) and its bytes, borrowed from the
   * file at any alignment, or in `one` when a single number stands for all elements. */
  scull_type_t type;
  const void *data;
  uint64_t one;
  bool is_one;
} scull_tf_attr_t;

enum { SCULL_TF_MAX_SLOT = 1023 };

/* An operand: output `slot` of node `node`. */
typedef struct scull_tf_input {
  uint32_t node, slot;
} scull_tf_input_t;

typedef struct scull_tf_node {
  const char *name, *op;
  scull_tf_input_t *inputs; /* data only: control dependencies say nothing about values */
  size_t input_count;
  scull_tf_attr_t *attrs;
  size_t attr_count;
  size_t outputs; /* one more than the highest slot that is read; at least 1 */
  size_t reads;   /* data inputs of other nodes that name this one */
  bool is_waited; /* some node has it as a control dependency */
} scull_tf_node_t;

typedef struct scull_tf_graph {
  scull_tf_node_t *nodes;
  size_t node_count;
  bool has_functions;
  scull_map_t names; /* name of a node -> index */
  scull_arena_t arena;
} scull_tf_graph_t;

void scull_tf_graph_deinit(scull_tf_graph_t *graph);

/* Reads a serialized GraphDef. `out` is zero-initialised by the caller and deinitialised by it also
 * after a failure. Tensors that have to be converted are put into `keep`. CORRUPT names file and
 * offset or node: duplicate names, inputs that are no node. */
scull_status_t scull_tf_graph_read(scull_bytes_t bytes, const char *file, scull_diag_t *diag,
                                   scull_arena_t *keep, scull_tf_graph_t *out) SCULL_MUST_USE;

/* Our element type for TensorFlow's number, NONE for those that Scull has not. */
scull_dtype_t scull_tf_dtype(int64_t number);

/* The attribute of that name, or NULL. */
const scull_tf_attr_t *scull_tf_attr_find(const scull_tf_node_t *node, const char *name);

/* The value of one attribute; `out->name` is set by the caller. */

scull_status_t scull_tf_tensor_read(const scull_wire_t *wire, scull_arena_t *arena,
                                    scull_arena_t *keep, scull_tf_attr_t *out) SCULL_MUST_USE;
/* A TensorShapeProto. */
scull_status_t scull_tf_shape_read(const scull_wire_t *message, scull_shape_t *shape,
                                   bool *has_rank) SCULL_MUST_USE;

#endif
