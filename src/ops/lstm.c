/* lstm: x [T,N,I], w [D,4H,I], r [D,4H,H], bias [D,4H]?, h0 [D,N,H]?, c0 [D,N,H]?, lengths [N]?,
 * peepholes [D,3H]? (of i, o, f) -> y [T,N,D*H], h [D,N,H], c [D,N,H]. Gates stand in the order i,
 * f, g, o (Paddle, cuDNN): c = f * c + i * g, h = o * k(c). The activations are those of i, f and o
 * (sigmoid), of g (tanh), and k (tanh). Peepholes let i and f see the cell before, o the one after.
 */
#include "ops/recurrent.h"

static const scull_attr_field_t fields[] = {
    SCULL_RECURRENT_FIELDS,
    SCULL_FIELD(scull_recurrent_attrs_t, BOOL, coupled, "false"),
};

static double seen(const scull_recurrent_run_t *run, int64_t gate, int64_t j, double c) {
  return run->peephole == NULL ? 0 : run->peephole[gate * run->hidden + j] * c;
}

static void step(const scull_recurrent_run_t *run, double *gate_x, const double *gate_h,
                 double *state) {
  int64_t hidden = run->hidden;
  double *h = state, *c = state + hidden;
  for (int64_t j = 0; j < hidden; j++) {
    double z[4];
    for (int64_t g = 0; g < 4; g++)
      z[g] = gate_x[g * hidden + j] + gate_h[g * hidden + j] + run->bias[g * hidden + j];
    double i = scull_ops_activate(run, 0, z[0] + seen(run, 0, j, c[j]));
    double f =
        run->attrs->coupled ? 1 - i : scull_ops_activate(run, 0, z[1] + seen(run, 2, j, c[j]));
    c[j] = f * c[j] + i * scull_ops_activate(run, 1, z[2]);
    h[j] =
        scull_ops_activate(run, 0, z[3] + seen(run, 1, j, c[j])) * scull_ops_activate(run, 2, c[j]);
  }
}

static const scull_recurrent_t cell = {.gates = 4,
                                       .biases = 4,
                                       .states = 2,
                                       .peepholes = true,
                                       .activations = 3,
                                       .defaults = "sigmoid,tanh,tanh",
                                       .step = step};

static scull_status_t infer(const scull_op_call_t *call) {
  return scull_ops_recurrent_infer(call, &cell);
}

static scull_status_t reference(const scull_op_call_t *call) {
  return scull_ops_recurrent_run(call, &cell);
}

const scull_opdef_t scull_opdef_lstm = {.name = "lstm",
                                        .inputs_min = 3,
                                        .inputs_max = 8,
                                        .outputs_min = 1,
                                        .outputs_max = 3,
                                        .attrs = SCULL_SCHEMA(scull_recurrent_attrs_t, fields),
                                        .infer = infer,
                                        .reference = reference,
                                        .flops = scull_ops_recurrent_flops,
                                        .scratch = scull_ops_recurrent_scratch};
