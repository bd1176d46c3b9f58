/* One operator of an ONNX model while it is being mapped: its operands by position, its attributes
 * by name, and the emitter for what it becomes. A row of the operator table says which function
 * maps a type, and for which versions of its operator set. Private to import/onnx/. */
#ifndef SCULL_IMPORT_ONNX_CALL_H
#define SCULL_IMPORT_ONNX_CALL_H

#include "import/emit.h"
#include "import/onnx/model.h"

struct scull_onnx_converter;
struct scull_onnx_scope;

typedef struct scull_onnx_call {
  scull_emitter_t emitter;
  scull_graph_t *graph;
  const scull_onnx_node_t *node;
  const struct scull_onnx_row *row;
  int64_t version;            /* of the operator set that the model imports */
  const scull_value_id_t *in; /* SCULL_NO_ID: left out */
  size_t in_count;
  scull_value_id_t *out;        /* to be set */
  const char *const *out_names; /* NULL: left out */
  size_t out_count;
  bool may_lack;            /* outputs that stay SCULL_NO_ID are optionals that are not there */
  scull_onnx_attrs_t attrs; /* those that refer to a function's call are resolved */
  struct scull_onnx_converter *converter;
  struct scull_onnx_scope *scope;
} scull_onnx_call_t;

/* A mapping: sets the outputs of the call. UNSUPPORTED with a reason in the emitter, else a fault
 * of the model with words in the graph's sink. */
typedef scull_status_t (*scull_onnx_map_t)(scull_onnx_call_t *call);

/* A row of the operator table. The two texts are for scull_onnx_map_plain, or the function's own
 * business. */
typedef struct scull_onnx_row {
  const char *type;
  uint8_t since, until; /* versions of the operator set, inclusive; 0: no end */
  scull_onnx_map_t map;
  const char *op;    /* our operator */
  const char *attrs; /* import/row.h */
} scull_onnx_row_t;

typedef struct scull_onnx_rows {
  const char *domain; /* "" for ai.onnx */
  const scull_onnx_row_t *rows;
  size_t count;
} scull_onnx_rows_t;

#define SCULL_ONNX_ROWS(family, its_domain, table)                                                 \
  const scull_onnx_rows_t scull_onnx_rows_##family = {its_domain, table,                           \
                                                      sizeof(table) / sizeof((table)[0])}

extern const scull_onnx_rows_t scull_onnx_rows_math, scull_onnx_rows_activation,
    scull_onnx_rows_reduce, scull_onnx_rows_shape, scull_onnx_rows_index, scull_onnx_rows_create,
    scull_onnx_rows_spatial, scull_onnx_rows_resize, scull_onnx_rows_norm, scull_onnx_rows_matmul,
    scull_onnx_rows_control, scull_onnx_rows_loss, scull_onnx_rows_quant, scull_onnx_rows_refused,
    scull_onnx_rows_select, scull_onnx_rows_rnn, scull_onnx_rows_signal,
    scull_onnx_rows_microsoft_plain, scull_onnx_rows_microsoft, scull_onnx_rows_microsoft_quant,
    scull_onnx_rows_quant_microsoft, scull_onnx_rows_sliding;

/* The row of that type at that version, or NULL; then *other tells whether other versions have it.
 */
const scull_onnx_row_t *scull_onnx_row_find(const char *domain, const char *type, int64_t version,
                                            bool *other);

/* A row for a node that is a plug-in's operator (scull/plugin.h); false when it is none. */
bool scull_onnx_plugin_row(const scull_onnx_node_t *node, scull_onnx_row_t *out);

/* All rows, for scull_import_each_operator. */
void scull_onnx_each_operator(scull_import_operator_fn_t fn, void *user);

/* One operator of ours with the same operands and attributes by the text of the row. */
scull_status_t scull_onnx_map_plain(scull_onnx_call_t *call) SCULL_MUST_USE;

/* --- operands -------------------------------------------------------------------------------- */

/* Operand `index`, or SCULL_NO_ID. */
scull_value_id_t scull_onnx_in(const scull_onnx_call_t *call, size_t index);
/* The operand, which must be there; CORRUPT names its number. */
scull_status_t scull_onnx_need(const scull_onnx_call_t *call, size_t index,
                               scull_value_id_t *out) SCULL_MUST_USE;
/* Element type of an operand; NONE when it is left out. */
scull_dtype_t scull_onnx_in_dtype(const scull_onnx_call_t *call, size_t index);
int32_t scull_onnx_in_rank(const scull_onnx_call_t *call, size_t index);
/* The extents of a value, the same at all points; UNSUPPORTED when they move. */
scull_status_t scull_onnx_fixed_shape(scull_onnx_call_t *call, scull_value_id_t x,
                                      scull_shape_t *out) SCULL_MUST_USE;

/* Name of an output; NULL when it is left out. */
const char *scull_onnx_out_name(const scull_onnx_call_t *call, size_t index);
void scull_onnx_set(scull_onnx_call_t *call, size_t index, scull_value_id_t value);
/* Ends a node whose only output is output 0 of the call. */
scull_status_t scull_onnx_end(scull_onnx_call_t *call, scull_emit_t *emit) SCULL_MUST_USE;
/* A node of two operands (y may be SCULL_NO_ID) that gives output 0. */
scull_status_t scull_onnx_end_simple(scull_onnx_call_t *call, const char *op, scull_value_id_t x,
                                     scull_value_id_t y) SCULL_MUST_USE;

/* --- attributes ------------------------------------------------------------------------------ */

/* NULL when it is absent. */
const scull_onnx_attr_t *scull_onnx_attr(const scull_onnx_call_t *call, const char *name);
/* Each gives `otherwise` when the attribute is absent or of another kind. */
int64_t scull_onnx_int(const scull_onnx_call_t *call, const char *name, int64_t otherwise);
double scull_onnx_float(const scull_onnx_call_t *call, const char *name, double otherwise);
const char *scull_onnx_text(const scull_onnx_call_t *call, const char *name, const char *otherwise);
scull_ints_t scull_onnx_ints(const scull_onnx_call_t *call, const char *name);
scull_floats_t scull_onnx_floats(const scull_onnx_call_t *call, const char *name);

/* An axis attribute, counted from the front; CORRUPT outside of [-rank, rank). */
scull_status_t scull_onnx_axis(const scull_onnx_call_t *call, const char *name, int64_t otherwise,
                               int32_t rank, int64_t *out) SCULL_MUST_USE;

/* A list that was an attribute once (NULL: never) and is operand `index` in newer versions. Where
 * its numbers are known they are in *known and *tensor is SCULL_NO_ID; else *tensor is a 1-D i64
 * value. *is_given is false when there is neither. */
scull_status_t scull_onnx_list(scull_onnx_call_t *call, const char *attr, size_t index,
                               scull_ints_t *known, scull_value_id_t *tensor,
                               bool *is_given) SCULL_MUST_USE;
/* The same where the numbers must be known; UNSUPPORTED otherwise. */
scull_status_t scull_onnx_fixed_list(scull_onnx_call_t *call, const char *attr, size_t index,
                                     scull_ints_t *known, bool *is_given) SCULL_MUST_USE;
/* A number that is operand `index`, which must be known where it is there. */
scull_status_t scull_onnx_fixed_int(scull_onnx_call_t *call, size_t index, const char *what,
                                    int64_t otherwise, int64_t *out) SCULL_MUST_USE;
scull_status_t scull_onnx_fixed_float(scull_onnx_call_t *call, size_t index, const char *what,
                                      double otherwise, double *out) SCULL_MUST_USE;

/* A tensor of the file as a constant; UNSUPPORTED for one that Scull cannot hold. */
scull_status_t scull_onnx_constant(scull_onnx_call_t *call, const scull_onnx_tensor_t *tensor,
                                   const char *name, scull_value_id_t *out) SCULL_MUST_USE;

/* A dtype attribute; UNSUPPORTED for those that Scull has not. `otherwise` may be NONE. */
scull_status_t scull_onnx_to(scull_onnx_call_t *call, const char *name, scull_dtype_t otherwise,
                             scull_dtype_t *out) SCULL_MUST_USE;

#endif
