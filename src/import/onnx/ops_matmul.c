/* Products of matrices. */
#include "import/onnx/call.h"

/* True when C is a row that our product can add: [N] or [1,N]. */
static bool is_row(const scull_onnx_call_t *call, scull_value_id_t c, scull_value_id_t b,
                   bool transposed) {
  const scull_value_t *row = scull_graph_value(call->graph, c);
  const scull_value_t *matrix = scull_graph_value(call->graph, b);
  if (row == NULL || row->shape[0].rank < 1 || row->shape[0].rank > 2 ||
      matrix->shape[0].rank != 2 || !scull_graph_is_fixed(call->graph, c))
    return false;
  int64_t last = row->shape[0].dim[row->shape[0].rank - 1];
  return last == matrix->shape[0].dim[transposed ? 0 : 1] &&
         last == scull_tensor_count(&row->shape[0]);
}

/* alpha * A' * B' + beta * C */
static scull_status_t gemm(scull_onnx_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t a = SCULL_NO_ID, b = SCULL_NO_ID, c = scull_onnx_in(call, 2);
  double alpha = scull_onnx_float(call, "alpha", 1), beta = scull_onnx_float(call, "beta", 1);
  bool transposed = scull_onnx_int(call, "transB", 0) != 0;
  SCULL_TRY(scull_onnx_need(call, 0, &a));
  SCULL_TRY(scull_onnx_need(call, 1, &b));
  bool scaled = alpha < 1 || alpha > 1, weighted = beta < 1 || beta > 1;
  bool joined = !scaled && !weighted && is_row(call, c, b, transposed);
  scull_emit_t emit = scull_import_emit(to, "matmul", a);
  scull_import_emit_input(&emit, b);
  if (joined)
    scull_import_emit_input(&emit, c);
  scull_import_emit_bool(&emit, "trans_x", scull_onnx_int(call, "transA", 0) != 0);
  scull_import_emit_bool(&emit, "trans_y", transposed);
  if (!scaled && (joined || c == SCULL_NO_ID))
    return scull_onnx_end(call, &emit);
  scull_value_id_t t = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &t));
  if (scaled) {
    const char *name = c == SCULL_NO_ID ? scull_onnx_out_name(call, 0) : NULL;
    SCULL_TRY(scull_import_emit_scale(to, t, alpha, 0, name, &t));
    scull_onnx_set(call, 0, t);
    if (c == SCULL_NO_ID)
      return SCULL_OK;
  }
  if (weighted)
    SCULL_TRY(scull_import_emit_scale(to, c, beta, 0, NULL, &c));
  return scull_onnx_end_simple(call, "add", t, c);
}

static const scull_onnx_row_t rows[] = {
    {"MatMul", 1, 0, scull_onnx_map_plain, "matmul", NULL},
    {"Gemm", 1, 0, gemm, "matmul", NULL},
};

SCULL_ONNX_ROWS(matmul, "", rows);
