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

/* gamma * elu(x) */
static scull_status_t selu(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  scull_emit_t elu = scull_import_emit(&call->emitter, "elu", x);
  scull_import_emit_float(&elu, "alpha",
                          scull_onnx_float(call, "alpha", 1.67326319217681884765625));
  SCULL_TRY(scull_import_emit_end(&elu, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "scale", x);
  scull_import_emit_float(&emit, "scale",
                          scull_onnx_float(call, "gamma", 1.05070102214813232421875));
  return scull_onnx_end(call, &emit);
}

/* alpha * elu(x / alpha) */
static scull_status_t celu(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  double alpha = scull_onnx_float(call, "alpha", 1);
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_import_emit_scale(&call->emitter, x, 1 / alpha, 0, NULL, &x));
  scull_emit_t elu = scull_import_emit(&call->emitter, "elu", x);
  scull_import_emit_float(&elu, "alpha", 1);
  SCULL_TRY(scull_import_emit_end(&elu, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "scale", x);
  scull_import_emit_float(&emit, "scale", alpha);
  return scull_onnx_end(call, &emit);
}

/* `yes` where x compares so with a number, else `no`. */
static scull_status_t choose(scull_onnx_call_t *call, const char *compare, double with,
                             scull_value_id_t yes, scull_value_id_t no, const char *name,
                             scull_value_id_t *out) {
  scull_value_id_t number = SCULL_NO_ID, test = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_scalar(&call->emitter, scull_onnx_in_dtype(call, 0), with, &number));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, compare, scull_onnx_in(call, 0), number, NULL,
                                     &test));
  scull_emit_t emit = scull_import_emit(&call->emitter, "where", test);
  scull_import_emit_input(&emit, yes);
  scull_import_emit_input(&emit, no);
  return scull_import_emit_end(&emit, name, out);
}

static scull_status_t thresholded_relu(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, zero = SCULL_NO_ID, out = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_import_emit_scalar(&call->emitter, scull_onnx_in_dtype(call, 0), 0, &zero));
  SCULL_TRY(choose(call, "greater", scull_onnx_float(call, "alpha", 1), x, zero,
                   scull_onnx_out_name(call, 0), &out));
  scull_onnx_set(call, 0, out);
  return SCULL_OK;
}

/* Nearer to zero by `bias`, and zero within `lambd` of it. */
static scull_status_t shrink(scull_onnx_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, t = SCULL_NO_ID, low = SCULL_NO_ID, high = SCULL_NO_ID;
  double bias = scull_onnx_float(call, "bias", 0), lambd = scull_onnx_float(call, "lambd", 0.5);
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_import_emit_scale(to, x, 1, -bias, NULL, &high));
  SCULL_TRY(scull_import_emit_scale(to, x, 1, bias, NULL, &low));
  SCULL_TRY(scull_import_emit_scalar(to, scull_onnx_in_dtype(call, 0), 0, &t));
  SCULL_TRY(choose(call, "greater", lambd, high, t, NULL, &t));
  SCULL_TRY(choose(call, "less", -lambd, low, t, scull_onnx_out_name(call, 0), &t));
  scull_onnx_set(call, 0, t);
  return SCULL_OK;
}

/* x xor -1 */
static scull_status_t bitwise_not(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, ones = SCULL_NO_ID;
  uint64_t all = UINT64_MAX;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  scull_type_t type = {.dtype = scull_onnx_in_dtype(call, 0)};
  SCULL_TRY(scull_import_emit_constant(&call->emitter, &type, &all, NULL, &ones));
  scull_emit_t emit = scull_import_emit(&call->emitter, "bitwise", x);
  scull_import_emit_input(&emit, ones);
  scull_import_emit_word(&emit, "fn", "xor");
  return scull_onnx_end(call, &emit);
}

static const scull_onnx_row_t rows[] = {
    {"Abs", 1, 0, unary, "abs", NULL},
    {"Acos", 7, 0, scull_onnx_map_plain, "trig", "fn=acos"},
    {"Acosh", 9, 0, scull_onnx_map_plain, "trig", "fn=acosh"},
    {"Asin", 7, 0, scull_onnx_map_plain, "trig", "fn=asin"},
    {"Asinh", 9, 0, scull_onnx_map_plain, "trig", "fn=asinh"},
    {"Atan", 7, 0, scull_onnx_map_plain, "trig", "fn=atan"},
    {"Atanh", 9, 0, scull_onnx_map_plain, "trig", "fn=atanh"},
    {"Cast", 6, 0, cast, "cast", NULL},
    {"CastLike", 15, 0, cast_like, "cast", NULL},
    {"Ceil", 1, 0, unary, "ceil", NULL},
    {"Celu", 12, 0, celu, NULL, NULL},
    {"Clip", 11, 0, clip, "clip", NULL},
    {"Clip", 1, 10, old_clip, "clip", NULL},
    {"Cos", 7, 0, unary, "cos", NULL},
    {"Cosh", 9, 0, scull_onnx_map_plain, "trig", "fn=cosh"},
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
    {"Round", 11, 0, scull_onnx_map_plain, "round", "even=true"},
    {"Selu", 1, 0, selu, NULL, NULL},
    {"Shrink", 9, 0, shrink, NULL, NULL},
    {"Sigmoid", 1, 0, unary, "sigmoid", NULL},
    {"Sign", 9, 0, unary, "sign", NULL},
    {"Sin", 7, 0, unary, "sin", NULL},
    {"Sinh", 9, 0, scull_onnx_map_plain, "trig", "fn=sinh"},
    {"Softplus", 1, 0, unary, "softplus", NULL},
    {"Softsign", 1, 0, softsign, NULL, NULL},
    {"Sqrt", 1, 0, unary, "sqrt", NULL},
    {"Tan", 7, 0, scull_onnx_map_plain, "trig", "fn=tan"},
    {"Tanh", 1, 0, unary, "tanh", NULL},
    {"ThresholdedRelu", 10, 0, thresholded_relu, NULL, NULL},
    {"IsNaN", 9, 0, scull_onnx_map_plain, "is_special", "nan=true"},
    {"IsInf", 10, 0, scull_onnx_map_plain, "is_special",
     "detect_negative>negative=true detect_positive>positive=true"},
    {"BitwiseNot", 18, 0, bitwise_not, NULL, NULL},
};

SCULL_ONNX_ROWS(activation, "", rows);
