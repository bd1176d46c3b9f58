/* Activations and other functions of one tensor. Defaults are Paddle's for an absent attribute. */
#include <string.h>

#include "import/paddle/call.h"

/* relu6, swish and hard_swish have attributes (threshold, beta, ...) which Paddle's kernels
 * since 2.0 pass over; so do we. */
static scull_status_t relu6(scull_paddle_call_t *call) {
  scull_emit_t clip = scull_import_emit(&call->emitter, "clip", scull_paddle_in(call, "X"));
  scull_import_emit_float(&clip, "min", 0);
  scull_import_emit_float(&clip, "max", 6);
  return scull_paddle_end(call, &clip, "Out");
}

/* Limits that a run computes: one element each. */
static scull_status_t clip_computed(scull_paddle_call_t *call) {
  static const char *const slots[] = {"Max", "Min"}, *const attrs[] = {"max", "min"};
  static const char *const ops[] = {"min", "max"};
  scull_value_id_t x = scull_paddle_in(call, "X");
  scull_dtype_t dtype = scull_graph_value(call->graph, x)->dtype;
  for (int i = 0; i < 2; i++) {
    scull_value_id_t limit = scull_paddle_in(call, slots[i]);
    if (limit == SCULL_NO_ID)
      SCULL_TRY(scull_import_emit_scalar(&call->emitter, dtype,
                                         scull_paddle_float(call, attrs[i], 0), &limit));
    SCULL_TRY(scull_import_emit_cast(&call->emitter, limit, dtype, NULL, &limit));
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, limit, (scull_ints_t){0}, NULL, &limit));
    SCULL_TRY(scull_import_emit_simple(&call->emitter, ops[i], x, limit,
                                       i == 1 ? scull_paddle_out_name(call, "Out", 0) : NULL, &x));
  }
  scull_paddle_set(call, "Out", 0, x);
  return SCULL_OK;
}

static bool is_computed(const scull_paddle_call_t *call, const char *slot) {
  double value = 0;
  scull_value_id_t x = scull_paddle_in(call, slot);
  return x != SCULL_NO_ID && !scull_import_known_float(call->graph, x, 0, &value);
}

static scull_status_t clip(scull_paddle_call_t *call) {
  double min = 0, max = 0;
  if (is_computed(call, "Min") || is_computed(call, "Max"))
    return clip_computed(call);
  SCULL_TRY(scull_paddle_fixed_float(call, "min", "Min", 0, &min));
  SCULL_TRY(scull_paddle_fixed_float(call, "max", "Max", 0, &max));
  scull_emit_t emit = scull_import_emit(&call->emitter, "clip", scull_paddle_in(call, "X"));
  scull_import_emit_float(&emit, "min", min);
  scull_import_emit_float(&emit, "max", max);
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t swish(scull_paddle_call_t *call) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "swish", scull_paddle_in(call, "X"));
  scull_import_emit_float(&emit, "beta", 1);
  return scull_paddle_end(call, &emit, "Out");
}

/* scale * (x + bias) when the bias comes first. */
static scull_status_t scale(scull_paddle_call_t *call) {
  double factor = 1, bias = scull_paddle_float(call, "bias", 0);
  SCULL_TRY(scull_paddle_fixed_float(call, "scale", "ScaleTensor", 1, &factor));
  if (!scull_paddle_bool(call, "bias_after_scale", true))
    bias *= factor;
  scull_emit_t emit = scull_import_emit(&call->emitter, "scale", scull_paddle_in(call, "X"));
  scull_import_emit_float(&emit, "scale", factor);
  scull_import_emit_float(&emit, "bias", bias);
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t increment(scull_paddle_call_t *call) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "scale", scull_paddle_in(call, "X"));
  scull_import_emit_float(&emit, "bias", scull_paddle_float(call, "step", 1));
  return scull_paddle_end(call, &emit, "Out");
}

/* At inference the old form scales by what was kept, the new one does nothing. */
static scull_status_t dropout(scull_paddle_call_t *call) {
  const char *mode = scull_paddle_text(call, "dropout_implementation", "downgrade_in_infer");
  bool keeps = strcmp(mode, "upscale_in_train") == 0;
  double dropped = 0;
  SCULL_TRY(scull_paddle_fixed_float(call, "dropout_prob", "P", 0.5, &dropped));
  scull_emit_t emit =
      scull_import_emit(&call->emitter, keeps ? "identity" : "scale", scull_paddle_in(call, "X"));
  if (!keeps)
    scull_import_emit_float(&emit, "scale", 1 - dropped);
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t cast(scull_paddle_call_t *call) {
  scull_dtype_t to = scull_paddle_dtype(scull_paddle_int(call, "out_dtype", SCULL_PADDLE_FP32));
  if (to == SCULL_DTYPE_NONE)
    return scull_import_unsupported(&call->emitter, "its out_dtype is none that Scull knows");
  scull_emit_t emit = scull_import_emit(&call->emitter, "cast", scull_paddle_in(call, "X"));
  scull_import_emit_dtype(&emit, "to", to);
  return scull_paddle_end(call, &emit, "Out");
}

/* x to the power of a number. */
static scull_status_t power(scull_paddle_call_t *call) {
  double factor = 1;
  scull_value_id_t x = SCULL_NO_ID, y = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_fixed_float(call, "factor", "FactorTensor", 1, &factor));
  SCULL_TRY(scull_import_emit_scalar(&call->emitter, scull_graph_value(call->graph, x)->dtype,
                                     factor, &y));
  scull_emit_t emit = scull_import_emit(&call->emitter, "pow", x);
  scull_import_emit_input(&emit, y);
  return scull_paddle_end(call, &emit, "Out");
}

/* The slope as NumPy's broadcast wants it: one a channel becomes [C,1,1]. */
static scull_status_t prelu(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, slope = SCULL_NO_ID;
  const char *mode = scull_paddle_text(call, "mode", "all");
  bool last = scull_paddle_channels_last(call, "data_format");
  int64_t dims[SCULL_MAX_RANK];
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Alpha", &slope));
  size_t rank = (size_t)scull_import_rank(call->graph, x);
  for (size_t d = 0; d < rank; d++)
    dims[d] = 1;
  dims[0] = -1;
  if (strcmp(mode, "channel") == 0 && !last && rank > 1)
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, slope, (scull_ints_t){dims, rank - 1}, NULL,
                                        &slope));
  else if (strcmp(mode, "element") != 0)
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, slope, SCULL_INTS(-1), NULL, &slope));
  scull_emit_t emit = scull_import_emit(&call->emitter, "prelu", x);
  scull_import_emit_input(&emit, slope);
  return scull_paddle_end(call, &emit, "Out");
}

/* log(sigmoid(x)) = -softplus(-x) */
static scull_status_t log_sigmoid(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t t = scull_paddle_in(call, "X");
  SCULL_TRY(scull_import_emit_simple(to, "neg", t, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "softplus", t, SCULL_NO_ID, NULL, &t));
  scull_emit_t emit = scull_import_emit(to, "neg", t);
  return scull_paddle_end(call, &emit, "Out");
}

/* x / (1 + |x|) */
static scull_status_t softsign(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = scull_paddle_in(call, "X"), t = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_simple(to, "abs", x, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(scull_import_emit_scale(to, t, 1, 1, NULL, &t));
  scull_emit_t emit = scull_import_emit(to, "div", x);
  scull_import_emit_input(&emit, t);
  return scull_paddle_end(call, &emit, "Out");
}

/* x - tanh(x) */
static scull_status_t tanh_shrink(scull_paddle_call_t *call) {
  scull_value_id_t x = scull_paddle_in(call, "X"), t = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "tanh", x, SCULL_NO_ID, NULL, &t));
  scull_emit_t emit = scull_import_emit(&call->emitter, "sub", x);
  scull_import_emit_input(&emit, t);
  return scull_paddle_end(call, &emit, "Out");
}

/* x without what lies in [-lambda, lambda], moved to zero: x - clip(x) */
static scull_status_t soft_shrink(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = scull_paddle_in(call, "X"), t = SCULL_NO_ID;
  double lambda = scull_paddle_float(call, "lambda", 0.5);
  scull_emit_t inner = scull_import_emit(to, "clip", x);
  scull_import_emit_float(&inner, "min", -lambda);
  scull_import_emit_float(&inner, "max", lambda);
  SCULL_TRY(scull_import_emit_end(&inner, NULL, &t));
  scull_emit_t emit = scull_import_emit(to, "sub", x);
  scull_import_emit_input(&emit, t);
  return scull_paddle_end(call, &emit, "Out");
}

/* x where `measured` > threshold, else 0. */
static scull_status_t keep_above(scull_paddle_call_t *call, scull_value_id_t measured,
                                 double threshold) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, limit = SCULL_NO_ID, zero = SCULL_NO_ID, above = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  scull_dtype_t dtype = scull_graph_value(call->graph, x)->dtype;
  SCULL_TRY(scull_import_emit_scalar(to, dtype, threshold, &limit));
  SCULL_TRY(scull_import_emit_scalar(to, dtype, 0, &zero));
  SCULL_TRY(scull_import_emit_simple(to, "greater", measured, limit, NULL, &above));
  scull_emit_t emit = scull_import_emit(to, "where", above);
  scull_import_emit_input(&emit, x);
  scull_import_emit_input(&emit, zero);
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t thresholded_relu(scull_paddle_call_t *call) {
  return keep_above(call, scull_paddle_in(call, "X"), scull_paddle_float(call, "threshold", 1));
}

static scull_status_t hard_shrink(scull_paddle_call_t *call) {
  scull_value_id_t size = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "abs", scull_paddle_in(call, "X"), SCULL_NO_ID,
                                     NULL, &size));
  return keep_above(call, size, scull_paddle_float(call, "threshold", 0.5));
}

/* scale * elu(x, alpha) */
static scull_status_t selu(scull_paddle_call_t *call) {
  scull_value_id_t t = SCULL_NO_ID;
  scull_emit_t elu = scull_import_emit(&call->emitter, "elu", scull_paddle_in(call, "X"));
  scull_import_emit_float(&elu, "alpha", scull_paddle_float(call, "alpha", 1.6732632423543772));
  SCULL_TRY(scull_import_emit_end(&elu, NULL, &t));
  scull_emit_t emit = scull_import_emit(&call->emitter, "scale", t);
  scull_import_emit_float(&emit, "scale", scull_paddle_float(call, "scale", 1.0507009873554805));
  return scull_paddle_end(call, &emit, "Out");
}

/* b * tanh(a * x) */
static scull_status_t scaled_tanh(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t t = scull_paddle_in(call, "X");
  SCULL_TRY(scull_import_emit_scale(to, t, scull_paddle_float(call, "scale_a", 0.67), 0, NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "tanh", t, SCULL_NO_ID, NULL, &t));
  scull_emit_t emit = scull_import_emit(to, "scale", t);
  scull_import_emit_float(&emit, "scale", scull_paddle_float(call, "scale_b", 1.7159));
  return scull_paddle_end(call, &emit, "Out");
}

/* log(1 + exp(clip(x, -t, t))) */
static scull_status_t soft_relu(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  double threshold = scull_paddle_float(call, "threshold", 40);
  scull_value_id_t t = SCULL_NO_ID;
  scull_emit_t inner = scull_import_emit(to, "clip", scull_paddle_in(call, "X"));
  scull_import_emit_float(&inner, "min", -threshold);
  scull_import_emit_float(&inner, "max", threshold);
  SCULL_TRY(scull_import_emit_end(&inner, NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "exp", t, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(scull_import_emit_scale(to, t, 1, 1, NULL, &t));
  scull_emit_t emit = scull_import_emit(to, "log", t);
  return scull_paddle_end(call, &emit, "Out");
}

#define PLAIN(type, op, attrs)                                                                     \
  { type, scull_paddle_map_plain, op, NULL, attrs }

static const scull_paddle_row_t rows[] = {
    PLAIN("relu", "relu", NULL),
    PLAIN("sigmoid", "sigmoid", NULL),
    PLAIN("tanh", "tanh", NULL),
    PLAIN("exp", "exp", NULL),
    PLAIN("log", "log", NULL),
    PLAIN("sqrt", "sqrt", NULL),
    PLAIN("rsqrt", "rsqrt", NULL),
    PLAIN("abs", "abs", NULL),
    PLAIN("square", "square", NULL),
    PLAIN("floor", "floor", NULL),
    PLAIN("ceil", "ceil", NULL),
    PLAIN("round", "round", NULL),
    PLAIN("reciprocal", "reciprocal", NULL),
    PLAIN("sign", "sign", NULL),
    PLAIN("sin", "sin", NULL),
    PLAIN("cos", "cos", NULL),
    PLAIN("erf", "erf", NULL),
    PLAIN("logical_not", "logical_not", NULL),
    PLAIN("mish", "mish", "threshold=20"),
    PLAIN("softplus", "softplus", "beta=1 threshold=20"),
    PLAIN("gelu", "gelu", "approximate=false"),
    PLAIN("elu", "elu", "alpha=1"),
    PLAIN("leaky_relu", "leaky_relu", "alpha=0.02"),
    PLAIN("hard_sigmoid", "hard_sigmoid", "slope>alpha=0.2 offset>beta=0.5"),
    PLAIN("hard_swish", "hard_swish", NULL),
    PLAIN("brelu", "clip", "t_min>min=0 t_max>max=24"),
    PLAIN("softmax", "softmax", "axis=-1"),
    PLAIN("log_softmax", "log_softmax", "axis=-1"),
    PLAIN("assign", "identity", NULL),
    PLAIN("share_data", "identity", NULL),
    {"relu6", relu6, "clip", NULL, NULL},
    {"clip", clip, "clip", NULL, NULL},
    {"swish", swish, "swish", NULL, NULL},
    {"silu", swish, "swish", NULL, NULL},
    {"scale", scale, "scale", NULL, NULL},
    {"increment", increment, "scale", NULL, NULL},
    {"dropout", dropout, NULL, NULL, NULL},
    {"cast", cast, "cast", NULL, NULL},
    {"pow", power, "pow", NULL, NULL},
    {"prelu", prelu, "prelu", NULL, NULL},
    {"logsigmoid", log_sigmoid, NULL, NULL, NULL},
    {"softsign", softsign, NULL, NULL, NULL},
    {"softshrink", soft_shrink, NULL, NULL, NULL},
    {"tanh_shrink", tanh_shrink, NULL, NULL, NULL},
    {"thresholded_relu", thresholded_relu, NULL, NULL, NULL},
    {"hard_shrink", hard_shrink, NULL, NULL, NULL},
    {"selu", selu, NULL, NULL, NULL},
    {"stanh", scaled_tanh, NULL, NULL, NULL},
    {"soft_relu", soft_relu, NULL, NULL, NULL},
};

SCULL_PADDLE_ROWS(activation, rows);
