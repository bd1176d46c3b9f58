/* lstm: x [T,N,I], w [D,4H,I], r [D,4H,H], bias [D,4H]?, h0 [D,N,H]?, c0 [D,N,H]? ->
 * y [T,N,D*H], h [D,N,H], c [D,N,H]. Gates stand in the order i, f, g, o (Paddle, cuDNN):
 * c = f * c + i * g, h = o * tanh(c), with i, f, o through the sigmoid and g through tanh. */
#include "ops/lstm.h"

#include <math.h>

static const scull_attr_field_t fields[] = {
    SCULL_FIELD_ENUM(scull_lstm_attrs_t, direction, "forward", scull_ops_direction_names),
};

static void step(int64_t hidden, const double *gate_x, const double *gate_h, const double *bias,
                 double *state) {
  double *h = state, *c = state + hidden;
  for (int64_t j = 0; j < hidden; j++) {
    double z[4];
    for (int64_t g = 0; g < 4; g++)
      z[g] = gate_x[g * hidden + j] + gate_h[g * hidden + j] + bias[g * hidden + j];
    c[j] = scull_ops_sigmoid(z[1]) * c[j] + scull_ops_sigmoid(z[0]) * tanh(z[2]);
    h[j] = scull_ops_sigmoid(z[3]) * tanh(c[j]);
  }
}

static const scull_recurrent_t cell = {.gates = 4, .biases = 4, .states = 2, .step = step};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_lstm_attrs_t *attrs = call->attrs;
  return scull_ops_recurrent_infer(call, &cell, attrs->direction);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_lstm_attrs_t *attrs = call->attrs;
  scull_ops_recurrent_run(call, &cell, attrs->direction);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_lstm = {.name = "lstm",
                                        .inputs_min = 3,
                                        .inputs_max = 6,
                                        .outputs_min = 1,
                                        .outputs_max = 3,
                                        .attrs = SCULL_SCHEMA(scull_lstm_attrs_t, fields),
                                        .infer = infer,
                                        .reference = reference,
                                        .flops = scull_ops_recurrent_flops,
                                        .scratch = scull_ops_recurrent_scratch};
