/* Element-wise operators. They keep the order of axes that their operands have. */
#include <math.h>
#include <string.h>

#include "import/tensorflow/call.h"

static scull_status_t binary(scull_tf_call_t *call) {
  scull_value_id_t x[2] = {SCULL_NO_ID, SCULL_NO_ID};
  bool first = false;
  SCULL_TRY(scull_tf_pair(call, 0, 1, x, &first));
  scull_emit_t emit = scull_tf_begin(call, x[0]);
  scull_import_emit_input(&emit, x[1]);
  return scull_tf_end(call, &emit, first);
}

static scull_status_t squared_difference(scull_tf_call_t *call) {
  scull_value_id_t x[2] = {SCULL_NO_ID, SCULL_NO_ID}, difference = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_pair(call, 0, 1, x, &first));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "sub", x[0], x[1], NULL, &difference));
  scull_emit_t emit = scull_import_emit(&call->emitter, "square", difference);
  return scull_tf_end(call, &emit, first);
}

/* Operands of one shape. */
static scull_status_t add_n(scull_tf_call_t *call) {
  scull_value_id_t sum = SCULL_NO_ID, next = SCULL_NO_ID;
  bool first = false;
  size_t count = call->node->input_count;
  SCULL_TRY(scull_tf_any(call, 0, &first, &sum));
  for (size_t i = 1; i + 1 < count; i++) {
    SCULL_TRY(first ? scull_tf_first(call, i, &next) : scull_tf_plain(call, i, &next));
    SCULL_TRY(scull_import_emit_simple(&call->emitter, "add", sum, next, NULL, &sum));
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, count > 1 ? "add" : "identity", sum);
  if (count > 1) {
    SCULL_TRY(first ? scull_tf_first(call, count - 1, &next)
                    : scull_tf_plain(call, count - 1, &next));
    scull_import_emit_input(&emit, next);
  }
  return scull_tf_end(call, &emit, first);
}

static scull_status_t clip_to(scull_tf_call_t *call, double low, double high) {
  scull_value_id_t x = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "clip", x);
  scull_import_emit_float(&emit, "min", low);
  scull_import_emit_float(&emit, "max", high);
  return scull_tf_end(call, &emit, first);
}

static scull_status_t relu6(scull_tf_call_t *call) {
  return clip_to(call, 0, 6);
}

static scull_status_t clip_by_value(scull_tf_call_t *call) {
  double low = 0, high = 0;
  SCULL_TRY(scull_tf_fixed_float(call, 1, "lower bound", &low));
  SCULL_TRY(scull_tf_fixed_float(call, 2, "upper bound", &high));
  return clip_to(call, low, high);
}

/* x / (1 + |x|) */
static scull_status_t softsign(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, below = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "abs", x, SCULL_NO_ID, NULL, &below));
  SCULL_TRY(scull_import_emit_scale(&call->emitter, below, 1, 1, NULL, &below));
  scull_emit_t emit = scull_import_emit(&call->emitter, "div", x);
  scull_import_emit_input(&emit, below);
  return scull_tf_end(call, &emit, first);
}

/* scale * elu(x) below 0, scale * x above. */
static scull_status_t selu(scull_tf_call_t *call) {
  const double alpha = 1.6732632423543772, scale = 1.0507009873554805;
  scull_value_id_t x = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  scull_emit_t elu = scull_import_emit(&call->emitter, "elu", x);
  scull_import_emit_float(&elu, "alpha", alpha);
  SCULL_TRY(scull_import_emit_end(&elu, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "scale", x);
  scull_import_emit_float(&emit, "scale", scale);
  return scull_tf_end(call, &emit, first);
}

static scull_status_t log1p_(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  SCULL_TRY(scull_import_emit_scale(&call->emitter, x, 1, 1, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "log", x);
  return scull_tf_end(call, &emit, first);
}

static scull_status_t expm1_(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "exp", x, SCULL_NO_ID, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "scale", x);
  scull_import_emit_float(&emit, "bias", -1);
  return scull_tf_end(call, &emit, first);
}

/* Along the last axis of the file, which is the second of ours. */
static scull_status_t softmax(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  scull_emit_t emit = scull_tf_begin(call, x);
  scull_import_emit_int(&emit, "axis", first ? 1 : -1);
  return scull_tf_end(call, &emit, first);
}

static scull_status_t cast(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_dtype_t to = SCULL_DTYPE_NONE;
  bool first = false;
  SCULL_TRY(scull_tf_type(call, "DstT", SCULL_DTYPE_NONE, &to));
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "cast", x);
  scull_import_emit_dtype(&emit, "to", to);
  return scull_tf_end(call, &emit, first);
}

/* The file says that values here are of eight bits between two limits, which is knowledge for a
 * quantized build; until that reads it, the values pass as they are. */
static scull_status_t fake_quant(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "identity", x);
  return scull_tf_end(call, &emit, first);
}

static scull_status_t like(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, shape = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "shape", x, SCULL_NO_ID, NULL, &shape));
  scull_emit_t emit = scull_import_emit(&call->emitter, "fill", shape);
  scull_import_emit_dtype(&emit, "to", scull_tf_input_dtype(call, 0));
  scull_import_emit_float(&emit, "value", strcmp(call->node->op, "OnesLike") == 0 ? 1 : 0);
  return scull_tf_end(call, &emit, first);
}

/* Select and SelectV2; a condition of rank 1 chooses whole rows in the first. */
static scull_status_t choose(scull_tf_call_t *call) {
  scull_value_id_t condition = SCULL_NO_ID, x = SCULL_NO_ID, y = SCULL_NO_ID;
  int64_t axes[SCULL_MAX_RANK];
  SCULL_TRY(scull_tf_plain(call, 0, &condition));
  SCULL_TRY(scull_tf_plain(call, 1, &x));
  SCULL_TRY(scull_tf_plain(call, 2, &y));
  int32_t rank = scull_tf_rank(call, 1);
  if (strcmp(call->node->op, "Select") == 0 && scull_tf_rank(call, 0) == 1 && rank > 1) {
    for (int32_t i = 1; i < rank; i++)
      axes[i - 1] = i;
    SCULL_TRY(scull_import_emit_unsqueeze(
        &call->emitter, condition, (scull_ints_t){axes, (size_t)rank - 1}, NULL, &condition));
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "where", condition);
  scull_import_emit_input(&emit, x);
  scull_import_emit_input(&emit, y);
  return scull_tf_end(call, &emit, false);
}

/* Halves go to the even neighbour. */
static scull_status_t round_even(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool first = false;
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  scull_emit_t emit = scull_tf_begin(call, x);
  scull_import_emit_bool(&emit, "even", true);
  return scull_tf_end(call, &emit, first);
}

#define UNARY(type, op)                                                                            \
  { type, scull_tf_map_unary, op, NULL }
#define BINARY(type, op)                                                                           \
  { type, binary, op, NULL }

static const scull_tf_row_t rows[] = {
    UNARY("Identity", "identity"),
    UNARY("StopGradient", "identity"),
    UNARY("PreventGradient", "identity"),
    UNARY("CheckNumerics", "identity"),
    UNARY("Snapshot", "identity"),
    UNARY("PlaceholderWithDefault", "identity"),
    UNARY("Relu", "relu"),
    UNARY("Elu", "elu"),
    UNARY("Sigmoid", "sigmoid"),
    UNARY("Tanh", "tanh"),
    UNARY("Softplus", "softplus"),
    UNARY("Exp", "exp"),
    UNARY("Log", "log"),
    UNARY("Sqrt", "sqrt"),
    UNARY("Rsqrt", "rsqrt"),
    UNARY("Square", "square"),
    UNARY("Abs", "abs"),
    UNARY("Neg", "neg"),
    UNARY("Sign", "sign"),
    UNARY("Floor", "floor"),
    UNARY("Ceil", "ceil"),
    {"Round", round_even, "round", NULL},
    {"Rint", round_even, "round", NULL},
    UNARY("Erf", "erf"),
    UNARY("Sin", "sin"),
    UNARY("Cos", "cos"),
    UNARY("Inv", "reciprocal"),
    UNARY("Reciprocal", "reciprocal"),
    UNARY("LogicalNot", "logical_not"),
    {"LeakyRelu", scull_tf_map_unary, "leaky_relu", "alpha=0.2"},
    {"Relu6", relu6, "clip", NULL},
    {"ClipByValue", clip_by_value, "clip", NULL},
    {"Selu", selu, NULL, NULL},
    {"Softsign", softsign, NULL, NULL},
    {"Log1p", log1p_, NULL, NULL},
    {"Expm1", expm1_, NULL, NULL},
    {"Softmax", softmax, "softmax", NULL},
    {"LogSoftmax", softmax, "log_softmax", NULL},
    {"Cast", cast, "cast", NULL},
    {"FakeQuantWithMinMaxVars", fake_quant, "identity", NULL},
    {"FakeQuantWithMinMaxArgs", fake_quant, "identity", NULL},
    {"FakeQuantWithMinMaxVarsPerChannel", fake_quant, "identity", NULL},
    {"ZerosLike", like, "fill", NULL},
    {"OnesLike", like, "fill", NULL},
    {"Select", choose, "where", NULL},
    {"SelectV2", choose, "where", NULL},
    BINARY("Add", "add"),
    BINARY("AddV2", "add"),
    BINARY("Sub", "sub"),
    BINARY("Mul", "mul"),
    BINARY("RealDiv", "div"),
    BINARY("Div", "div"),
    BINARY("FloorDiv", "floor_div"),
    BINARY("FloorMod", "mod"),
    BINARY("Pow", "pow"),
    BINARY("Maximum", "max"),
    BINARY("Minimum", "min"),
    BINARY("Equal", "equal"),
    BINARY("NotEqual", "not_equal"),
    BINARY("Less", "less"),
    BINARY("LessEqual", "less_equal"),
    BINARY("Greater", "greater"),
    BINARY("GreaterEqual", "greater_equal"),
    BINARY("LogicalAnd", "logical_and"),
    BINARY("LogicalOr", "logical_or"),
    {"SquaredDifference", squared_difference, NULL, NULL},
    {"AddN", add_n, "add", NULL},
};

SCULL_TF_ROWS(neuron, rows);
