/* Operators that training for 8 bits and Paddle's quantizers leave in a program. All become
 * quantize_linear and dequantize_linear, from which a build that may use INT8 takes its scales
 * (quant/fold.h). Paddle's scale is the largest |x|: a step is scale / (2^(bits - 1) - 1). */
#include <math.h>
#include <string.h>

#include "import/paddle/call.h"

/* The largest whole number of an attribute's bits. */
static scull_status_t levels_of(scull_paddle_call_t *call, int64_t bits, double *out) {
  if (bits < 2 || bits > 16)
    return scull_import_unsupported(&call->emitter, "%lld bits", (long long)bits);
  *out = ldexp(1, (int)bits - 1) - 1;
  return SCULL_OK;
}

/* Largest |x| over all axes but `keep` (-1: over all), as a list. */
static scull_status_t largest(scull_paddle_call_t *call, scull_value_id_t x, int64_t keep,
                              scull_value_id_t *out) {
  int64_t axes[SCULL_MAX_RANK];
  size_t count = 0;
  for (int32_t i = 0; i < scull_import_rank(call->graph, x); i++) {
    if (i != keep)
      axes[count++] = i;
  }
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "abs", x, SCULL_NO_ID, NULL, out));
  scull_emit_t emit = scull_import_emit(&call->emitter, "reduce_max", *out);
  scull_import_emit_ints(&emit, "axes", (scull_ints_t){axes, count});
  SCULL_TRY(scull_import_emit_end(&emit, NULL, out));
  return scull_import_emit_reshape(&call->emitter, *out, SCULL_INTS(-1), NULL, out);
}

/* x within -scale and scale, one scale for all. */
static scull_status_t clamp(scull_paddle_call_t *call, scull_value_id_t x, scull_value_id_t scale,
                            scull_value_id_t *out) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t low = SCULL_NO_ID;
  double limit = 0;
  if (scull_import_known_float(call->graph, scale, 0, &limit)) {
    scull_emit_t emit = scull_import_emit(to, "clip", x);
    scull_import_emit_float(&emit, "min", -limit);
    scull_import_emit_float(&emit, "max", limit);
    return scull_import_emit_end(&emit, NULL, out);
  }
  SCULL_TRY(scull_import_emit_scale(to, scale, -1, 0, NULL, &low));
  SCULL_TRY(scull_import_emit_simple(to, "max", x, low, NULL, out));
  return scull_import_emit_simple(to, "min", *out, scale, NULL, out);
}

/* x as whole numbers of steps; *step is a list. `axis` -1: one scale. */
static scull_status_t to_steps(scull_paddle_call_t *call, scull_value_id_t x,
                               scull_value_id_t scale, int64_t axis, const char *name,
                               scull_value_id_t *out, scull_value_id_t *step) {
  scull_emitter_t *to = &call->emitter;
  const int64_t bits = scull_paddle_int(call, "bit_length", 8);
  double levels = 0;
  SCULL_TRY(levels_of(call, bits, &levels));
  SCULL_TRY(scull_import_emit_reshape(to, scale, SCULL_INTS(-1), NULL, &scale));
  SCULL_TRY(scull_import_emit_scale(to, scale, 1 / levels, 0, NULL, step));
  if (axis < 0)
    SCULL_TRY(clamp(call, x, scale, &x));
  scull_emit_t emit = scull_import_emit(to, "quantize_linear", x);
  scull_import_emit_input(&emit, *step);
  scull_import_emit_int(&emit, "axis", axis < 0 ? 0 : axis);
  scull_import_emit_dtype(&emit, "to", bits <= 8 ? SCULL_DTYPE_I8 : SCULL_DTYPE_I16);
  return scull_import_emit_end(&emit, name, out);
}

static scull_emit_t from_steps(scull_paddle_call_t *call, scull_value_id_t q, scull_value_id_t step,
                               int64_t axis) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "dequantize_linear", q);
  scull_import_emit_input(&emit, step);
  scull_import_emit_int(&emit, "axis", axis < 0 ? 0 : axis);
  return emit;
}

/* The scale that a variable brings, or the largest |x| where the operator looks for itself. */
static scull_status_t scale_of(scull_paddle_call_t *call, scull_value_id_t x, int64_t axis,
                               scull_value_id_t *out) {
  *out = scull_paddle_in(call, "InScale");
  if (*out == SCULL_NO_ID)
    SCULL_TRY(largest(call, x, axis, out));
  if (scull_paddle_out_name(call, "OutScale", 0) != NULL)
    scull_paddle_set(call, "OutScale", 0, *out);
  return SCULL_OK;
}

static int64_t axis_of(const scull_paddle_call_t *call) {
  return strcmp(call->row->slots, "channels") == 0 ? scull_paddle_int(call, "quant_axis", 0) : -1;
}

/* There and back: x as it is after rounding. */
static scull_status_t round_trip(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, scale = SCULL_NO_ID, step = SCULL_NO_ID;
  const int64_t axis = axis_of(call);
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scale_of(call, x, axis, &scale));
  SCULL_TRY(to_steps(call, x, scale, axis, NULL, &x, &step));
  scull_emit_t emit = from_steps(call, x, step, axis);
  return scull_paddle_end(call, &emit, "Out");
}

/* Whole numbers, as floats: rounded and then counted in steps, so that what follows can be read as
 * a factor. */
static scull_status_t one_way(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, scale = SCULL_NO_ID, step = SCULL_NO_ID;
  const int64_t axis = axis_of(call);
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scale_of(call, x, axis, &scale));
  SCULL_TRY(to_steps(call, x, scale, axis, NULL, &x, &step));
  if (axis >= 0) {
    scull_emit_t emit = scull_import_emit(&call->emitter, "cast", x);
    scull_import_emit_dtype(&emit, "to", SCULL_DTYPE_F32);
    return scull_paddle_end(call, &emit, "Out");
  }
  scull_emit_t back = from_steps(call, x, step, axis);
  SCULL_TRY(scull_import_emit_end(&back, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "div", x);
  scull_import_emit_input(&emit, step);
  return scull_paddle_end(call, &emit, "Out");
}

/* A list of scales so that it multiplies along `axis` of x. */
static scull_status_t along(scull_paddle_call_t *call, scull_value_id_t scale, int64_t axis,
                            scull_value_id_t x, scull_value_id_t *out) {
  int64_t dims[SCULL_MAX_RANK] = {-1};
  const int32_t rank = scull_import_rank(call->graph, x);
  if (axis < 0 || axis >= rank)
    return scull_import_unsupported(&call->emitter, "scales along axis %lld of %d", (long long)axis,
                                    rank);
  for (int64_t i = 1; i < rank - axis; i++)
    dims[i] = 1;
  return scull_import_emit_reshape(&call->emitter, scale,
                                   (scull_ints_t){dims, (size_t)(rank - axis)}, NULL, out);
}

static scull_status_t as_float(scull_paddle_call_t *call, scull_value_id_t x,
                               scull_value_id_t *out) {
  *out = x;
  if (scull_graph_value(call->graph, x)->dtype == SCULL_DTYPE_F32)
    return SCULL_OK;
  return scull_import_emit_cast(&call->emitter, x, SCULL_DTYPE_F32, NULL, out);
}

/* Out = X * Scale / max_range */
static scull_status_t dequantize_max(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, scale = SCULL_NO_ID;
  const double range = scull_paddle_float(call, "max_range", 127);
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Scale", &scale));
  SCULL_TRY(as_float(call, x, &x));
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, scale, SCULL_INTS(-1), NULL, &scale));
  SCULL_TRY(scull_import_emit_scale(&call->emitter, scale, 1 / range, 0, NULL, &scale));
  scull_emit_t emit = scull_import_emit(&call->emitter, "mul", x);
  scull_import_emit_input(&emit, scale);
  return scull_paddle_end(call, &emit, "Out");
}

/* Out = X * Scales[0] (a channel each) / levels * Scales[1] / levels */
static scull_status_t dequantize_channels(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, scale = SCULL_NO_ID;
  const size_t count = scull_paddle_in_count(call, "Scales");
  const scull_ints_t bits = scull_paddle_ints(call, "quant_bits");
  const int64_t axis = count > 1 ? scull_paddle_int(call, "x_num_col_dims", 1)
                                 : scull_paddle_int(call, "quant_axis", 0);
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(as_float(call, x, &x));
  if (count < 1 || count > 2)
    return scull_import_unsupported(to, "%zu lists of scales", count);
  for (size_t i = 0; i < count; i++) {
    double levels = 0;
    SCULL_TRY(levels_of(call, i < bits.size ? bits.data[i] : 8, &levels));
    scale = scull_paddle_in_at(call, "Scales", i);
    SCULL_TRY(scull_import_emit_reshape(to, scale, SCULL_INTS(-1), NULL, &scale));
    SCULL_TRY(scull_import_emit_scale(to, scale, 1 / levels, 0, NULL, &scale));
    if (i == 0)
      SCULL_TRY(along(call, scale, axis, x, &scale));
    if (i + 1 < count)
      SCULL_TRY(scull_import_emit_simple(to, "mul", x, scale, NULL, &x));
  }
  scull_emit_t emit = scull_import_emit(to, "mul", x);
  scull_import_emit_input(&emit, scale);
  return scull_paddle_end(call, &emit, "Out");
}

/* The zero point is always 0 there; another one would be another formula. */
static scull_status_t check_zero(scull_paddle_call_t *call) {
  double zero = 0;
  const scull_value_id_t point = scull_paddle_in(call, "ZeroPoint");
  if (point != SCULL_NO_ID && scull_import_known_float(call->graph, point, 0, &zero) && zero != 0)
    return scull_import_unsupported(&call->emitter, "a zero point that is not 0");
  return SCULL_OK;
}

/* One that only looked while training. */
static scull_status_t pass_on(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "identity", x);
  return scull_paddle_end(call, &emit, "Y");
}

static scull_status_t quantize_linear(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, scale = SCULL_NO_ID, step = SCULL_NO_ID;
  if (scull_paddle_bool(call, "only_observer", false))
    return pass_on(call);
  SCULL_TRY(check_zero(call));
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Scale", &scale));
  SCULL_TRY(to_steps(call, x, scale, scull_paddle_int(call, "quant_axis", -1),
                     scull_paddle_out_name(call, "Y", 0), &x, &step));
  scull_paddle_set(call, "Y", 0, x);
  if (scull_paddle_out_name(call, "OutScale", 0) != NULL)
    scull_paddle_set(call, "OutScale", 0, scale);
  return SCULL_OK;
}

static scull_status_t dequantize_linear(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, scale = SCULL_NO_ID;
  const int64_t axis = scull_paddle_int(call, "quant_axis", -1);
  double levels = 0;
  if (scull_paddle_bool(call, "only_observer", false))
    return pass_on(call);
  SCULL_TRY(check_zero(call));
  SCULL_TRY(levels_of(call, scull_paddle_int(call, "bit_length", 8), &levels));
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Scale", &scale));
  SCULL_TRY(scull_import_emit_reshape(to, scale, SCULL_INTS(-1), NULL, &scale));
  SCULL_TRY(scull_import_emit_scale(to, scale, 1 / levels, 0, NULL, &scale));
  if (scull_graph_value(call->graph, x)->dtype != SCULL_DTYPE_F32) {
    scull_emit_t emit = from_steps(call, x, scale, axis);
    return scull_paddle_end(call, &emit, "Y");
  }
  if (axis >= 0) /* whole numbers, stored as floats */
    SCULL_TRY(along(call, scale, axis, x, &scale));
  scull_emit_t emit = scull_import_emit(to, "mul", x);
  scull_import_emit_input(&emit, scale);
  return scull_paddle_end(call, &emit, "Y");
}

/* Only watches. */
static scull_status_t watch_scale(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  if (scull_paddle_out_name(call, "Out", 0) == NULL)
    return SCULL_OK;
  scull_emit_t emit = scull_import_emit(&call->emitter, "identity", x);
  return scull_paddle_end(call, &emit, "Out");
}

/* `slots`: whether scales are one a channel. */
static const scull_paddle_row_t rows[] = {
    {"fake_quantize_dequantize_moving_average_abs_max", round_trip, "quantize_linear", "one", NULL},
    {"fake_quantize_dequantize_abs_max", round_trip, "quantize_linear", "one", NULL},
    {"fake_channel_wise_quantize_dequantize_abs_max", round_trip, "quantize_linear", "channels",
     NULL},
    {"fake_quantize_abs_max", one_way, "quantize_linear", "one", NULL},
    {"fake_quantize_range_abs_max", one_way, "quantize_linear", "one", NULL},
    {"fake_quantize_moving_average_abs_max", one_way, "quantize_linear", "one", NULL},
    {"fake_channel_wise_quantize_abs_max", one_way, "quantize_linear", "channels", NULL},
    {"fake_dequantize_max_abs", dequantize_max, "mul", NULL, NULL},
    {"fake_channel_wise_dequantize_max_abs", dequantize_channels, "mul", NULL, NULL},
    {"quantize_linear", quantize_linear, "quantize_linear", NULL, NULL},
    {"dequantize_linear", dequantize_linear, "dequantize_linear", NULL, NULL},
    {"moving_average_abs_max_scale", watch_scale, "identity", NULL, NULL},
};

SCULL_PADDLE_ROWS(quant, rows);
