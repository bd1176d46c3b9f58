/* Layers that work element by element, and what combines bottoms so. */
#include <math.h>
#include <string.h>

#include "import/caffe/call.h"

/* --- one bottom ------------------------------------------------------------------------------ */

static scull_status_t relu(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  double slope = scull_caffe_float(call, "negative_slope", 0);
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, slope == 0 ? "relu" : "leaky_relu", x);
  if (slope != 0)
    scull_import_emit_float(&emit, "alpha", slope);
  return scull_caffe_end(call, &emit);
}

/* A node of row->op with one attribute. */
static scull_status_t with_float(scull_caffe_call_t *call, const char *theirs, const char *ours,
                                 double otherwise) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  scull_import_emit_float(&emit, ours, scull_caffe_float(call, theirs, otherwise));
  return scull_caffe_end(call, &emit);
}

static scull_status_t elu(scull_caffe_call_t *call) {
  return with_float(call, "alpha", "alpha", 1);
}
static scull_status_t swish(scull_caffe_call_t *call) {
  return with_float(call, "beta", "beta", 1);
}

static scull_status_t clip_to(scull_caffe_call_t *call, double low, double high) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "clip", x);
  scull_import_emit_float(&emit, "min", low);
  scull_import_emit_float(&emit, "max", high);
  return scull_caffe_end(call, &emit);
}

static scull_status_t relu6(scull_caffe_call_t *call) {
  return clip_to(call, 0, 6);
}

static scull_status_t clip(scull_caffe_call_t *call) {
  double low = scull_caffe_float(call, "min", -(double)INFINITY);
  double high = scull_caffe_float(call, "max", (double)INFINITY);
  return clip_to(call, low, high);
}

/* factor * (shift + scale * x) of the layer's parameters. */
static scull_status_t emit_linear(scull_caffe_call_t *call, double factor, scull_value_id_t *out) {
  double scale = scull_caffe_float(call, "scale", 1), shift = scull_caffe_float(call, "shift", 0);
  SCULL_TRY(scull_caffe_bottom(call, 0, out));
  if (factor * scale == 1 && factor * shift == 0)
    return SCULL_OK;
  return scull_import_emit_scale(&call->emitter, *out, factor * scale, factor * shift, NULL, out);
}

/* (shift + scale * x) ^ power */
static scull_status_t power(scull_caffe_call_t *call) {
  static const struct {
    double power;
    const char *op;
  } special[] = {{1, "identity"}, {2, "square"}, {0.5, "sqrt"}, {-1, "reciprocal"}};
  scull_value_id_t x = SCULL_NO_ID, exponent = SCULL_NO_ID;
  double wanted = scull_caffe_float(call, "power", 1);
  SCULL_TRY(emit_linear(call, 1, &x));
  for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
    if (special[i].power == wanted) {
      scull_emit_t emit = scull_import_emit(&call->emitter, special[i].op, x);
      return scull_caffe_end(call, &emit);
    }
  }
  SCULL_TRY(scull_import_emit_scalar(&call->emitter, SCULL_DTYPE_F32, wanted, &exponent));
  scull_emit_t emit = scull_import_emit(&call->emitter, "pow", x);
  scull_import_emit_input(&emit, exponent);
  return scull_caffe_end(call, &emit);
}

/* base ^ (shift + scale * x); base -1 is e. */
static scull_status_t exponential(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  double base = scull_caffe_float(call, "base", -1);
  if (base != -1 && !(base > 0))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "base %g", base);
  SCULL_TRY(emit_linear(call, base == -1 ? 1 : log(base), &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "exp", x);
  return scull_caffe_end(call, &emit);
}

/* The logarithm to `base` of shift + scale * x. */
static scull_status_t logarithm(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  double base = scull_caffe_float(call, "base", -1);
  if (base != -1 && !(base > 0 && base != 1))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "base %g", base);
  SCULL_TRY(emit_linear(call, 1, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "log", x);
  if (base == -1)
    return scull_caffe_end(call, &emit);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
  scull_emit_t scaled = scull_import_emit(&call->emitter, "scale", x);
  scull_import_emit_float(&scaled, "scale", 1 / log(base));
  return scull_caffe_end(call, &scaled);
}

static scull_status_t threshold(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, limit = SCULL_NO_ID;
  double wanted = scull_caffe_float(call, "threshold", 0);
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  SCULL_TRY(scull_import_emit_scalar(&call->emitter, SCULL_DTYPE_F32, wanted, &limit));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "greater", x, limit, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "cast", x);
  scull_import_emit_dtype(&emit, "to", SCULL_DTYPE_F32);
  return scull_caffe_end(call, &emit);
}

static scull_status_t softmax(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int32_t axis = 0;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  SCULL_TRY(scull_caffe_axis(call, "axis", 1, scull_import_rank(call->graph, x), &axis));
  scull_emit_t emit = scull_import_emit(&call->emitter, "softmax", x);
  scull_import_emit_int(&emit, "axis", axis);
  return scull_caffe_end(call, &emit);
}

/* --- several bottoms ------------------------------------------------------------------------- */

enum { PROD, SUM, MAX };

/* Bottom `index` times its coefficient. */
static scull_status_t weighted(scull_caffe_call_t *call, size_t index, scull_floats_t coeff,
                               scull_value_id_t *out) {
  *out = call->bottoms[index];
  if (coeff.size == 0 || coeff.data[index] == 1)
    return SCULL_OK;
  return scull_import_emit_scale(&call->emitter, *out, coeff.data[index], 0, NULL, out);
}

static scull_status_t eltwise(scull_caffe_call_t *call) {
  static const char *const words[] = {"PROD", "SUM", "MAX", NULL};
  static const char *const ops[] = {"mul", "add", "max"};
  scull_value_id_t sum = SCULL_NO_ID, next = SCULL_NO_ID;
  size_t count = call->layer->bottoms.size;
  int64_t kind =
      scull_caffe_has(call, "operation") ? scull_caffe_enum(call, "operation", words) : SUM;
  scull_floats_t coeff = kind == SUM ? scull_caffe_floats(call, "coeff") : (scull_floats_t){0};
  if (count < 2)
    return count == 0 ? scull_caffe_bottom(call, 0, &sum) : scull_caffe_map_identity(call);
  if (coeff.size != 0 && coeff.size != count)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu coefficients for %zu bottoms",
                           coeff.size, count);
  SCULL_TRY(weighted(call, 0, coeff, &sum));
  for (size_t i = 1; i < count; i++) {
    bool minus = coeff.size != 0 && coeff.data[i] == -1;
    if (minus)
      next = call->bottoms[i];
    else
      SCULL_TRY(weighted(call, i, coeff, &next));
    scull_emit_t emit = scull_import_emit(&call->emitter, minus ? "sub" : ops[kind], sum);
    scull_import_emit_input(&emit, next);
    if (i + 1 == count)
      return scull_caffe_end(call, &emit);
    SCULL_TRY(scull_import_emit_end(&emit, NULL, &sum));
  }
  return SCULL_OK;
}

/* SENet's: bottom 0 [N,C] or [N,C,1,1] times bottom 1, plus bottom 2. */
static scull_status_t axpy(scull_caffe_call_t *call) {
  scull_value_id_t scale = SCULL_NO_ID, x = SCULL_NO_ID, y = SCULL_NO_ID;
  SCULL_TRY(scull_caffe_bottom(call, 0, &scale));
  SCULL_TRY(scull_caffe_bottom(call, 1, &x));
  SCULL_TRY(scull_caffe_bottom(call, 2, &y));
  if (scull_import_rank(call->graph, scale) == 2)
    SCULL_TRY(scull_import_emit_unsqueeze(&call->emitter, scale, SCULL_INTS(2, 3), NULL, &scale));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "mul", x, scale, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "add", x);
  scull_import_emit_input(&emit, y);
  return scull_caffe_end(call, &emit);
}

static const scull_caffe_row_t rows[] = {
    {"ReLU", relu, "relu", "relu_param", 0},
    {"ReLU6", relu6, "clip", NULL, 0},
    {"ELU", elu, "elu", "elu_param", 0},
    {"Swish", swish, "swish", "swish_param", 0},
    {"Clip", clip, "clip", "clip_param", 0},
    {"Sigmoid", scull_caffe_map_plain, "sigmoid", NULL, 0},
    {"TanH", scull_caffe_map_plain, "tanh", NULL, 0},
    {"AbsVal", scull_caffe_map_plain, "abs", NULL, 0},
    {"BNLL", scull_caffe_map_plain, "softplus", NULL, 0},
    {"Power", power, NULL, "power_param", 0},
    {"Exp", exponential, NULL, "exp_param", 0},
    {"Log", logarithm, NULL, "log_param", 0},
    {"Threshold", threshold, NULL, "threshold_param", 0},
    {"Dropout", scull_caffe_map_identity, "identity", NULL, 0},
    {"Softmax", softmax, "softmax", "softmax_param", 0},
    {"Eltwise", eltwise, NULL, "eltwise_param", 0},
    {"Axpy", axpy, NULL, NULL, 0},
};

SCULL_CAFFE_ROWS(neuron, rows);
