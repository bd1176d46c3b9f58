/* rnn: x [T,N,I], w [D,G*H,I], r [D,G*H,H], bias [D,2*G*H]?, lengths [N]?, h0 [D,N,H]?,
 * c0 [D,N,H]?, peepholes [D,3*H]? -> y [T,N,D*H], h [D,N,H], c [D,N,H]. The general form of what
 * lstm and gru do fast: a plain cell, any functions, sequences of different lengths (y is zero
 * behind them). Gates stand in ONNX's order: z, r, n (gru); i, o, f, c (lstm); peepholes i, o, f;
 * biases of w, then of r. */
#include "ops/rnn.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "ops/row.h"
#include "ops/shape_rules.h"

static const char *const cells[] = {"plain", "gru", "lstm", NULL};

static const scull_attr_field_t fields[] = {
    SCULL_FIELD_ENUM(scull_rnn_attrs_t, cell, "plain", cells),
    SCULL_FIELD_ENUM(scull_rnn_attrs_t, direction, "forward", scull_ops_direction_names),
    SCULL_FIELD(scull_rnn_attrs_t, INTS, functions, ""),
    SCULL_FIELD(scull_rnn_attrs_t, FLOAT, clip, "0"),
    SCULL_FIELD(scull_rnn_attrs_t, BOOL, reset_before, "false"),
    SCULL_FIELD(scull_rnn_attrs_t, BOOL, coupled, "false"),
};

enum { X, W, R, BIAS, LENGTHS, H0, C0, PEEPHOLES };
enum { SIGMOID, TANH, RELU, IDENTITY, FUNCTION_COUNT };

static int64_t gates_of(const scull_rnn_attrs_t *attrs) {
  static const int64_t gates[] = {1, 3, 4};
  return gates[attrs->cell];
}

/* Refuses an input that is there and has another shape. */
static scull_status_t want(const scull_op_call_t *call, size_t input, int32_t rank,
                           const int64_t *dims) {
  static const char *const names[] = {"x",           "w",  "r",  "the bias",
                                      "the lengths", "h0", "c0", "the peepholes"};
  scull_shape_t wanted = scull_tensor_shape(rank, dims);
  char got[128];
  if (!scull_ops_has_input(call, input) ||
      scull_tensor_shape_equal(&call->inputs[input].type.shape, &wanted))
    return SCULL_OK;
  return scull_ops_fail(call, "%s: %s does not fit the others", names[input],
                        scull_tensor_type_text(&call->inputs[input].type, got, sizeof got));
}

static scull_status_t check_functions(const scull_op_call_t *call) {
  const scull_rnn_attrs_t *attrs = call->attrs;
  static const size_t counts[] = {1, 2, 3};
  size_t one = counts[attrs->cell], count = attrs->functions.size;
  bool fits = count == 0 || count == one || count == 2 * one;
  for (size_t i = 0; i < count; i++)
    fits = fits && attrs->functions.data[i] >= 0 && attrs->functions.data[i] < FUNCTION_COUNT;
  return fits ? SCULL_OK : scull_ops_fail(call, "functions: %zu or %zu of 0 to 3", one, 2 * one);
}

static scull_status_t check_floats(const scull_op_call_t *call) {
  scull_dtype_t dtype = call->inputs[X].type.dtype;
  for (size_t i = 0; i < call->input_count; i++) {
    scull_dtype_t own = call->inputs[i].type.dtype;
    if (scull_ops_has_input(call, i) &&
        (i == LENGTHS ? !scull_tensor_dtype_is_integer(own)
                      : own != dtype || !scull_tensor_dtype_is_float(own)))
      return scull_ops_fail(call, "input %zu is %s", i, scull_tensor_dtype_name(own));
  }
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_rnn_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[X].type.shape, *r = &call->inputs[R].type.shape;
  int64_t d = attrs->direction == SCULL_DIRECTION_BOTH ? 2 : 1, rows = 0, joined = 0;
  if (x->rank != 3 || r->rank != 3)
    return scull_ops_fail(call, "x and r have %d and %d dimensions where 3 are wanted", x->rank,
                          r->rank);
  int64_t hidden = r->dim[2], batch = x->dim[1];
  if (!scull_base_i64_mul(hidden, gates_of(attrs), &rows) || rows > INT64_MAX / 4 ||
      !scull_base_i64_mul(hidden, d, &joined))
    return scull_ops_fail(call, "a hidden size of %lld", (long long)hidden);
  SCULL_TRY(want(call, W, 3, (int64_t[]){d, rows, x->dim[2]}));
  SCULL_TRY(want(call, R, 3, (int64_t[]){d, rows, hidden}));
  SCULL_TRY(want(call, BIAS, 2, (int64_t[]){d, 2 * rows}));
  SCULL_TRY(want(call, LENGTHS, 1, (int64_t[]){batch}));
  SCULL_TRY(want(call, H0, 3, (int64_t[]){d, batch, hidden}));
  SCULL_TRY(want(call, C0, 3, (int64_t[]){d, batch, hidden}));
  SCULL_TRY(want(call, PEEPHOLES, 2, (int64_t[]){d, 3 * hidden}));
  SCULL_TRY(check_functions(call));
  SCULL_TRY(check_floats(call));
  for (size_t i = 0; i < call->output_count; i++) {
    call->outputs[i].type.dtype = call->inputs[X].type.dtype;
    call->outputs[i].type.shape = i == 0
                                      ? scull_tensor_shape(3, (int64_t[]){x->dim[0], batch, joined})
                                      : scull_tensor_shape(3, (int64_t[]){d, batch, hidden});
  }
  return SCULL_OK;
}

/* --- one step -------------------------------------------------------------------------------- */

typedef struct {
  const scull_op_call_t *call;
  int64_t hidden, rows, inputs, batch, steps, directions;
  int64_t d; /* at hand */
  double *zx, *zr, *bias, *h, *c, *x, *peep, *part;
} walk_t;

/* Doubles of scratch: w x and r h, both biases, states, x, peepholes, a part of the state. */
static size_t scratch(const scull_op_call_t *call) {
  const scull_shape_t *w = &call->inputs[W].type.shape;
  size_t count = 0, hidden = (size_t)call->inputs[R].type.shape.dim[2];
  if (!scull_base_size_mul((size_t)w->dim[1], 4, &count) ||
      !scull_base_size_add(count, 6 * hidden, &count) ||
      !scull_base_size_add(count, (size_t)w->dim[2], &count) ||
      !scull_base_size_mul(count, sizeof(double), &count))
    return SIZE_MAX; /* more than any machine has */
  return count;
}

static walk_t walk_of(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[X].type.shape, *r = &call->inputs[R].type.shape;
  walk_t k = {.call = call,
              .hidden = r->dim[2],
              .rows = r->dim[1],
              .inputs = x->dim[2],
              .batch = x->dim[1],
              .steps = x->dim[0],
              .directions = r->dim[0]};
  k.zx = call->scratch;
  k.zr = k.zx + k.rows;
  k.bias = k.zr + k.rows;
  k.h = k.bias + 2 * k.rows;
  k.c = k.h + k.hidden;
  k.peep = k.c + k.hidden;
  k.part = k.peep + 3 * k.hidden;
  k.x = k.part + k.hidden;
  return k;
}

static double function(const walk_t *k, size_t which, double x) {
  const scull_rnn_attrs_t *attrs = k->call->attrs;
  static const int64_t usual[][3] = {{TANH}, {SIGMOID, TANH}, {SIGMOID, TANH, TANH}};
  static const size_t counts[] = {1, 2, 3};
  size_t size = attrs->functions.size, one = counts[attrs->cell];
  int64_t fn = size == 0 ? usual[attrs->cell][which]
                         : attrs->functions.data[(size > one && k->d == 1 ? one : 0) + which];
  if (attrs->clip > 0 && which < 2) /* the gates; not the state on its way out */
    x = x < -attrs->clip ? -attrs->clip : x > attrs->clip ? attrs->clip : x;
  switch (fn) {
  case SIGMOID: return scull_ops_sigmoid(x);
  case TANH: return tanh(x);
  case RELU: return x > 0 ? x : 0;
  default: return x;
  }
}

/* Row `j` of r times a state. */
static double product(const walk_t *k, int64_t j, const double *state) {
  return scull_ops_row_dot(&k->call->inputs[R], (k->d * k->rows + j) * k->hidden, 1, k->hidden,
                           state);
}

/* What goes into gate g of unit j, all terms. */
static double gate(const walk_t *k, int64_t g, int64_t j) {
  int64_t at = g * k->hidden + j;
  return k->zx[at] + k->zr[at] + k->bias[at] + k->bias[k->rows + at];
}

static void step_plain(const walk_t *k) {
  for (int64_t j = 0; j < k->hidden; j++)
    k->h[j] = function(k, 0, gate(k, 0, j));
}

static void step_gru(const walk_t *k) {
  const scull_rnn_attrs_t *attrs = k->call->attrs;
  for (int64_t j = 0; j < k->hidden; j++)
    k->part[j] = function(k, 0, gate(k, 1, j)) * k->h[j]; /* what the reset gate lets through */
  for (int64_t j = 0; j < k->hidden; j++) {
    int64_t at = 2 * k->hidden + j;
    double inner = attrs->reset_before
                       ? product(k, at, k->part) + k->bias[k->rows + at]
                       : function(k, 0, gate(k, 1, j)) * (k->zr[at] + k->bias[k->rows + at]);
    k->zx[at] = function(k, 1, k->zx[at] + k->bias[at] + inner);
  }
  for (int64_t j = 0; j < k->hidden; j++) {
    double z = function(k, 0, gate(k, 0, j));
    k->h[j] = (1 - z) * k->zx[2 * k->hidden + j] + z * k->h[j];
  }
}

static void step_lstm(const walk_t *k) {
  const scull_rnn_attrs_t *attrs = k->call->attrs;
  const double *p = k->peep;
  for (int64_t j = 0; j < k->hidden; j++) {
    double i = function(k, 0, gate(k, 0, j) + p[j] * k->c[j]);
    double f =
        attrs->coupled ? 1 - i : function(k, 0, gate(k, 2, j) + p[2 * k->hidden + j] * k->c[j]);
    k->c[j] = f * k->c[j] + i * function(k, 1, gate(k, 3, j));
    double o = function(k, 0, gate(k, 1, j) + p[k->hidden + j] * k->c[j]);
    k->h[j] = o * function(k, 2, k->c[j]);
  }
}

static void step(const walk_t *k, int64_t n, int64_t t) {
  const scull_rnn_attrs_t *attrs = k->call->attrs;
  scull_ops_row_load(&k->call->inputs[X], (t * k->batch + n) * k->inputs, 1, k->inputs, k->x);
  for (int64_t j = 0; j < k->rows; j++) {
    k->zx[j] = scull_ops_row_dot(&k->call->inputs[W], (k->d * k->rows + j) * k->inputs, 1,
                                 k->inputs, k->x);
    k->zr[j] = product(k, j, k->h);
  }
  if (attrs->cell == SCULL_RNN_GRU)
    step_gru(k);
  else if (attrs->cell == SCULL_RNN_LSTM)
    step_lstm(k);
  else
    step_plain(k);
  scull_ops_row_store(k->h, k->hidden, &k->call->outputs[0],
                      ((t * k->batch + n) * k->directions + k->d) * k->hidden);
}

/* --- all steps ------------------------------------------------------------------------------- */

/* Zeros where the optional input is absent. */
static void load(const scull_op_call_t *call, size_t input, int64_t first, int64_t count,
                 double *dst) {
  memset(dst, 0, (size_t)count * sizeof *dst);
  if (scull_ops_has_input(call, input))
    scull_ops_row_load(&call->inputs[input], first, 1, count, dst);
}

static int64_t length_of(const walk_t *k, int64_t n) {
  if (!scull_ops_has_input(k->call, LENGTHS))
    return k->steps;
  int64_t length =
      scull_tensor_load_i64(k->call->inputs[LENGTHS].data, k->call->inputs[LENGTHS].type.dtype, n);
  return length < 0 ? 0 : length > k->steps ? k->steps : length;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_rnn_attrs_t *attrs = call->attrs;
  walk_t k = walk_of(call);
  memset(call->outputs[0].data, 0, scull_tensor_bytes(&call->outputs[0].type));
  for (int64_t i = 0; i < k.directions * k.batch; i++) {
    int64_t n = i % k.batch, length = length_of(&k, n);
    k.d = i / k.batch;
    bool backward = attrs->direction == SCULL_DIRECTION_REVERSE || k.d == 1;
    load(call, BIAS, k.d * 2 * k.rows, 2 * k.rows, k.bias);
    load(call, PEEPHOLES, k.d * 3 * k.hidden, 3 * k.hidden, k.peep);
    load(call, H0, i * k.hidden, k.hidden, k.h);
    load(call, C0, i * k.hidden, k.hidden, k.c);
    for (int64_t t = 0; t < length; t++)
      step(&k, n, backward ? length - 1 - t : t);
    if (call->output_count > 1)
      scull_ops_row_store(k.h, k.hidden, &call->outputs[1], i * k.hidden);
    if (call->output_count > 2)
      scull_ops_row_store(k.c, k.hidden, &call->outputs[2], i * k.hidden);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_rnn = {.name = "rnn",
                                       .inputs_min = 3,
                                       .inputs_max = 8,
                                       .outputs_min = 1,
                                       .outputs_max = 3,
                                       .attrs = SCULL_SCHEMA(scull_rnn_attrs_t, fields),
                                       .infer = infer,
                                       .reference = reference,
                                       .flops = scull_ops_recurrent_flops,
                                       .scratch = scratch};
