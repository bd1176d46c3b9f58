/* Matrix products: mul and fc flatten their operands to two dimensions, matmul and matmul_v2 follow
 * NumPy. */
#include <string.h>

#include "import/paddle/call.h"

/* [d0, ...] with the axes from `from` on made one. */
static scull_status_t flatten_tail(scull_paddle_call_t *call, scull_value_id_t x, int64_t from,
                                   scull_value_id_t *out) {
  int32_t rank = scull_import_rank(call->graph, x);
  *out = x;
  if (from < 1 || from >= rank)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "%lld leading dimensions of an operand of rank %d", (long long)from,
                           rank);
  if (from == rank - 1)
    return SCULL_OK;
  scull_emit_t emit = scull_import_emit(&call->emitter, "flatten", x);
  scull_import_emit_int(&emit, "start", from);
  scull_import_emit_int(&emit, "stop", -1);
  return scull_import_emit_end(&emit, NULL, out);
}

/* The right operand of mul as a matrix: its first `columns` axes are summed over. */
static scull_status_t as_matrix(scull_paddle_call_t *call, scull_value_id_t y, int64_t columns,
                                scull_value_id_t *out) {
  const scull_shape_t shape = scull_graph_value(call->graph, y)->shape[0];
  int64_t rows = 1;
  *out = y;
  if (columns < 1 || columns >= shape.rank)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "%lld leading dimensions of an operand of rank %d", (long long)columns,
                           shape.rank);
  if (shape.rank == 2)
    return SCULL_OK;
  if (!scull_graph_is_fixed(call->graph, y))
    return scull_import_unsupported(&call->emitter, "its Y has no fixed shape");
  for (int64_t d = 0; d < columns; d++)
    rows *= shape.dim[d];
  return scull_import_emit_reshape(&call->emitter, y, SCULL_INTS(rows, -1), NULL, out);
}

/* The product's last extent becomes the trailing dimensions of Y again. */
static scull_status_t split_tail(scull_paddle_call_t *call, scull_value_id_t product, int64_t lead,
                                 const scull_shape_t *y, int64_t columns) {
  int64_t dims[2 * SCULL_MAX_RANK] = {0}; /* 0: as it is */
  size_t rank = (size_t)lead;
  for (int64_t d = columns; d < y->rank; d++)
    dims[rank++] = y->dim[d];
  scull_emit_t emit = scull_import_emit(&call->emitter, "reshape", product);
  scull_import_emit_ints(&emit, "shape", (scull_ints_t){dims, rank});
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t mul(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, y = SCULL_NO_ID, product = SCULL_NO_ID;
  int64_t lead = scull_paddle_int(call, "x_num_col_dims", 1);
  int64_t columns = scull_paddle_int(call, "y_num_col_dims", 1);
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Y", &y));
  const scull_shape_t shape = scull_graph_value(call->graph, y)->shape[0];
  SCULL_TRY(flatten_tail(call, x, lead, &x));
  SCULL_TRY(as_matrix(call, y, columns, &y));
  scull_emit_t emit = scull_import_emit(&call->emitter, "matmul", x);
  scull_import_emit_input(&emit, y);
  if (shape.rank == columns + 1)
    return scull_paddle_end(call, &emit, "Out");
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &product));
  return split_tail(call, product, lead, &shape, columns);
}

static scull_status_t fc(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, w = SCULL_NO_ID, out = SCULL_NO_ID;
  const char *activation = scull_paddle_text(call, "activation_type", "");
  SCULL_TRY(scull_paddle_need(call, "Input", &x));
  SCULL_TRY(scull_paddle_need(call, "W", &w));
  if (scull_paddle_bool(call, "padding_weights", false))
    return scull_import_unsupported(&call->emitter, "padded weights");
  if (activation[0] != '\0' && strcmp(activation, "relu") != 0)
    return scull_import_unsupported(&call->emitter, "activation_type '%.40s'", activation);
  SCULL_TRY(flatten_tail(call, x, scull_paddle_int(call, "in_num_col_dims", 1), &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "matmul", x);
  scull_import_emit_input(&emit, w);
  scull_import_emit_input(&emit, scull_paddle_in(call, "Bias"));
  if (activation[0] == '\0')
    return scull_paddle_end(call, &emit, "Out");
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &out));
  scull_emit_t relu = scull_import_emit(&call->emitter, "relu", out);
  return scull_paddle_end(call, &relu, "Out");
}

/* The 1.x operator has a factor; its product of two vectors has one dimension. */
static scull_status_t matmul_v1(scull_paddle_call_t *call) {
  scull_value_id_t out = SCULL_NO_ID;
  double alpha = scull_paddle_float(call, "alpha", 1);
  scull_emit_t emit = scull_import_emit(&call->emitter, "matmul", scull_paddle_in(call, "X"));
  scull_import_emit_input(&emit, scull_paddle_in(call, "Y"));
  scull_import_emit_bool(&emit, "trans_x", scull_paddle_bool(call, "transpose_X", false));
  scull_import_emit_bool(&emit, "trans_y", scull_paddle_bool(call, "transpose_Y", false));
  if (alpha == 1)
    return scull_paddle_end(call, &emit, "Out");
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &out));
  scull_emit_t scale = scull_import_emit(&call->emitter, "scale", out);
  scull_import_emit_float(&scale, "scale", alpha);
  return scull_paddle_end(call, &scale, "Out");
}

static const scull_paddle_row_t rows[] = {
    {"mul", mul, "matmul", NULL, NULL},
    {"fc", fc, "matmul", NULL, NULL},
    {"matmul", matmul_v1, "matmul", NULL, NULL},
    {"matmul_v2", scull_paddle_map_plain, "matmul", "X Y>Out", "trans_x=false trans_y=false"},
    {"bmm", scull_paddle_map_plain, "matmul", "X Y>Out", NULL},
};

SCULL_PADDLE_ROWS(matmul, rows);
