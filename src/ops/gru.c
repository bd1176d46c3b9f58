/* gru: x [T,N,I], w [D,3H,I], r [D,3H,H], bias [D,4H]?, h0 [D,N,H]?, lengths [N]? -> y [T,N,D*H], h
 * [D,N,H]. Gates stand in the order r (reset), z (update), n (new); biases in the order r, z, n of
 * x, n of h. With linear_before_reset, as in Paddle and cuDNN, n = g(w_n x + b_nx + r * (r_n h +
 * b_nh)); without, n = g(w_n x + b_nx + r_n (r * h) + b_nh). Then h = z * h + (1 - z) * n. The
 * activations are f of the gates (sigmoid) and g (tanh). */
#include "ops/recurrent.h"

static const scull_attr_field_t fields[] = {
    SCULL_RECURRENT_FIELDS,
    SCULL_FIELD(scull_recurrent_attrs_t, BOOL, linear_before_reset, "true"),
};

static void step(const scull_recurrent_run_t *run, double *gate_x, const double *gate_h,
                 double *h) {
  int64_t hidden = run->hidden;
  const double *bias = run->bias;
  double *reset = run->spare;
  for (int64_t j = 0; j < hidden; j++)
    reset[j] = scull_ops_activate(run, 0, gate_x[j] + gate_h[j] + bias[j]);
  if (!run->attrs->linear_before_reset) {
    for (int64_t j = 0; j < hidden; j++)
      reset[j] *= h[j];
  }
  double *next = gate_x; /* the gate r was read: its places hold the new state */
  for (int64_t j = 0; j < hidden; j++) {
    int64_t z_at = hidden + j, n_at = 2 * hidden + j;
    double z = scull_ops_activate(run, 0, gate_x[z_at] + gate_h[z_at] + bias[z_at]);
    double inner = run->attrs->linear_before_reset
                       ? reset[j] * (gate_h[n_at] + bias[3 * hidden + j])
                       : scull_ops_recurrent_product(run, n_at, reset) + bias[3 * hidden + j];
    double n = scull_ops_activate(run, 1, gate_x[n_at] + bias[n_at] + inner);
    next[j] = z * h[j] + (1 - z) * n;
  }
  for (int64_t j = 0; j < hidden; j++)
    h[j] = next[j];
}

static const scull_recurrent_t cell = {.gates = 3,
                                       .biases = 4,
                                       .states = 1,
                                       .activations = 2,
                                       .defaults = "sigmoid,tanh",
                                       .step = step};

static scull_status_t infer(const scull_op_call_t *call) {
  return scull_ops_recurrent_infer(call, &cell);
}

static scull_status_t reference(const scull_op_call_t *call) {
  return scull_ops_recurrent_run(call, &cell);
}

const scull_opdef_t scull_opdef_gru = {.name = "gru",
                                       .inputs_min = 3,
                                       .inputs_max = 6,
                                       .outputs_min = 1,
                                       .outputs_max = 2,
                                       .attrs = SCULL_SCHEMA(scull_recurrent_attrs_t, fields),
                                       .infer = infer,
                                       .reference = reference,
                                       .flops = scull_ops_recurrent_flops,
                                       .scratch = scull_ops_recurrent_scratch};
