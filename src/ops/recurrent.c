/* Recurrent layers: shape rule and walk over time; the cells are in rnn.c, lstm.c and gru.c. */
#include "ops/recurrent.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "ops/lists.h"
#include "ops/row.h"
#include "ops/shape_rules.h"

const char *const scull_ops_direction_names[] = {"forward", "reverse", "both", NULL};

enum {
  X,
  W,
  R,
  BIAS,
  STATE
}; /* inputs; the first states begin at STATE, lengths are behind them */

/* --- activations ----------------------------------------------------------------------------- */

enum {
  RELU,
  TANH,
  SIGMOID,
  AFFINE,
  LEAKY_RELU,
  THRESHOLDED_RELU,
  SCALED_TANH,
  HARD_SIGMOID,
  ELU,
  SOFTSIGN,
  SOFTPLUS
};

static const struct {
  const char *name;
  double alpha, beta; /* the defaults */
} known[] = {{"relu", 0, 0},          {"tanh", 0, 0},
             {"sigmoid", 0, 0},       {"affine", 1, 0},
             {"leaky_relu", 0.01, 0}, {"thresholded_relu", 1, 0},
             {"scaled_tanh", 1, 1},   {"hard_sigmoid", 0.2, 0.5},
             {"elu", 1, 0},           {"softsign", 0, 0},
             {"softplus", 0, 0}};

double scull_ops_activate(const scull_recurrent_run_t *run, int index, double x) {
  const scull_activation_t *a = &run->activation[index];
  double clip = run->attrs->clip;
  x = clip > 0 ? fmin(fmax(x, -clip), clip) : x;
  switch (a->fn) {
  case RELU: return x > 0 ? x : 0;
  case TANH: return tanh(x);
  case SIGMOID: return 1 / (1 + exp(-x));
  case AFFINE: return a->alpha * x + a->beta;
  case LEAKY_RELU: return x < 0 ? a->alpha * x : x;
  case THRESHOLDED_RELU: return x > a->alpha ? x : 0;
  case SCALED_TANH: return a->alpha * tanh(a->beta * x);
  case HARD_SIGMOID: return fmin(fmax(a->alpha * x + a->beta, 0), 1);
  case ELU: return x < 0 ? a->alpha * expm1(x) : x;
  case SOFTSIGN: return x / (1 + fabs(x));
  default: return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
  }
}

/* Word number `index` of a list between commas; its length in *length, -1 when there is none. */
static const char *word_of(const char *list, int index, int *length) {
  for (; index > 0; index--) {
    list = strchr(list, ',');
    if (list == NULL) {
      *length = -1;
      return NULL;
    }
    list++;
  }
  *length = (int)strcspn(list, ",");
  return list;
}

static int find_known(const char *word, int length) {
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if ((int)strlen(known[i].name) == length && strncmp(known[i].name, word, (size_t)length) == 0)
      return (int)i;
  }
  return -1;
}

static int count_words(const char *list) {
  int count = *list == '\0' ? 0 : 1;
  for (; *list != '\0'; list++)
    count += *list == ',';
  return count;
}

static scull_status_t read_activations(const scull_op_call_t *call, const scull_recurrent_t *cell,
                                       int direction, scull_activation_t *out) {
  const scull_recurrent_attrs_t *attrs = call->attrs;
  bool given = attrs->activations[0] != '\0';
  const char *list = given ? attrs->activations : cell->defaults;
  int count = count_words(list);
  if (count != cell->activations && count != 2 * cell->activations)
    return scull_ops_fail(call, "%d activations where %d or twice as many are wanted", count,
                          cell->activations);
  for (int i = 0; i < cell->activations; i++) {
    int at = count == cell->activations ? i : direction * cell->activations + i, length = 0;
    const char *word = word_of(list, at, &length);
    int fn = word == NULL ? -1 : find_known(word, length);
    if (fn < 0)
      return scull_ops_fail(call, "an activation of '%.40s'", word == NULL ? "" : word);
    out[i] = (scull_activation_t){fn, known[fn].alpha, known[fn].beta};
    if ((size_t)at < attrs->alpha.size)
      out[i].alpha = attrs->alpha.data[at];
    if ((size_t)at < attrs->beta.size)
      out[i].beta = attrs->beta.data[at];
  }
  return SCULL_OK;
}

bool scull_ops_recurrent_is_plain(const scull_recurrent_attrs_t *attrs) {
  return attrs->activations[0] == '\0' && attrs->clip == 0 && !attrs->coupled;
}

/* --- shapes ---------------------------------------------------------------------------------- */

static bool has_shape(const scull_op_call_t *call, size_t input, int32_t rank,
                      const int64_t *dims) {
  scull_shape_t wanted = scull_tensor_shape(rank, dims);
  return !scull_ops_has_input(call, input) ||
         scull_tensor_shape_equal(&call->inputs[input].type.shape, &wanted);
}

/* The optional operands: first states, lengths, peepholes. */
static scull_status_t check_rest(const scull_op_call_t *call, const scull_recurrent_t *cell,
                                 int64_t d, int64_t hidden) {
  int64_t batch = call->inputs[X].type.shape.dim[1];
  size_t lengths = STATE + cell->states;
  for (size_t i = STATE; i < lengths; i++) {
    if (!has_shape(call, i, 3, (int64_t[]){d, batch, hidden}))
      return scull_ops_fail(call, "first states must be [%lld,%lld,%lld]", (long long)d,
                            (long long)batch, (long long)hidden);
  }
  SCULL_TRY(scull_ops_check_floats(call, lengths));
  if (scull_ops_has_input(call, lengths))
    SCULL_TRY(scull_ops_check_index(call, lengths));
  SCULL_TRY(scull_ops_check_list(call, lengths, "the lengths", batch));
  if (!cell->peepholes || !scull_ops_has_input(call, lengths + 1))
    return SCULL_OK;
  if (!has_shape(call, lengths + 1, 2, (int64_t[]){d, 3 * hidden}) ||
      call->inputs[lengths + 1].type.dtype != call->inputs[X].type.dtype)
    return scull_ops_fail(call, "peepholes must be [%lld,%lld]", (long long)d,
                          (long long)(3 * hidden));
  return SCULL_OK;
}

scull_status_t scull_ops_recurrent_infer(const scull_op_call_t *call,
                                         const scull_recurrent_t *cell) {
  const scull_recurrent_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[X].type.shape, *r = &call->inputs[R].type.shape;
  scull_activation_t activation[SCULL_RECURRENT_ACTIVATIONS];
  int64_t d = attrs->direction == SCULL_DIRECTION_BOTH ? 2 : 1, rows = 0, joined = 0, biases = 0;
  if (x->rank != 3 || r->rank != 3)
    return scull_ops_fail(call, "x and r have %d and %d dimensions where 3 are wanted", x->rank,
                          r->rank);
  int64_t hidden = r->dim[2];
  if (hidden > INT32_MAX || !scull_base_i64_mul(hidden, cell->gates, &rows) ||
      !scull_base_i64_mul(hidden, cell->biases, &biases) || !scull_base_i64_mul(hidden, d, &joined))
    return scull_ops_fail(call, "a hidden size of %lld", (long long)hidden);
  if (!has_shape(call, W, 3, (int64_t[]){d, rows, x->dim[2]}) ||
      !has_shape(call, R, 3, (int64_t[]){d, rows, hidden}))
    return scull_ops_fail(call, "w and r must be [%lld,%lld,...] for a hidden size of %lld",
                          (long long)d, (long long)rows, (long long)hidden);
  if (!has_shape(call, BIAS, 2, (int64_t[]){d, biases}))
    return scull_ops_fail(call, "the bias must be [%lld,%lld]", (long long)d, (long long)biases);
  SCULL_TRY(check_rest(call, cell, d, hidden));
  for (int64_t i = 0; i < d; i++)
    SCULL_TRY(read_activations(call, cell, (int)i, activation));
  for (size_t i = 0; i < call->output_count; i++) {
    scull_type_t *out = &call->outputs[i].type;
    out->dtype = call->inputs[X].type.dtype;
    out->shape = i == 0 ? scull_tensor_shape(3, (int64_t[]){x->dim[0], x->dim[1], joined})
                        : scull_tensor_shape(3, (int64_t[]){d, x->dim[1], hidden});
  }
  return SCULL_OK;
}

/* --- the walk over time ---------------------------------------------------------------------- */

/* Parts of the scratch memory, in doubles: w x and r h (a row of gates each), the bias (up to one
 * gate more), two states, three peepholes, a spare one, one x. */
enum { SPARE_ROWS = 2 + 3 + 1 + 1 };

size_t scull_ops_recurrent_scratch(const scull_op_call_t *call) {
  const scull_shape_t *w = &call->inputs[W].type.shape;
  size_t count = 0, rows = (size_t)w->dim[1];
  if (!scull_base_size_mul(rows, 3, &count) ||
      !scull_base_size_add(count, SPARE_ROWS * (size_t)call->inputs[R].type.shape.dim[2], &count) ||
      !scull_base_size_add(count, (size_t)w->dim[2], &count) ||
      !scull_base_size_mul(count, sizeof(double), &count))
    return SIZE_MAX; /* more than any machine has */
  return count;
}

typedef struct {
  const scull_op_call_t *call;
  const scull_recurrent_t *cell;
  scull_recurrent_run_t run;
  int64_t steps, batch, inputs, directions;
  double *gate_x, *gate_h, *bias, *state, *peephole, *x;
} walk_t;

static walk_t walk_of(const scull_op_call_t *call, const scull_recurrent_t *cell) {
  const scull_shape_t *x = &call->inputs[X].type.shape, *r = &call->inputs[R].type.shape;
  int64_t rows = r->dim[1], hidden = r->dim[2];
  double *room = call->scratch,
         *rest = room + 3 * rows + hidden; /* the bias may be one gate more */
  walk_t k = {.call = call,
              .cell = cell,
              .steps = x->dim[0],
              .batch = x->dim[1],
              .inputs = x->dim[2],
              .directions = r->dim[0],
              .gate_x = room,
              .gate_h = room + rows,
              .bias = room + 2 * rows,
              .state = rest,
              .peephole = rest + 2 * hidden,
              .x = rest + 6 * hidden};
  k.run = (scull_recurrent_run_t){.attrs = call->attrs,
                                  .hidden = hidden,
                                  .bias = k.bias,
                                  .r = &call->inputs[R],
                                  .spare = rest + 5 * hidden};
  return k;
}

/* Zeros where the optional input is absent. */
static void load(const scull_op_call_t *call, size_t input, int64_t first, int64_t count,
                 double *dst) {
  memset(dst, 0, (size_t)count * sizeof *dst);
  if (scull_ops_has_input(call, input))
    scull_ops_row_load(&call->inputs[input], first, 1, count, dst);
}

double scull_ops_recurrent_product(const scull_recurrent_run_t *run, int64_t row,
                                   const double *by) {
  return scull_ops_row_dot(run->r, run->r_first + row * run->hidden, 1, run->hidden, by);
}

static void advance(const walk_t *k, int64_t d, int64_t n, int64_t t) {
  const scull_tensor_t *w = &k->call->inputs[W];
  int64_t rows = k->cell->gates * k->run.hidden;
  scull_ops_row_load(&k->call->inputs[X], (t * k->batch + n) * k->inputs, 1, k->inputs, k->x);
  for (int64_t j = 0; j < rows; j++) {
    k->gate_x[j] = scull_ops_row_dot(w, (d * rows + j) * k->inputs, 1, k->inputs, k->x);
    k->gate_h[j] = scull_ops_recurrent_product(&k->run, j, k->state);
  }
  k->cell->step(&k->run, k->gate_x, k->gate_h, k->state);
}

/* One sequence in one direction; steps behind its length give zeros. */
static void run_sequence(const walk_t *k, int64_t d, int64_t n, int64_t length) {
  const scull_recurrent_attrs_t *attrs = k->call->attrs;
  bool backward = attrs->direction == SCULL_DIRECTION_REVERSE || d == 1;
  memset(k->x, 0, (size_t)k->inputs * sizeof *k->x);
  for (int64_t i = 0; i < k->steps; i++) {
    bool runs = i < length;
    int64_t t = runs && backward ? length - 1 - i : i;
    if (runs)
      advance(k, d, n, t);
    else
      memset(k->gate_x, 0, (size_t)k->run.hidden * sizeof *k->gate_x);
    scull_ops_row_store(runs ? k->state : k->gate_x, k->run.hidden, &k->call->outputs[0],
                        ((t * k->batch + n) * k->directions + d) * k->run.hidden);
  }
}

static scull_status_t length_of(const walk_t *k, int64_t n, int64_t *out) {
  size_t input = STATE + k->cell->states;
  *out = k->steps;
  if (!scull_ops_has_input(k->call, input))
    return SCULL_OK;
  const scull_tensor_t *lengths = &k->call->inputs[input];
  *out = scull_tensor_load_i64(lengths->data, lengths->type.dtype, n);
  if (*out < 0 || *out > k->steps)
    return scull_ops_fail(k->call, "a length of %lld of %lld steps", (long long)*out,
                          (long long)k->steps);
  return SCULL_OK;
}

/* What is the same for all sequences of a direction. */
static scull_status_t begin_direction(walk_t *k, int64_t d) {
  const scull_op_call_t *call = k->call;
  int64_t hidden = k->run.hidden, biases = k->cell->biases * hidden;
  size_t peepholes = STATE + k->cell->states + 1;
  load(call, BIAS, d * biases, biases, k->bias);
  k->run.r_first = d * k->cell->gates * hidden * hidden;
  if (k->cell->peepholes && scull_ops_has_input(call, peepholes)) {
    load(call, peepholes, d * 3 * hidden, 3 * hidden, k->peephole);
    k->run.peephole = k->peephole;
  }
  return read_activations(call, k->cell, (int)d, k->run.activation);
}

scull_status_t scull_ops_recurrent_run(const scull_op_call_t *call, const scull_recurrent_t *cell) {
  walk_t k = walk_of(call, cell);
  int64_t hidden = k.run.hidden;
  for (int64_t i = 0; i < k.directions * k.batch; i++) {
    int64_t d = i / k.batch, length = 0;
    if (i % k.batch == 0)
      SCULL_TRY(begin_direction(&k, d));
    SCULL_TRY(length_of(&k, i % k.batch, &length));
    for (size_t s = 0; s < cell->states; s++)
      load(call, STATE + s, i * hidden, hidden, k.state + (int64_t)s * hidden);
    run_sequence(&k, d, i % k.batch, length);
    for (size_t s = 0; s + 1 < call->output_count; s++)
      scull_ops_row_store(k.state + (int64_t)s * hidden, hidden, &call->outputs[1 + s], i * hidden);
  }
  return SCULL_OK;
}

double scull_ops_recurrent_flops(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[X].type.shape;
  return 2 * (double)x->dim[0] * (double)x->dim[1] *
         (double)(scull_tensor_count(&call->inputs[W].type.shape) +
                  scull_tensor_count(&call->inputs[R].type.shape));
}
