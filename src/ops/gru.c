/* gru: x [T,N,I], w [D,3H,I], r [D,3H,H], bias [D,4H]?, h0 [D,N,H]? -> y [T,N,D*H], h [D,N,H].
 * Gates stand in the order r (reset), z (update), n (new); biases in the order r, z, n of x, n of
 * h. As in Paddle and cuDNN the reset gate meets the product with the state (ONNX:
 * linear_before_reset = 1): n = tanh(w_n x + b_nx + r * (r_n h + b_nh)), h = z * h + (1 - z) * n.
 */
#include "ops/gru.h"

#include <math.h>

static const scull_attr_field_t fields[] = {
    SCULL_FIELD_ENUM(scull_gru_attrs_t, direction, "forward", scull_ops_direction_names),
};

static void step(int64_t hidden, const double *gate_x, const double *gate_h, const double *bias,
                 double *h) {
  for (int64_t j = 0; j < hidden; j++) {
    int64_t z_at = hidden + j, n_at = 2 * hidden + j;
    double r = scull_ops_sigmoid(gate_x[j] + gate_h[j] + bias[j]);
    double z = scull_ops_sigmoid(gate_x[z_at] + gate_h[z_at] + bias[z_at]);
    double n = tanh(gate_x[n_at] + bias[n_at] + r * (gate_h[n_at] + bias[3 * hidden + j]));
    h[j] = z * h[j] + (1 - z) * n;
  }
}

static const scull_recurrent_t cell = {.gates = 3, .biases = 4, .states = 1, .step = step};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_gru_attrs_t *attrs = call->attrs;
  return scull_ops_recurrent_infer(call, &cell, attrs->direction);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_gru_attrs_t *attrs = call->attrs;
  scull_ops_recurrent_run(call, &cell, attrs->direction);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_gru = {.name = "gru",
                                       .inputs_min = 3,
                                       .inputs_max = 5,
                                       .outputs_min = 1,
                                       .outputs_max = 2,
                                       .attrs = SCULL_SCHEMA(scull_gru_attrs_t, fields),
                                       .infer = infer,
                                       .reference = reference,
                                       .flops = scull_ops_recurrent_flops,
                                       .scratch = scull_ops_recurrent_scratch};
