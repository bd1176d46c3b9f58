/* From an ONNX model in plain structs to a graph. Private to import/onnx/. */
#ifndef SCULL_IMPORT_ONNX_CONVERT_H
#define SCULL_IMPORT_ONNX_CONVERT_H

#include "import/gaps.h"
#include "import/onnx/call.h"

/* The newest operator set of ai.onnx that the rows were written for. */
enum { SCULL_ONNX_OPSET_MAX = 22 };

/* The value of a name that cannot be had. */
#define SCULL_ONNX_LOST (SCULL_NO_ID - 1)

/* What one conversion knows. */
typedef struct scull_onnx_converter {
  const scull_import_source_t *source;
  const scull_onnx_model_t *model;
  scull_import_gaps_t gaps;
  scull_arena_t arena; /* until the conversion ends */
  size_t expanded;     /* nodes that came out of functions */
  bool refused;        /* something was told already that makes the model UNSUPPORTED */
} scull_onnx_converter_t;

/* Names and what they hold: of the main graph, of a function's body, or of a subgraph (a branch of
 * an If, the body of a Loop), which also sees the names around it. */
typedef struct scull_onnx_scope {
  struct scull_onnx_scope *outer;    /* that is seen, too; NULL: none */
  scull_graph_t *graph;              /* where its nodes go */
  const scull_onnx_graph_t *from;    /* NULL: a function's body */
  const scull_onnx_opsets_t *opsets; /* versions of operator sets */
  scull_map_t names;                 /* to value ids */
  const char *prefix;                /* of names in the body of a function; NULL: none */
  scull_onnx_names_t inner, outside; /* a function's outputs, as its body and as its call says */
  scull_onnx_attrs_t attrs;          /* of a function's call */
  int depth;                         /* of functions in functions */
  /* Of a subgraph: its graph is another than that around it, from which this captures. */
  struct scull_import_region *region;
  int nested; /* subgraphs in subgraphs */
} scull_onnx_scope_t;

/* Binds a name; SCULL_NO_ID binds an operand that was left out. CORRUPT when the scope has it. */
scull_status_t scull_onnx_bind(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope,
                               const char *name, scull_value_id_t value) SCULL_MUST_USE;
/* The value that a name holds here or around; false when nothing gave it. */
bool scull_onnx_lookup(scull_onnx_scope_t *scope, const char *name, scull_value_id_t *out);

/* Makes the graph of the main scope, with the model's inputs that are no initializers (`initial`
 * holds their names). A sequence comes as so many tensors; an optional is the value itself, or
 * SCULL_NO_ID where the user says that it is not there. */
scull_status_t scull_onnx_add_inputs(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope,
                                     const scull_map_t *initial) SCULL_MUST_USE;

/* Binds the graph's initializers and maps its nodes; its inputs were bound before. */
scull_status_t scull_onnx_convert_graph(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope,
                                        const scull_onnx_graph_t *graph) SCULL_MUST_USE;

/* Statuses and words as scull_import_model's. The model may go afterwards but for its `bytes`,
 * which the graph takes over; the source's bytes must stay. */
scull_status_t scull_onnx_convert(const scull_import_source_t *source, scull_onnx_model_t *model,
                                  scull_graph_t **out) SCULL_MUST_USE;

#endif
