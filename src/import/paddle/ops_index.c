/* Looking up and ordering: gather, embeddings, top-k, arg-max, one-hot. */
#include "import/paddle/call.h"

/* An index of one column counts as a list. */
static scull_status_t drop_column(scull_paddle_call_t *call, scull_value_id_t *index) {
  const scull_shape_t shape = scull_graph_value(call->graph, *index)->shape[0];
  if (shape.rank < 2 || shape.dim[shape.rank - 1] != 1)
    return SCULL_OK;
  return scull_import_emit_squeeze(&call->emitter, *index, SCULL_INTS(shape.rank - 1), NULL, index);
}

static scull_status_t gather(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, index = SCULL_NO_ID;
  int64_t axis = 0;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Index", &index));
  SCULL_TRY(scull_paddle_fixed_int(call, "axis", "Axis", 0, &axis));
  if (scull_import_rank(call->graph, index) == 2)
    SCULL_TRY(drop_column(call, &index));
  scull_emit_t emit = scull_import_emit(&call->emitter, "gather", x);
  scull_import_emit_input(&emit, index);
  scull_import_emit_int(&emit, "axis", axis);
  return scull_paddle_end(call, &emit, "Out");
}

/* Rows of the table; the padding index gives a row of zeros. */
static scull_status_t lookup(scull_paddle_call_t *call, bool column) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t table = SCULL_NO_ID, ids = SCULL_NO_ID, out = SCULL_NO_ID, mask = SCULL_NO_ID;
  int64_t padding = scull_paddle_int(call, "padding_idx", -1);
  SCULL_TRY(scull_paddle_need(call, "W", &table));
  SCULL_TRY(scull_paddle_need(call, "Ids", &ids));
  if (column)
    SCULL_TRY(drop_column(call, &ids));
  scull_emit_t emit = scull_import_emit(to, "gather", table);
  scull_import_emit_input(&emit, ids);
  if (padding < 0)
    return scull_paddle_end(call, &emit, "Out");
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &out));
  SCULL_TRY(scull_import_emit_scalar(to, scull_graph_value(call->graph, ids)->dtype,
                                     (double)padding, &mask));
  SCULL_TRY(scull_import_emit_simple(to, "not_equal", ids, mask, NULL, &mask));
  SCULL_TRY(scull_import_emit_unsqueeze(to, mask, SCULL_INTS(scull_import_rank(call->graph, ids)),
                                        NULL, &mask));
  SCULL_TRY(
      scull_import_emit_cast(to, mask, scull_graph_value(call->graph, out)->dtype, NULL, &mask));
  scull_emit_t mul = scull_import_emit(to, "mul", out);
  scull_import_emit_input(&mul, mask);
  return scull_paddle_end(call, &mul, "Out");
}

static scull_status_t lookup_v1(scull_paddle_call_t *call) {
  return lookup(call, true);
}

static scull_status_t lookup_v2(scull_paddle_call_t *call) {
  return lookup(call, false);
}

/* The largest (or smallest) k, values and indices. */
static scull_status_t emit_top(scull_paddle_call_t *call, int64_t k, int64_t axis, bool largest) {
  const char *names[] = {scull_paddle_out_name(call, "Out", 0),
                         scull_paddle_out_name(call, "Indices", 0)};
  scull_value_id_t outs[2];
  scull_emit_t emit = scull_import_emit(&call->emitter, "top_k", scull_paddle_in(call, "X"));
  scull_import_emit_int(&emit, "k", k);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_bool(&emit, "largest", largest);
  SCULL_TRY(scull_import_emit_end_many(&emit, names, 2, outs));
  scull_paddle_set(call, "Out", 0, outs[0]);
  scull_paddle_set(call, "Indices", 0, outs[1]);
  return SCULL_OK;
}

static scull_status_t top_k(scull_paddle_call_t *call) {
  int64_t k = 1;
  SCULL_TRY(scull_paddle_fixed_int(call, "k", "K", 1, &k));
  return emit_top(call, k, scull_paddle_int(call, "axis", -1),
                  scull_paddle_bool(call, "largest", true));
}

/* Sorting is taking all of them. */
static scull_status_t argsort(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t axis = scull_paddle_int(call, "axis", -1);
  int32_t at = 0;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  const scull_shape_t shape = scull_graph_value(call->graph, x)->shape[0];
  if (!scull_tensor_axis(axis, shape.rank, &at))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of rank %d",
                           (long long)axis, shape.rank);
  if (!scull_graph_is_fixed(call->graph, x))
    return scull_import_unsupported(&call->emitter, "its input has no fixed shape");
  return emit_top(call, shape.dim[at], axis, scull_paddle_bool(call, "descending", false));
}

static scull_status_t arg(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t axis = -1, element = scull_paddle_int(call, "dtype", SCULL_PADDLE_INT64);
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_fixed_int(call, "axis", "AxisTensor", -1, &axis));
  if (scull_paddle_bool(call, "flatten", false)) {
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, x, SCULL_INTS(-1), NULL, &x));
    axis = 0;
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_bool(&emit, "keep_dims", scull_paddle_bool(call, "keepdims", false));
  scull_import_emit_dtype(&emit, "to",
                          element == SCULL_PADDLE_INT32 ? SCULL_DTYPE_I32 : SCULL_DTYPE_I64);
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t one_hot(scull_paddle_call_t *call, bool column) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t depth = 1;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_fixed_int(call, "depth", "depth_tensor", -1, &depth));
  if (column)
    SCULL_TRY(drop_column(call, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "one_hot", x);
  scull_import_emit_int(&emit, "depth", depth);
  scull_import_emit_dtype(&emit, "to",
                          scull_paddle_dtype(scull_paddle_int(call, "dtype", SCULL_PADDLE_FP32)));
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t one_hot_v1(scull_paddle_call_t *call) {
  return one_hot(call, true);
}

static scull_status_t one_hot_v2(scull_paddle_call_t *call) {
  return one_hot(call, false);
}

static const scull_paddle_row_t rows[] = {
    {"gather", gather, "gather", NULL, NULL},
    {"gather_nd", scull_paddle_map_plain, "gather_nd", "X Index>Out", NULL},
    {"lookup_table", lookup_v1, "gather", NULL, NULL},
    {"lookup_table_v2", lookup_v2, "gather", NULL, NULL},
    {"top_k", top_k, "top_k", NULL, NULL},
    {"top_k_v2", top_k, "top_k", NULL, NULL},
    {"argsort", argsort, "top_k", NULL, NULL},
    {"arg_max", arg, "arg_max", NULL, NULL},
    {"arg_min", arg, "arg_min", NULL, NULL},
    {"one_hot", one_hot_v1, "one_hot", NULL, NULL},
    {"one_hot_v2", one_hot_v2, "one_hot", NULL, NULL},
};

SCULL_PADDLE_ROWS(index, rows);
