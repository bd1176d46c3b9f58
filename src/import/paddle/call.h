/* One operator of a Paddle program while it is being mapped: its operands and attributes by name,
 * and the emitter for what it becomes. A row of the operator table says which function maps a type.
 * Private to import/paddle/. */
#ifndef SCULL_IMPORT_PADDLE_CALL_H
#define SCULL_IMPORT_PADDLE_CALL_H

#include "import/emit.h"
#include "import/paddle/program.h"

typedef struct scull_paddle_scope scull_paddle_scope_t; /* flow.h */

typedef struct scull_paddle_call {
  scull_emitter_t emitter;
  scull_graph_t *graph;
  const scull_paddle_program_t *program;
  const scull_paddle_op_t *op;
  const struct scull_paddle_row *row;
  scull_value_id_t *values; /* what each variable holds now */
  scull_value_id_t *lods;   /* offsets of its rows, or SCULL_NO_ID (lod.h) */
  struct scull_paddle_converter *converter;
  scull_paddle_scope_t *scope; /* whose values they are */
} scull_paddle_call_t;

/* A mapping: sets the outputs of the call. UNSUPPORTED with a reason in the emitter, else a fault
 * of the model with words in the graph's sink. */
typedef scull_status_t (*scull_paddle_map_t)(scull_paddle_call_t *call);

/* A row of the operator table. */
typedef struct scull_paddle_row {
  const char *type;
  scull_paddle_map_t map;
  const char *op; /* our operator that does the work, reshapes and casts aside; NULL where several
                     do, or where attributes decide which one */
  /* For scull_paddle_map_plain; other mappings may keep a word of their own in `slots`. */
  const char *slots; /* "X Y>Out"; NULL: "X>Out" */
  const char *attrs; /* "alpha=0.02 slope>beta=0.5": Paddle's name > ours = Paddle's default */
} scull_paddle_row_t;

typedef struct scull_paddle_rows {
  const scull_paddle_row_t *rows;
  size_t count;
} scull_paddle_rows_t;

#define SCULL_PADDLE_ROWS(family, table)                                                           \
  const scull_paddle_rows_t scull_paddle_rows_##family = {table, sizeof(table) / sizeof((table)[0])}

extern const scull_paddle_rows_t scull_paddle_rows_math, scull_paddle_rows_activation,
    scull_paddle_rows_shape, scull_paddle_rows_index, scull_paddle_rows_create,
    scull_paddle_rows_spatial, scull_paddle_rows_norm, scull_paddle_rows_resize,
    scull_paddle_rows_matmul, scull_paddle_rows_rnn, scull_paddle_rows_detection,
    scull_paddle_rows_sequence, scull_paddle_rows_window, scull_paddle_rows_scatter,
    scull_paddle_rows_flow, scull_paddle_rows_array, scull_paddle_rows_quant;

/* The row of that type, or NULL. */
const scull_paddle_row_t *scull_paddle_row_find(const char *type);

/* The row of all types that are a plug-in's operators (scull/plugin.h), or NULL when this is none.
 */
const scull_paddle_row_t *scull_paddle_plugin_row(const char *type);

/* All rows, for scull_import_each_operator. */
void scull_paddle_each_operator(scull_import_operator_fn_t fn, void *user);

/* One operator of ours with the same operands, by the texts of the row. */
scull_status_t scull_paddle_map_plain(scull_paddle_call_t *call) SCULL_MUST_USE;

/* --- operands -------------------------------------------------------------------------------- */

/* The value in a slot (its first, or number `index`), or SCULL_NO_ID when it is absent. */
scull_value_id_t scull_paddle_in(const scull_paddle_call_t *call, const char *slot);
scull_value_id_t scull_paddle_in_at(const scull_paddle_call_t *call, const char *slot,
                                    size_t index);
size_t scull_paddle_in_count(const scull_paddle_call_t *call, const char *slot);
/* The value in a slot that must be there; CORRUPT names the slot. */
scull_status_t scull_paddle_need(const scull_paddle_call_t *call, const char *slot,
                                 scull_value_id_t *out) SCULL_MUST_USE;
/* All values of a slot, in the graph's arena. */
scull_status_t scull_paddle_in_all(const scull_paddle_call_t *call, const char *slot,
                                   scull_value_id_t **out, size_t *count) SCULL_MUST_USE;

size_t scull_paddle_out_count(const scull_paddle_call_t *call, const char *slot);
/* The name of an output variable, or NULL when the slot is empty. */
const char *scull_paddle_out_name(const scull_paddle_call_t *call, const char *slot, size_t index);
/* True when somebody reads that output. */
bool scull_paddle_out_used(const scull_paddle_call_t *call, const char *slot);
/* The rank that the file declares for an output, or -1. */
int32_t scull_paddle_out_rank(const scull_paddle_call_t *call, const char *slot);
/* The element type that the file declares for an output, or NONE. */
scull_dtype_t scull_paddle_out_dtype(const scull_paddle_call_t *call, const char *slot);
void scull_paddle_set(const scull_paddle_call_t *call, const char *slot, size_t index,
                      scull_value_id_t value);

/* Ends a node whose only output is the first variable of `slot`. */
scull_status_t scull_paddle_end(const scull_paddle_call_t *call, scull_emit_t *emit,
                                const char *slot) SCULL_MUST_USE;

/* --- attributes ------------------------------------------------------------------------------ */

/* Each gives `otherwise` when the attribute is absent or of another kind. */
int64_t scull_paddle_int(const scull_paddle_call_t *call, const char *name, int64_t otherwise);
bool scull_paddle_bool(const scull_paddle_call_t *call, const char *name, bool otherwise);
double scull_paddle_float(const scull_paddle_call_t *call, const char *name, double otherwise);
/* NULL when it is absent. */
const scull_paddle_attr_t *scull_paddle_attr(const scull_paddle_call_t *call, const char *name);
const char *scull_paddle_text(const scull_paddle_call_t *call, const char *name,
                              const char *otherwise);
/* A list; a single number counts as a list of one. Empty when absent. */
scull_ints_t scull_paddle_ints(const scull_paddle_call_t *call, const char *name);
scull_floats_t scull_paddle_floats(const scull_paddle_call_t *call, const char *name);

/* A list that may also come as a tensor or as a list of one-element tensors, in that rising order
 * of precedence (slots may be NULL). Where its numbers are known they are in *known and *tensor is
 * SCULL_NO_ID; else *tensor is a 1-D i64 value. */
scull_status_t scull_paddle_list(scull_paddle_call_t *call, const char *attr, const char *slot,
                                 const char *list_slot, scull_ints_t *known,
                                 scull_value_id_t *tensor) SCULL_MUST_USE;
/* The same where the numbers must be known; UNSUPPORTED otherwise. */
scull_status_t scull_paddle_fixed_list(scull_paddle_call_t *call, const char *attr,
                                       const char *slot, const char *list_slot,
                                       scull_ints_t *known) SCULL_MUST_USE;
/* A number that may also come as a tensor, where it must be known. */
scull_status_t scull_paddle_fixed_int(scull_paddle_call_t *call, const char *attr, const char *slot,
                                      int64_t otherwise, int64_t *out) SCULL_MUST_USE;
scull_status_t scull_paddle_fixed_float(scull_paddle_call_t *call, const char *attr,
                                        const char *slot, double otherwise,
                                        double *out) SCULL_MUST_USE;

/* --- layouts --------------------------------------------------------------------------------- */

/* True when the attribute says channels last ("NHWC", "NDHWC", "NLC", "NWC"). */
bool scull_paddle_channels_last(const scull_paddle_call_t *call, const char *attr);

/* x as channels first: itself, or a transpose of it when `last`. */
scull_status_t scull_paddle_to_first(scull_paddle_call_t *call, bool last, scull_value_id_t x,
                                     scull_value_id_t *out) SCULL_MUST_USE;

/* Ends a node that works on channels first, with a transpose after it when `last`. */
scull_status_t scull_paddle_end_first(scull_paddle_call_t *call, scull_emit_t *emit, bool last,
                                      const char *slot) SCULL_MUST_USE;

/* Paddle's paddings {h,w} or {h0,h1,w0,w1} as ours: all begins, then all ends. In graph->arena. */
scull_status_t scull_paddle_pads(const scull_paddle_call_t *call, scull_ints_t paddings,
                                 size_t spatial, scull_ints_t *out) SCULL_MUST_USE;

/* "explicit", "same" or "valid" for the attribute padding_algorithm. */
const char *scull_paddle_auto_pad(const scull_paddle_call_t *call);

#endif
