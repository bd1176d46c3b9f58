/* One Caffe layer while it is being mapped: its bottoms, trained blobs and parameters, and the
 * emitter for what it becomes. A row of the layer table says which function maps a type. Private to
 * import/caffe/. */
#ifndef SCULL_IMPORT_CAFFE_CALL_H
#define SCULL_IMPORT_CAFFE_CALL_H

#include "import/caffe/net.h"
#include "import/emit.h"

typedef struct scull_caffe_call {
  scull_emitter_t emitter;
  scull_graph_t *graph;
  const scull_caffe_layer_t *layer;
  const struct scull_caffe_row *row;
  const scull_prototext_t *param;  /* the message of parameters that the row names; may be NULL */
  scull_caffe_blobs_t blobs;       /* trained */
  const scull_value_id_t *bottoms; /* one a name in layer->bottoms */
  scull_value_id_t *tops;          /* one a name in layer->tops, SCULL_NO_ID until set */
  scull_status_t status;           /* a parameter that is not what it should be */
} scull_caffe_call_t;

/* A mapping: sets the tops of the call. UNSUPPORTED with a reason in the emitter, else a fault of
 * the model with words in the graph's sink. */
typedef scull_status_t (*scull_caffe_map_t)(scull_caffe_call_t *call);

/* What a layer is for. */
typedef enum scull_caffe_role {
  SCULL_CAFFE_COMPUTES = 0,
  SCULL_CAFFE_FEEDS,  /* its tops are the network's inputs */
  SCULL_CAFFE_TRAINS, /* loss, accuracy: left out, its bottoms become outputs */
  SCULL_CAFFE_SINKS,  /* its bottoms are not wanted as outputs */
} scull_caffe_role_t;

typedef struct scull_caffe_row {
  const char *type;
  scull_caffe_map_t map; /* NULL unless it computes */
  const char *op;        /* our operator, NULL where it becomes several */
  const char *param;     /* name of its message of parameters; may be NULL */
  scull_caffe_role_t role;
} scull_caffe_row_t;

typedef struct scull_caffe_rows {
  const scull_caffe_row_t *rows;
  size_t count;
} scull_caffe_rows_t;

#define SCULL_CAFFE_ROWS(family, table)                                                            \
  const scull_caffe_rows_t scull_caffe_rows_##family = {table, sizeof(table) / sizeof((table)[0])}

extern const scull_caffe_rows_t scull_caffe_rows_neuron, scull_caffe_rows_trained,
    scull_caffe_rows_shape, scull_caffe_rows_picture, scull_caffe_rows_detect,
    scull_caffe_rows_roles;

/* The row of that type, or NULL. */
const scull_caffe_row_t *scull_caffe_row_find(const char *type);

/* All rows, for scull_import_each_operator. */
void scull_caffe_each_operator(scull_import_operator_fn_t fn, void *user);

/* --- bottoms and tops ------------------------------------------------------------------------ */

/* Bottom `index`, which must be there; CORRUPT otherwise. */
scull_status_t scull_caffe_bottom(const scull_caffe_call_t *call, size_t index,
                                  scull_value_id_t *out) SCULL_MUST_USE;

/* The name of a top, or NULL. */
const char *scull_caffe_top_name(const scull_caffe_call_t *call, size_t index);

/* Makes `value` the first top. */
scull_status_t scull_caffe_set(scull_caffe_call_t *call, scull_value_id_t value) SCULL_MUST_USE;

/* Ends a node whose only output is the first top. */
scull_status_t scull_caffe_end(scull_caffe_call_t *call, scull_emit_t *emit) SCULL_MUST_USE;

/* The first bottom is the first top, under another name. */
scull_status_t scull_caffe_map_identity(scull_caffe_call_t *call) SCULL_MUST_USE;

/* A node of row->op without attributes, of the first bottom. */
scull_status_t scull_caffe_map_plain(scull_caffe_call_t *call) SCULL_MUST_USE;

/* --- trained blobs --------------------------------------------------------------------------- */

/* Blob `index` as a constant of this shape; one -1 takes what is left. Blobs of the old format are
 * of four dimensions whatever they mean, so only the number of elements has to agree; CORRUPT. */
scull_status_t scull_caffe_blob(const scull_caffe_call_t *call, size_t index, scull_ints_t shape,
                                scull_value_id_t *out) SCULL_MUST_USE;

/* The number of elements of blob `index`; 0 when it is not there. */
int64_t scull_caffe_blob_count(const scull_caffe_call_t *call, size_t index);

/* --- parameters ------------------------------------------------------------------------------ */

/* Each gives `otherwise` when the field is absent. One that is there but no number sets
 * call->status, which the walk over the layers looks at. V0's names are understood. */
int64_t scull_caffe_int(scull_caffe_call_t *call, const char *name, int64_t otherwise);
double scull_caffe_float(scull_caffe_call_t *call, const char *name, double otherwise);
bool scull_caffe_bool(scull_caffe_call_t *call, const char *name, bool otherwise);
/* The index of an enum's word in `words` (ended by NULL); it may also be given as a number. */
int64_t scull_caffe_enum(scull_caffe_call_t *call, const char *name, const char *const *words);
/* All values of a repeated field, in the graph's arena. */
scull_ints_t scull_caffe_ints(scull_caffe_call_t *call, const char *name);
scull_floats_t scull_caffe_floats(scull_caffe_call_t *call, const char *name);
bool scull_caffe_has(const scull_caffe_call_t *call, const char *name);

/* The axis that a field names, non-negative, within `rank`; CORRUPT otherwise. */
scull_status_t scull_caffe_axis(scull_caffe_call_t *call, const char *name, int64_t otherwise,
                                int32_t rank, int32_t *out) SCULL_MUST_USE;

#endif
