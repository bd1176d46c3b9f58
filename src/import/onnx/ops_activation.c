/* Element-wise functions of one tensor. Rows say ONNX's defaults. */
#include <math.h>

#include "import/onnx/call.h"

static scull_status_t unary(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  return scull_onnx_end_simple(call, call->row->op, x, SCULL_NO_ID);
}

static scull_status_t cast(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_dtype_t to = SCULL_DTYPE_NONE;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_to(call, "to", SCULL_DTYPE_NONE, &to));
  if (to == SCULL_DTYPE_NONE)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "it does not say to which type");
  scull_emit_t emit = scull_import_emit(&call->emitter, "cast", x);
  scull_import_emit_dtype(&emit, "to", to);
  return scull_onnx_end(call, &emit);
}

static scull_status_t cast_like(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, like = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &like));
  scull_emit_t emit = scull_import_emit(&call->emitter, "cast", x);
  scull_import_emit_dtype(&emit, "to", scull_onnx_in_dtype(call, 1));
  return scull_onnx_end(call, &emit);
}

/* --- clip ------------------------------------------------------------------------------------ */

static scull_status_t emit_clip(scull_onnx_call_t *call, double min, double max) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "clip", scull_onnx_in(call, 0));
  scull_import_emit_float(&emit, "min", min);
  scull_import_emit_float(&emit, "max", max);
  return scull_onnx_end(call, &emit);
}

static scull_status_t old_clip(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  return emit_clip(call, scull_onnx_float(call, "min", -INFINITY),
                   scull_onnx_float(call, "max", INFINITY));
}

/* Bounds that are computed, or of whole numbers, are a max and a min. */
static scull_status_t clip(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, low = scull_onnx_in(call, 1), high = scull_onnx_in(call, 2);
  double min = -INFINITY, max = INFINITY;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  bool known = low == SCULL_NO_ID || scull_import_known_float(call->graph, low, 0, &min);
  known = (high == SCULL_NO_ID || scull_import_known_float(call->graph, high, 0, &max)) && known;
  if (known && scull_tensor_dtype_is_float(scull_onnx_in_dtype(call, 0)))
    return emit_clip(call, min, max);
  if (low != SCULL_NO_ID && high != SCULL_NO_ID)
    SCULL_TRY(scull_import_emit_simple(&call->emitter, "max", x, low, NULL, &x));
  if (high != SCULL_NO_ID)
    return scull_onnx_end_simple(call, "min", x, high);
  if (low != SCULL_NO_ID)
    return scull_onnx_end_simple(call, "max", x, low);
  return scull_onnx_end_simple(call, "identity", x, SCULL_NO_ID);
}

/* --- others ---------------------------------------------------------------------------------- */

static scull_status_t hard_swish(scull_onnx_call_t *call) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "hard_swish", scull_onnx_in(call, 0));
  scull_import_emit_float(&emit, "threshold", 6);
  scull_import_emit_float(&emit, "scale", 6);
  scull_import_emit_float(&emit, "offset", 3);
  return scull_onnx_end(call, &emit);
}

static scull_status_t gelu(scull_onnx_call_t *call) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "gelu", scull_onnx_in(call, 0));
  const char *how = scull_onnx_text(call, "approximate", "none");
  scull_import_emit_bool(&emit, "approximate", how[0] == 't');
  return scull_onnx_end(call, &emit);
}

/* Before opset 7 a slope of one number a channel lay along axis 1. */
static scull_status_t prelu(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, slope = SCULL_NO_ID;
  int64_t dims[SCULL_MAX_RANK];
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &slope));
  int32_t rank = scull_onnx_in_rank(call, 0);
  bool old = call->version < 7 && scull_onnx_in_rank(call, 1) == 1 && rank > 2;
  for (int32_t d = 2; old && d < rank; d++)
    dims[d - 2] = d - 1;
  if (old)
    SCULL_TRY(scull_import_emit_unsqueeze(&call->emitter, slope,
                                          (scull_ints_t){dims, (size_t)rank - 2}, NULL, &slope));
  return scull_onnx_end_simple(call, "prelu", x, slope);
}

/* x / (1 + |x|) */
static scull_status_t softsign(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, t = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "abs", x, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(scull_import_emit_scale(&call->emitter, t, 1, 1, NULL, &t));
  return scull_onnx_end_simple(call, "div", x, t);
}

static const scull_onnx_row_t rows[] = {
    {"Abs", 1, 0, unary, "abs", NULL},
    {"Acos", 7, 0, unary, "acos", NULL},
    {"Acosh", 9, 0, unary, "acosh", NULL},
    {"Asin", 7, 0, unary, "asin", NULL},
    {"Asinh", 9, 0, unary, "asinh", NULL},
    {"Atan", 7, 0, unary, "atan", NULL},
    {"Atanh", 9, 0, unary, "atanh", NULL},
    {"Cast", 6, 0, cast, "cast", NULL},
    {"CastLike", 15, 0, cast_like, "cast", NULL},
    {"Ceil", 1, 0, unary, "ceil", NULL},
    {"Celu", 12, 0, scull_onnx_map_plain, "celu", "alpha=1"},
    {"Clip", 11, 0, clip, "clip", NULL},
    {"Clip", 1, 10, old_clip, "clip", NULL},
    {"Cos", 7, 0, unary, "cos", NULL},
    {"Cosh", 9, 0, unary, "cosh", NULL},
    {"Elu", 1, 0, scull_onnx_map_plain, "elu", "alpha=1"},
    {"Erf", 9, 0, unary, "erf", NULL},
    {"Exp", 1, 0, unary, "exp", NULL},
    {"Floor", 1, 0, unary, "floor", NULL},
    {"Gelu", 20, 0, gelu, "gelu", NULL},
    {"HardSigmoid", 1, 0, scull_onnx_map_plain, "hard_sigmoid", "alpha=0.2 beta=0.5"},
    {"HardSwish", 14, 0, hard_swish, "hard_swish", NULL},
    {"Identity", 1, 0, unary, "identity", NULL},
    {"LeakyRelu", 1, 0, scull_onnx_map_plain, "leaky_relu", "alpha=0.01"},
    {"Log", 1, 0, unary, "log", NULL},
    {"Mish", 18, 0, unary, "mish", NULL},
    {"Neg", 1, 0, unary, "neg", NULL},
    {"PRelu", 1, 0, prelu, "prelu", NULL},
    {"Reciprocal", 1, 0, unary, "reciprocal", NULL},
    {"Relu", 1, 0, unary, "relu", NULL},
    {"Round", 11, 0, unary, "round", NULL},
    {"Selu", 1, 0, scull_onnx_map_plain, "selu",
     "alpha=1.67326319217681884765625 gamma=1.05070102214813232421875"},
    {"Shrink", 9, 0, scull_onnx_map_plain, "shrink", "lambd>lambda=0.5 bias=0"},
    {"Sigmoid", 1, 0, unary, "sigmoid", NULL},
    {"Sign", 9, 0, unary, "sign", NULL},
    {"Sin", 7, 0, unary, "sin", NULL},
    {"Sinh", 9, 0, unary, "sinh", NULL},
    {"Softplus", 1, 0, unary, "softplus", NULL},
    {"Softsign", 1, 0, softsign, NULL, NULL},
    {"Sqrt", 1, 0, unary, "sqrt", NULL},
    {"Tan", 7, 0, unary, "tan", NULL},
    {"Tanh", 1, 0, unary, "tanh", NULL},
    {"ThresholdedRelu", 10, 0, scull_onnx_map_plain, "thresholded_relu", "alpha>threshold=1"},
    {"IsNaN", 9, 0, unary, "is_nan", NULL},
    {"IsInf", 10, 0, scull_onnx_map_plain, "is_inf",
     "detect_negative>negative=true detect_positive>positive=true"},
    {"BitwiseNot", 18, 0, unary, "bitwise_not", NULL},
};

SCULL_ONNX_ROWS(activation, "", rows);
