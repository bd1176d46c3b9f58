/* QuantizeLinear and its fellows of ai.onnx. */
#include "import/onnx/quant.h"

#include "import/onnx/window.h"

/* --- helpers --------------------------------------------------------------------------------- */

static scull_emit_t begin(scull_onnx_call_t *call, const char *op, scull_value_id_t x,
                          scull_value_id_t scale, scull_value_id_t zero, int64_t axis) {
  scull_emit_t emit = scull_import_emit(&call->emitter, op, x);
  scull_import_emit_input(&emit, scale);
  scull_import_emit_input(&emit, zero);
  scull_import_emit_int(&emit, "axis", axis);
  return emit;
}

scull_status_t scull_onnx_dequantize(scull_onnx_call_t *call, size_t index, size_t scale,
                                     size_t zero, int64_t axis, scull_value_id_t *out) {
  scull_value_id_t x = SCULL_NO_ID, factor = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, index, &x));
  SCULL_TRY(scull_onnx_need(call, scale, &factor));
  scull_emit_t emit = begin(call, "dequantize_linear", x, factor, scull_onnx_in(call, zero), axis);
  return scull_import_emit_end(&emit, NULL, out);
}

scull_status_t scull_onnx_end_quantize(scull_onnx_call_t *call, scull_value_id_t x, size_t scale,
                                       size_t zero) {
  scull_value_id_t factor = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, scale, &factor));
  scull_emit_t emit = begin(call, "quantize_linear", x, factor, scull_onnx_in(call, zero), 1);
  return scull_onnx_end(call, &emit);
}

scull_status_t scull_onnx_dequantize_bias(scull_onnx_call_t *call, size_t index, size_t x_scale,
                                          size_t w_scale, scull_value_id_t *out) {
  scull_value_id_t bias = scull_onnx_in(call, index), a = SCULL_NO_ID, b = SCULL_NO_ID;
  *out = SCULL_NO_ID;
  if (bias == SCULL_NO_ID)
    return SCULL_OK;
  SCULL_TRY(scull_onnx_need(call, x_scale, &a));
  SCULL_TRY(scull_onnx_need(call, w_scale, &b));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "mul", a, b, NULL, &a));
  scull_emit_t emit = begin(call, "dequantize_linear", bias, a, SCULL_NO_ID, 0);
  return scull_import_emit_end(&emit, NULL, out);
}

/* --- the operators ---------------------------------------------------------------------------- */

static scull_status_t quantize(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, scale = SCULL_NO_ID;
  scull_dtype_t to = SCULL_DTYPE_NONE;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &scale));
  SCULL_TRY(scull_onnx_to(call, "output_dtype", SCULL_DTYPE_U8, &to));
  int64_t element = scull_onnx_int(call, "output_dtype", 0);
  if (element == SCULL_ONNX_INT4 || element == SCULL_ONNX_UINT4)
    return scull_import_unsupported(&call->emitter, "to 4-bit integers");
  scull_emit_t emit = begin(call, "quantize_linear", x, scale, scull_onnx_in(call, 2),
                            scull_onnx_int(call, "axis", 1));
  scull_import_emit_int(&emit, "block", scull_onnx_int(call, "block_size", 0));
  scull_import_emit_dtype(&emit, "to", to);
  return scull_onnx_end(call, &emit);
}

static scull_status_t dequantize(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, scale = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &scale));
  scull_emit_t emit = begin(call, "dequantize_linear", x, scale, scull_onnx_in(call, 2),
                            scull_onnx_int(call, "axis", 1));
  scull_import_emit_int(&emit, "block", scull_onnx_int(call, "block_size", 0));
  return scull_onnx_end(call, &emit);
}

/* The larger (smaller) of 0 and all elements. */
static scull_status_t bound(scull_onnx_call_t *call, scull_value_id_t x, const char *reduce,
                            const char *with_zero, scull_value_id_t *out) {
  scull_value_id_t zero = SCULL_NO_ID;
  scull_emit_t emit = scull_import_emit(&call->emitter, reduce, x);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, out));
  SCULL_TRY(scull_import_emit_scalar(&call->emitter, SCULL_DTYPE_F32, 0, &zero));
  return scull_import_emit_simple(&call->emitter, with_zero, *out, zero, NULL, out);
}

/* Scale and zero point from the range of x; u8. */
static scull_status_t dynamic_quantize(scull_onnx_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, low = SCULL_NO_ID, high = SCULL_NO_ID, scale = SCULL_NO_ID;
  scull_value_id_t zero = SCULL_NO_ID, one = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(bound(call, x, "reduce_min", "min", &low));
  SCULL_TRY(bound(call, x, "reduce_max", "max", &high));
  SCULL_TRY(scull_import_emit_simple(to, "sub", high, low, NULL, &scale));
  SCULL_TRY(scull_import_emit_scalar(to, SCULL_DTYPE_F32, 255, &one));
  SCULL_TRY(scull_import_emit_simple(to, "div", scale, one, scull_onnx_out_name(call, 1), &scale));
  SCULL_TRY(scull_import_emit_scale(to, low, -1, 0, NULL, &low)); /* zero = 0 - low / scale */
  scull_emit_t shift = begin(call, "quantize_linear", low, scale, SCULL_NO_ID, 0);
  scull_import_emit_dtype(&shift, "to", SCULL_DTYPE_U8);
  SCULL_TRY(scull_import_emit_end(&shift, scull_onnx_out_name(call, 2), &zero));
  scull_onnx_set(call, 1, scale);
  scull_onnx_set(call, 2, zero);
  scull_emit_t emit = begin(call, "quantize_linear", x, scale, zero, 0);
  return scull_onnx_end(call, &emit);
}

/* x, its scale and zero point, the filter's, the result's; a bias of whole numbers. */
static scull_status_t conv(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, w = SCULL_NO_ID, bias = SCULL_NO_ID, out = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_dequantize(call, 0, 1, 2, 1, &x));
  SCULL_TRY(scull_onnx_dequantize(call, 3, 4, 5, 0, &w));
  SCULL_TRY(scull_onnx_dequantize_bias(call, 8, 1, 4, &bias));
  SCULL_TRY(scull_onnx_emit_conv(call, x, w, bias, NULL, &out));
  return scull_onnx_end_quantize(call, out, 6, 7);
}

static scull_status_t matmul(scull_onnx_call_t *call) {
  scull_value_id_t a = SCULL_NO_ID, b = SCULL_NO_ID, out = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_dequantize(call, 0, 1, 2, -2, &a));
  SCULL_TRY(scull_onnx_dequantize(call, 3, 4, 5, -1, &b));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "matmul", a, b, NULL, &out));
  return scull_onnx_end_quantize(call, out, 6, 7);
}

/* --- products of integers -------------------------------------------------------------------- */

/* Operand `index` less its zero point, as floats: dequantized by scales of 1. */
static scull_status_t without_zero(scull_onnx_call_t *call, size_t index, size_t zero_index,
                                   int64_t axis, scull_value_id_t *out) {
  scull_value_id_t x = SCULL_NO_ID, zero = scull_onnx_in(call, zero_index), scale = SCULL_NO_ID;
  scull_shape_t shape = {0};
  SCULL_TRY(scull_onnx_need(call, index, &x));
  if (zero != SCULL_NO_ID)
    SCULL_TRY(scull_onnx_fixed_shape(call, zero, &shape));
  scull_type_t type = {.dtype = SCULL_DTYPE_F32, .shape = shape};
  int64_t count = scull_tensor_count(&shape);
  float *ones = SCULL_ARENA_ARRAY(&call->graph->arena, float, (size_t)count);
  if (ones == NULL)
    return scull_base_fail_memory(call->graph->diag, "a constant");
  for (int64_t i = 0; i < count; i++)
    ones[i] = 1;
  SCULL_TRY(scull_graph_add_constant(call->graph, call->emitter.name, &type, ones, &scale));
  scull_emit_t emit = begin(call, "dequantize_linear", x, scale, zero, axis);
  return scull_import_emit_end(&emit, NULL, out);
}

static scull_status_t end_integers(scull_onnx_call_t *call, scull_value_id_t x) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "cast", x);
  scull_import_emit_dtype(&emit, "to", SCULL_DTYPE_I32);
  return scull_onnx_end(call, &emit);
}

static scull_status_t matmul_integer(scull_onnx_call_t *call) {
  scull_value_id_t a = SCULL_NO_ID, b = SCULL_NO_ID;
  SCULL_TRY(without_zero(call, 0, 2, -2, &a));
  SCULL_TRY(without_zero(call, 1, 3, -1, &b));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "matmul", a, b, NULL, &a));
  return end_integers(call, a);
}

static scull_status_t conv_integer(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, w = SCULL_NO_ID;
  SCULL_TRY(without_zero(call, 0, 2, 1, &x));
  SCULL_TRY(without_zero(call, 1, 3, 0, &w));
  SCULL_TRY(scull_onnx_emit_conv(call, x, w, SCULL_NO_ID, NULL, &x));
  return end_integers(call, x);
}

static const scull_onnx_row_t rows[] = {
    {"MatMulInteger", 10, 0, matmul_integer, NULL, NULL},
    {"ConvInteger", 10, 0, conv_integer, NULL, NULL},
    {"QuantizeLinear", 10, 0, quantize, "quantize_linear", NULL},
    {"DequantizeLinear", 10, 0, dequantize, "dequantize_linear", NULL},
    {"DynamicQuantizeLinear", 11, 0, dynamic_quantize, NULL, NULL},
    {"QLinearConv", 10, 0, conv, NULL, NULL},
    {"QLinearMatMul", 10, 0, matmul, NULL, NULL},
};

SCULL_ONNX_ROWS(quant, "", rows);

/* The same two before ai.onnx had all of their types. */
static const scull_onnx_row_t more[] = {
    {"QuantizeLinear", 1, 0, quantize, "quantize_linear", NULL},
    {"DequantizeLinear", 1, 0, dequantize, "dequantize_linear", NULL},
};

SCULL_ONNX_ROWS(quant_microsoft, "com.microsoft", more);
