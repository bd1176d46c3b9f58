/* Recurrent layers: shape rule and walk over time; the cells are in lstm.c and gru.c. */
#include "ops/recurrent.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "ops/row.h"
#include "ops/shape_rules.h"

const char *const scull_ops_direction_names[] = {"forward", "reverse", "both", NULL};

enum { X, W, R, BIAS, STATE }; /* inputs; the first states begin at STATE */

static bool has_shape(const scull_op_call_t *call, size_t input, int32_t rank,
                      const int64_t *dims) {
  scull_shape_t wanted = scull_tensor_shape(rank, dims);
  return !scull_ops_has_input(call, input) ||
         scull_tensor_shape_equal(&call->inputs[input].type.shape, &wanted);
}

scull_status_t scull_ops_recurrent_infer(const scull_op_call_t *call, const scull_recurrent_t *cell,
                                         int32_t direction) {
  const scull_shape_t *x = &call->inputs[X].type.shape, *r = &call->inputs[R].type.shape;
  int64_t d = direction == SCULL_DIRECTION_BOTH ? 2 : 1, rows = 0, joined = 0, biases = 0;
  if (x->rank != 3 || r->rank != 3)
    return scull_ops_fail(call, "x and r have %d and %d dimensions where 3 are wanted", x->rank,
                          r->rank);
  int64_t hidden = r->dim[2];
  if (!scull_base_i64_mul(hidden, cell->gates, &rows) ||
      !scull_base_i64_mul(hidden, cell->biases, &biases) || !scull_base_i64_mul(hidden, d, &joined))
    return scull_ops_fail(call, "a hidden size of %lld", (long long)hidden);
  if (!has_shape(call, W, 3, (int64_t[]){d, rows, x->dim[2]}) ||
      !has_shape(call, R, 3, (int64_t[]){d, rows, hidden}))
    return scull_ops_fail(call, "w and r must be [%lld,%lld,...] for a hidden size of %lld",
                          (long long)d, (long long)rows, (long long)hidden);
  if (!has_shape(call, BIAS, 2, (int64_t[]){d, biases}))
    return scull_ops_fail(call, "the bias must be [%lld,%lld]", (long long)d, (long long)biases);
  for (size_t i = 0; i < cell->states; i++) {
    if (!has_shape(call, STATE + i, 3, (int64_t[]){d, x->dim[1], hidden}))
      return scull_ops_fail(call, "first states must be [%lld,%lld,%lld]", (long long)d,
                            (long long)x->dim[1], (long long)hidden);
  }
  SCULL_TRY(scull_ops_check_floats(call, STATE + cell->states));
  for (size_t i = 0; i < call->output_count; i++) {
    scull_type_t *out = &call->outputs[i].type;
    out->dtype = call->inputs[X].type.dtype;
    out->shape = i == 0 ? scull_tensor_shape(3, (int64_t[]){x->dim[0], x->dim[1], joined})
                        : scull_tensor_shape(3, (int64_t[]){d, x->dim[1], hidden});
  }
  return SCULL_OK;
}

/* Parts of the scratch memory, in doubles: w x and r h (a row of gates each), the bias (up to one
 * gate more), two states, one x. */
size_t scull_ops_recurrent_scratch(const scull_op_call_t *call) {
  const scull_shape_t *w = &call->inputs[W].type.shape;
  size_t count = 0, rows = (size_t)w->dim[1];
  if (!scull_base_size_mul(rows, 3, &count) ||
      !scull_base_size_add(count, 3 * (size_t)call->inputs[R].type.shape.dim[2], &count) ||
      !scull_base_size_add(count, (size_t)w->dim[2], &count) ||
      !scull_base_size_mul(count, sizeof(double), &count))
    return SIZE_MAX; /* more than any machine has */
  return count;
}

typedef struct {
  const scull_op_call_t *call;
  const scull_recurrent_t *cell;
  int64_t steps, batch, inputs, hidden, directions;
  double *gate_x, *gate_h, *bias, *state, *x;
} walk_t;

static walk_t walk_of(const scull_op_call_t *call, const scull_recurrent_t *cell) {
  const scull_shape_t *x = &call->inputs[X].type.shape, *r = &call->inputs[R].type.shape;
  int64_t rows = r->dim[1], hidden = r->dim[2];
  double *room = call->scratch;
  return (walk_t){.call = call,
                  .cell = cell,
                  .steps = x->dim[0],
                  .batch = x->dim[1],
                  .inputs = x->dim[2],
                  .hidden = hidden,
                  .directions = r->dim[0],
                  .gate_x = room,
                  .gate_h = room + rows,
                  .bias = room + 2 * rows,
                  .state = room + 3 * rows + hidden,
                  .x = room + 3 * rows + 3 * hidden};
}

/* Zeros where the optional input is absent. */
static void load(const scull_op_call_t *call, size_t input, int64_t first, int64_t count,
                 double *dst) {
  memset(dst, 0, (size_t)count * sizeof *dst);
  if (scull_ops_has_input(call, input))
    scull_ops_row_load(&call->inputs[input], first, 1, count, dst);
}

static void advance(const walk_t *k, int64_t d, int64_t n, int64_t t) {
  const scull_tensor_t *w = &k->call->inputs[W], *r = &k->call->inputs[R];
  int64_t rows = k->cell->gates * k->hidden;
  scull_ops_row_load(&k->call->inputs[X], (t * k->batch + n) * k->inputs, 1, k->inputs, k->x);
  for (int64_t j = 0; j < rows; j++) {
    k->gate_x[j] = scull_ops_row_dot(w, (d * rows + j) * k->inputs, 1, k->inputs, k->x);
    k->gate_h[j] = scull_ops_row_dot(r, (d * rows + j) * k->hidden, 1, k->hidden, k->state);
  }
  k->cell->step(k->hidden, k->gate_x, k->gate_h, k->bias, k->state);
  scull_ops_row_store(k->state, k->hidden, &k->call->outputs[0],
                      ((t * k->batch + n) * k->directions + d) * k->hidden);
}

void scull_ops_recurrent_run(const scull_op_call_t *call, const scull_recurrent_t *cell,
                             int32_t direction) {
  walk_t k = walk_of(call, cell);
  for (int64_t i = 0; i < k.directions * k.batch; i++) {
    int64_t d = i / k.batch, biases = cell->biases * k.hidden;
    bool backward = direction == SCULL_DIRECTION_REVERSE || d == 1;
    load(call, BIAS, d * biases, biases, k.bias);
    for (size_t s = 0; s < cell->states; s++)
      load(call, STATE + s, i * k.hidden, k.hidden, k.state + (int64_t)s * k.hidden);
    for (int64_t t = 0; t < k.steps; t++)
      advance(&k, d, i % k.batch, backward ? k.steps - 1 - t : t);
    for (size_t s = 0; s + 1 < call->output_count; s++)
      scull_ops_row_store(k.state + (int64_t)s * k.hidden, k.hidden, &call->outputs[1 + s],
                          i * k.hidden);
  }
}

double scull_ops_sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

double scull_ops_recurrent_flops(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[X].type.shape;
  return 2 * (double)x->dim[0] * (double)x->dim[1] *
         (double)(scull_tensor_count(&call->inputs[W].type.shape) +
                  scull_tensor_count(&call->inputs[R].type.shape));
}
