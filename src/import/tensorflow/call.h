/* One TensorFlow node while it is being mapped, and the layouts of values. TensorFlow's pictures
 * are [N,H,W,C], Scull's operators take [N,C,H,W]: a value of rank 4 is therefore had in the file's
 * order
 * ("plain"), in ours ("first": channels first), or in both. Whoever reads it asks for the one it
 * wants, and the other is made, once, by a transpose; element-wise operators keep what they get. So
 * transposes stand at the edges of a run of convolutions and nowhere within. Private to
 * import/tensorflow/. */
#ifndef SCULL_IMPORT_TENSORFLOW_CALL_H
#define SCULL_IMPORT_TENSORFLOW_CALL_H

#include "import/emit.h"
#include "import/row.h"
#include "import/tensorflow/graph.h"

typedef struct scull_tf_value {
  scull_value_id_t plain, first; /* SCULL_NO_ID: not made yet; both: not given */
} scull_tf_value_t;

typedef struct scull_tf_call {
  scull_emitter_t emitter;
  scull_graph_t *graph;
  const scull_tf_node_t *node;
  const struct scull_tf_row *row;
  scull_tf_value_t **inputs; /* one a data input */
  scull_tf_value_t *outputs; /* node->outputs of them */
} scull_tf_call_t;

/* A mapping: sets the outputs of the call. UNSUPPORTED with a reason in the emitter, else a fault
 * of the model with words in the graph's sink. */
typedef scull_status_t (*scull_tf_map_t)(scull_tf_call_t *call);

typedef struct scull_tf_row {
  const char *type;
  scull_tf_map_t map;
  const char *op;    /* our operator, NULL where it becomes several */
  const char *attrs; /* in the language of import/row.h */
} scull_tf_row_t;

typedef struct scull_tf_rows {
  const scull_tf_row_t *rows;
  size_t count;
} scull_tf_rows_t;

#define SCULL_TF_ROWS(family, table)                                                               \
  const scull_tf_rows_t scull_tf_rows_##family = {table, sizeof(table) / sizeof((table)[0])}

extern const scull_tf_rows_t scull_tf_rows_neuron, scull_tf_rows_spatial, scull_tf_rows_shape,
    scull_tf_rows_index, scull_tf_rows_math;

/* The row of that type, or NULL. */
const scull_tf_row_t *scull_tf_row_find(const char *type);

/* All rows, for scull_import_each_operator. */
void scull_tf_each_operator(scull_import_operator_fn_t fn, void *user);

/* --- inputs ---------------------------------------------------------------------------------- */

/* CORRUPT unless the node has `count` inputs at least. */
scull_status_t scull_tf_need(const scull_tf_call_t *call, size_t count) SCULL_MUST_USE;

/* Input `index` in the file's order, and channels first (rank 4 only). */
scull_status_t scull_tf_plain(scull_tf_call_t *call, size_t index,
                              scull_value_id_t *out) SCULL_MUST_USE;
scull_status_t scull_tf_first(scull_tf_call_t *call, size_t index,
                              scull_value_id_t *out) SCULL_MUST_USE;

/* Input `index` as it is there, and whether that is channels first only or as well. */
scull_status_t scull_tf_any(scull_tf_call_t *call, size_t index, bool *is_first,
                            scull_value_id_t *out) SCULL_MUST_USE;

/* Rank of an input; 0 when there is none. */
int32_t scull_tf_rank(const scull_tf_call_t *call, size_t index);
scull_dtype_t scull_tf_input_dtype(const scull_tf_call_t *call, size_t index);

/* The numbers of an integer input, where they are known and the same at all points. */
scull_status_t scull_tf_list(scull_tf_call_t *call, size_t index, scull_ints_t *out,
                             bool *is_known) SCULL_MUST_USE;
/* The same where they must be known; UNSUPPORTED with `what` otherwise. */
scull_status_t scull_tf_fixed_list(scull_tf_call_t *call, size_t index, const char *what,
                                   scull_ints_t *out) SCULL_MUST_USE;
scull_status_t scull_tf_fixed_int(scull_tf_call_t *call, size_t index, const char *what,
                                  int64_t *out) SCULL_MUST_USE;
scull_status_t scull_tf_fixed_float(scull_tf_call_t *call, size_t index, const char *what,
                                    double *out) SCULL_MUST_USE;

/* An axis of input `index`, made non-negative; CORRUPT when outside. */
scull_status_t scull_tf_axis(const scull_tf_call_t *call, size_t index, int64_t axis,
                             int32_t *out) SCULL_MUST_USE;

/* Where axis `axis` of the file's order stands in ours. */
int64_t scull_tf_axis_first(int64_t axis);

/* --- outputs --------------------------------------------------------------------------------- */

/* Gives output `slot`; `first`: it is channels first. */
void scull_tf_set(scull_tf_call_t *call, size_t slot, scull_value_id_t value, bool first);

/* Ends a node whose only output is output 0. */
scull_status_t scull_tf_end(scull_tf_call_t *call, scull_emit_t *emit, bool first) SCULL_MUST_USE;

/* Ends a node that takes the axes with `gone` set (of the file's order) away from input 0, which it
 * has `first`: what is left is in the file's order unless two of ours have changed places, and then
 * a transpose follows. */
scull_status_t scull_tf_end_without(scull_tf_call_t *call, scull_emit_t *emit, bool first,
                                    const bool gone[4]) SCULL_MUST_USE;

/* --- attributes ------------------------------------------------------------------------------ */

/* Each gives `otherwise` when the attribute is absent or of another kind. */
int64_t scull_tf_int(const scull_tf_call_t *call, const char *name, int64_t otherwise);
double scull_tf_float(const scull_tf_call_t *call, const char *name, double otherwise);
bool scull_tf_bool(const scull_tf_call_t *call, const char *name, bool otherwise);
const char *scull_tf_text(const scull_tf_call_t *call, const char *name, const char *otherwise);
scull_ints_t scull_tf_ints(const scull_tf_call_t *call, const char *name);
/* The element type of an attribute; UNSUPPORTED for those that Scull has not. */
scull_status_t scull_tf_type(scull_tf_call_t *call, const char *name, scull_dtype_t otherwise,
                             scull_dtype_t *out) SCULL_MUST_USE;

/* Begins a node of row->op with the attributes of the row. */
scull_emit_t scull_tf_begin(scull_tf_call_t *call, scull_value_id_t x);

/* One operator of ours of input 0, element by element, with the attributes of the row. */
scull_status_t scull_tf_map_unary(scull_tf_call_t *call) SCULL_MUST_USE;

/* Two operands of broadcast operators in one order of axes; *first tells which. */
scull_status_t scull_tf_pair(scull_tf_call_t *call, size_t a, size_t b, scull_value_id_t out[2],
                             bool *first) SCULL_MUST_USE;

#endif
