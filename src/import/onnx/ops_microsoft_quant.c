/* com.microsoft: the quantized operators that ONNX Runtime's quantizer writes. Operands come with
 * scale and zero point behind them. */
#include <string.h>

#include "import/onnx/matmul.h"
#include "import/onnx/quant.h"
#include "import/onnx/window.h"

/* a, its scale and zero point, b's, the result's. */
static scull_status_t binary(scull_onnx_call_t *call) {
  scull_value_id_t a = SCULL_NO_ID, b = SCULL_NO_ID, out = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_dequantize(call, 0, 1, 2, 1, &a));
  SCULL_TRY(scull_onnx_dequantize(call, 3, 4, 5, 1, &b));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, call->row->op, a, b, NULL, &out));
  return scull_onnx_end_quantize(call, out, 6, 7);
}

/* x, its scale and zero point, the result's. */
static scull_status_t unary(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_dequantize(call, 0, 1, 2, 1, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  if (strcmp(call->row->op, "leaky_relu") == 0)
    scull_import_emit_float(&emit, "alpha", scull_onnx_float(call, "alpha", 0.01));
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
  return scull_onnx_end_quantize(call, x, 3, 4);
}

static scull_status_t softmax(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t axis = 0;
  int32_t rank = scull_onnx_in_rank(call, 0);
  SCULL_TRY(scull_onnx_axis(call, "axis", -1, rank, &axis));
  if (scull_onnx_int(call, "opset", 13) < 13 && axis != rank - 1)
    return scull_import_unsupported(&call->emitter, "the softmax of opset 12 over several axes");
  SCULL_TRY(scull_onnx_dequantize(call, 0, 1, 2, 1, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "softmax", x);
  scull_import_emit_int(&emit, "axis", axis);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
  return scull_onnx_end_quantize(call, x, 3, 4);
}

/* --- pictures -------------------------------------------------------------------------------- */

/* x with its channels moved: to the second axis, or from there to the last. */
static scull_status_t move_channels(scull_onnx_call_t *call, bool to_last, scull_value_id_t *x) {
  int64_t perm[SCULL_MAX_RANK] = {0};
  int32_t rank = scull_import_rank(call->graph, *x);
  if (rank < 3 || scull_onnx_int(call, "channels_last", 0) == 0)
    return SCULL_OK;
  for (int32_t d = 1; d < rank; d++)
    perm[d] = to_last ? (d + 1 < rank ? d + 1 : 1) : (d == 1 ? rank - 1 : d - 1);
  return scull_import_emit_transpose(&call->emitter, *x, (scull_ints_t){perm, (size_t)rank}, NULL,
                                     x);
}

static scull_status_t conv(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, w = SCULL_NO_ID, bias = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_dequantize(call, 0, 1, 2, 1, &x));
  SCULL_TRY(scull_onnx_dequantize(call, 3, 4, 5, 0, &w));
  SCULL_TRY(scull_onnx_dequantize_bias(call, 8, 1, 4, &bias));
  SCULL_TRY(move_channels(call, false, &x));
  SCULL_TRY(scull_onnx_emit_conv(call, x, w, bias, NULL, &x));
  SCULL_TRY(move_channels(call, true, &x));
  return scull_onnx_end_quantize(call, x, 6, 7);
}

static scull_status_t average_pool(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_dequantize(call, 0, 1, 2, 1, &x));
  SCULL_TRY(move_channels(call, false, &x));
  SCULL_TRY(scull_onnx_emit_pool(call, "avg_pool", x, NULL, &x));
  SCULL_TRY(move_channels(call, true, &x));
  return scull_onnx_end_quantize(call, x, 3, 4);
}

static scull_status_t global_average_pool(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_dequantize(call, 0, 1, 2, 1, &x));
  SCULL_TRY(move_channels(call, false, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "avg_pool", x);
  scull_import_emit_bool(&emit, "global", true);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
  SCULL_TRY(move_channels(call, true, &x));
  return scull_onnx_end_quantize(call, x, 3, 4);
}

/* --- lists and products ---------------------------------------------------------------------- */

/* The result's scale and zero point, then three a part. */
static scull_status_t concat(scull_onnx_call_t *call) {
  size_t count = call->in_count < 2 ? 0 : (call->in_count - 2) / 3;
  scull_value_id_t *parts = SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, count);
  scull_value_id_t out = SCULL_NO_ID;
  if (parts == NULL)
    return scull_base_fail_memory(call->graph->diag, "a list");
  if (count == 0 || call->in_count != 2 + 3 * count)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu operands", call->in_count);
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(scull_onnx_dequantize(call, 2 + 3 * i, 3 + 3 * i, 4 + 3 * i, 1, &parts[i]));
  scull_emit_t emit = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, parts, count);
  scull_import_emit_int(&emit, "axis", scull_onnx_int(call, "axis", 1));
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &out));
  return scull_onnx_end_quantize(call, out, 0, 1);
}

/* Without a scale of the result, it is one of floats. */
static scull_status_t gemm(scull_onnx_call_t *call) {
  scull_value_id_t a = SCULL_NO_ID, b = SCULL_NO_ID, bias = SCULL_NO_ID, out = SCULL_NO_ID;
  bool floats = scull_onnx_in(call, 7) == SCULL_NO_ID;
  bool transposed = scull_onnx_int(call, "transB", 0) != 0;
  double alpha = scull_onnx_float(call, "alpha", 1);
  if (alpha < 1 || alpha > 1)
    return scull_import_unsupported(&call->emitter, "alpha %g", alpha);
  SCULL_TRY(scull_onnx_dequantize(call, 0, 1, 2, 1, &a));
  SCULL_TRY(scull_onnx_dequantize(call, 3, 4, 5, transposed ? 0 : 1, &b));
  SCULL_TRY(scull_onnx_dequantize_bias(call, 6, 1, 4, &bias));
  SCULL_TRY(
      scull_onnx_emit_gemm(call, a, b, bias, floats ? scull_onnx_out_name(call, 0) : NULL, &out));
  scull_onnx_set(call, 0, out);
  return floats ? SCULL_OK : scull_onnx_end_quantize(call, out, 7, 8);
}

/* a, b, their scales, their zero points, a bias -> floats. */
static scull_status_t integer_to_float(scull_onnx_call_t *call) {
  scull_value_id_t a = SCULL_NO_ID, b = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_dequantize(call, 0, 2, 4, -2, &a));
  SCULL_TRY(scull_onnx_dequantize(call, 1, 3, 5, -1, &b));
  scull_emit_t emit = scull_import_emit(&call->emitter, "matmul", a);
  scull_import_emit_input(&emit, b);
  scull_import_emit_input(&emit, scull_onnx_in(call, 6));
  return scull_onnx_end(call, &emit);
}

/* a of floats, b with scale and zero point, a bias; a would be quantized for speed only. */
static scull_status_t dynamic_matmul(scull_onnx_call_t *call) {
  scull_value_id_t a = SCULL_NO_ID, b = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &a));
  SCULL_TRY(scull_onnx_dequantize(call, 1, 2, 3, -1, &b));
  scull_emit_t emit = scull_import_emit(&call->emitter, "matmul", a);
  scull_import_emit_input(&emit, b);
  scull_import_emit_input(&emit, scull_onnx_in(call, 4));
  return scull_onnx_end(call, &emit);
}

static const scull_onnx_row_t rows[] = {
    {"QLinearAdd", 1, 0, binary, "add", NULL},
    {"QLinearMul", 1, 0, binary, "mul", NULL},
    {"QLinearSigmoid", 1, 0, unary, "sigmoid", NULL},
    {"QLinearLeakyRelu", 1, 0, unary, "leaky_relu", NULL},
    {"QLinearSoftmax", 1, 0, softmax, "softmax", NULL},
    {"QLinearConv", 1, 0, conv, "conv", NULL},
    {"QLinearAveragePool", 1, 0, average_pool, "avg_pool", NULL},
    {"QLinearGlobalAveragePool", 1, 0, global_average_pool, "avg_pool", NULL},
    {"QLinearConcat", 1, 0, concat, "concat", NULL},
    {"QGemm", 1, 0, gemm, "matmul", NULL},
    {"MatMulIntegerToFloat", 1, 0, integer_to_float, "matmul", NULL},
    {"DynamicQuantizeMatMul", 1, 0, dynamic_matmul, "matmul", NULL},
};

SCULL_ONNX_ROWS(microsoft_quant, "com.microsoft", rows);
