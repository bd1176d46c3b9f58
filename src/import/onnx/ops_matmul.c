/* Products of matrices. */
#include "import/onnx/matmul.h"

#include "import/einsum.h"

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
scull_status_t scull_onnx_emit_gemm(scull_onnx_call_t *call, scull_value_id_t a, scull_value_id_t b,
                                    scull_value_id_t c, const char *name, scull_value_id_t *out) {
  scull_emitter_t *to = &call->emitter;
  double alpha = scull_onnx_float(call, "alpha", 1), beta = scull_onnx_float(call, "beta", 1);
  bool transposed = scull_onnx_int(call, "transB", 0) != 0;
  bool scaled = alpha < 1 || alpha > 1, weighted = beta < 1 || beta > 1;
  bool joined = !scaled && !weighted && is_row(call, c, b, transposed);
  bool adds = c != SCULL_NO_ID && !joined;
  scull_emit_t emit = scull_import_emit(to, "matmul", a);
  scull_import_emit_input(&emit, b);
  if (joined)
    scull_import_emit_input(&emit, c);
  scull_import_emit_bool(&emit, "trans_x", scull_onnx_int(call, "transA", 0) != 0);
  scull_import_emit_bool(&emit, "trans_y", transposed);
  SCULL_TRY(scull_import_emit_end(&emit, scaled || adds ? NULL : name, out));
  if (scaled)
    SCULL_TRY(scull_import_emit_scale(to, *out, alpha, 0, adds ? NULL : name, out));
  if (!adds)
    return SCULL_OK;
  if (weighted)
    SCULL_TRY(scull_import_emit_scale(to, c, beta, 0, NULL, &c));
  return scull_import_emit_simple(to, "add", *out, c, name, out);
}

static scull_status_t gemm(scull_onnx_call_t *call) {
  scull_value_id_t a = SCULL_NO_ID, b = SCULL_NO_ID, out = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &a));
  SCULL_TRY(scull_onnx_need(call, 1, &b));
  SCULL_TRY(
      scull_onnx_emit_gemm(call, a, b, scull_onnx_in(call, 2), scull_onnx_out_name(call, 0), &out));
  scull_onnx_set(call, 0, out);
  return SCULL_OK;
}

/* Products of matrices where the equation comes apart into them, else an operator of its own. */
static scull_status_t einsum(scull_onnx_call_t *call) {
  const char *equation = scull_onnx_text(call, "equation", "");
  scull_value_id_t out = SCULL_NO_ID;
  for (size_t i = 0; i < call->in_count; i++)
    SCULL_TRY(scull_onnx_need(call, i, &out));
  scull_status_t status = SCULL_UNSUPPORTED;
  if (scull_tensor_dtype_is_float(scull_onnx_in_dtype(call, 0)))
    status = scull_import_emit_einsum(&call->emitter, equation, call->in, call->in_count,
                                      scull_onnx_out_name(call, 0), &out);
  if (status == SCULL_UNSUPPORTED) {
    scull_emit_t emit = scull_import_emit(&call->emitter, "einsum", SCULL_NO_ID);
    scull_import_emit_inputs(&emit, call->in, call->in_count);
    scull_import_emit_text(&emit, "equation", equation);
    return scull_onnx_end(call, &emit);
  }
  scull_onnx_set(call, 0, out);
  return status;
}

static const scull_onnx_row_t rows[] = {
    {"Einsum", 12, 0, einsum, "einsum", NULL},
    {"MatMul", 1, 0, scull_onnx_map_plain, "matmul", NULL},
    {"Det", 11, 0, scull_onnx_map_plain, "det", NULL},
    {"Gemm", 1, 0, gemm, "matmul", NULL},
};

SCULL_ONNX_ROWS(matmul, "", rows);
