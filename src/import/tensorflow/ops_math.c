/* Products, reductions, sequences of numbers. */
#include <string.h>

#include "import/tensorflow/call.h"

static scull_status_t matmul(scull_tf_call_t *call) {
  bool batch = strncmp(call->node->op, "Batch", 5) == 0;
  scull_value_id_t x = SCULL_NO_ID, y = SCULL_NO_ID;
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  SCULL_TRY(scull_tf_plain(call, 1, &y));
  scull_emit_t emit = scull_import_emit(&call->emitter, "matmul", x);
  scull_import_emit_input(&emit, y);
  scull_import_emit_bool(&emit, "trans_x",
                         scull_tf_bool(call, batch ? "adj_x" : "transpose_a", false));
  scull_import_emit_bool(&emit, "trans_y",
                         scull_tf_bool(call, batch ? "adj_y" : "transpose_b", false));
  return scull_tf_end(call, &emit, false);
}

/* Axes of the file, translated; `gone` by the file's numbers. */
static scull_status_t read_axes(scull_tf_call_t *call, scull_ints_t given, bool first,
                                int64_t axes[SCULL_MAX_RANK], size_t *count,
                                bool gone[SCULL_MAX_RANK]) {
  *count = 0;
  for (size_t i = 0; i < given.size; i++) {
    int32_t axis = 0;
    SCULL_TRY(scull_tf_axis(call, 0, given.data[i], &axis));
    if (!gone[axis])
      axes[(*count)++] = first ? scull_tf_axis_first(axis) : axis;
    gone[axis] = true;
  }
  return SCULL_OK;
}

static scull_status_t reduce(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_ints_t given = {0};
  int64_t axes[SCULL_MAX_RANK];
  size_t count = 0;
  bool first = false, gone[SCULL_MAX_RANK] = {false},
       keep = scull_tf_bool(call, "keep_dims", false);
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  SCULL_TRY(scull_tf_fixed_list(call, 1, "axes", &given));
  SCULL_TRY(read_axes(call, given, first, axes, &count, gone));
  bool none = count == 0; /* an empty list reduces nothing here */
  scull_emit_t emit = scull_import_emit(&call->emitter, none ? "identity" : call->row->op, x);
  if (none)
    return scull_tf_end(call, &emit, first);
  scull_import_emit_ints(&emit, "axes", (scull_ints_t){axes, count});
  scull_import_emit_bool(&emit, "keep_dims", keep);
  return keep ? scull_tf_end(call, &emit, first) : scull_tf_end_without(call, &emit, first, gone);
}

/* All and Any: the smallest and the largest of truths. */
static scull_status_t reduce_truths(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_ints_t given = {0};
  int64_t axes[SCULL_MAX_RANK];
  size_t count = 0;
  bool gone[SCULL_MAX_RANK] = {false};
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  SCULL_TRY(scull_tf_fixed_list(call, 1, "axes", &given));
  SCULL_TRY(read_axes(call, given, false, axes, &count, gone));
  SCULL_TRY(scull_import_emit_cast(&call->emitter, x, SCULL_DTYPE_I32, NULL, &x));
  if (count > 0) {
    scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
    scull_import_emit_ints(&emit, "axes", (scull_ints_t){axes, count});
    scull_import_emit_bool(&emit, "keep_dims", scull_tf_bool(call, "keep_dims", false));
    SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
  }
  scull_emit_t back = scull_import_emit(&call->emitter, "cast", x);
  scull_import_emit_dtype(&back, "to", SCULL_DTYPE_BOOL);
  return scull_tf_end(call, &back, false);
}

static scull_status_t cumsum(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t given = 0;
  int32_t axis = 0;
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  SCULL_TRY(scull_tf_fixed_int(call, 1, "axis", &given));
  SCULL_TRY(scull_tf_axis(call, 0, given, &axis));
  scull_emit_t emit = scull_import_emit(&call->emitter, "cumsum", x);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_bool(&emit, "exclusive", scull_tf_bool(call, "exclusive", false));
  scull_import_emit_bool(&emit, "reverse", scull_tf_bool(call, "reverse", false));
  return scull_tf_end(call, &emit, false);
}

static scull_status_t range(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_emit_t emit = scull_import_emit(&call->emitter, "range", SCULL_NO_ID);
  for (size_t i = 0; i < 3; i++) {
    SCULL_TRY(scull_tf_plain(call, i, &x));
    scull_import_emit_input(&emit, x);
  }
  return scull_tf_end(call, &emit, false);
}

static const scull_tf_row_t rows[] = {
    {"MatMul", matmul, "matmul", NULL},         {"BatchMatMul", matmul, "matmul", NULL},
    {"BatchMatMulV2", matmul, "matmul", NULL},  {"Mean", reduce, "reduce_mean", NULL},
    {"Sum", reduce, "reduce_sum", NULL},        {"Max", reduce, "reduce_max", NULL},
    {"Min", reduce, "reduce_min", NULL},        {"Prod", reduce, "reduce_prod", NULL},
    {"All", reduce_truths, "reduce_min", NULL}, {"Any", reduce_truths, "reduce_max", NULL},
    {"Cumsum", cumsum, "cumsum", NULL},         {"Range", range, "range", NULL},
};

SCULL_TF_ROWS(math, rows);
