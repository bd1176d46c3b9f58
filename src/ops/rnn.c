/* rnn: x [T,N,I], w [D,H,I], r [D,H,H], bias [D,H]?, h0 [D,N,H]?, lengths [N]? -> y [T,N,D*H], h
 * [D,N,H]: h = f(w x + r h + bias), f being tanh unless said otherwise. */
#include "ops/recurrent.h"

static const scull_attr_field_t fields[] = {SCULL_RECURRENT_FIELDS};

static void step(const scull_recurrent_run_t *run, double *gate_x, const double *gate_h,
                 double *h) {
  for (int64_t j = 0; j < run->hidden; j++)
    h[j] = scull_ops_activate(run, 0, gate_x[j] + gate_h[j] + run->bias[j]);
}

static const scull_recurrent_t cell = {
    .gates = 1, .biases = 1, .states = 1, .activations = 1, .defaults = "tanh", .step = step};

static scull_status_t infer(const scull_op_call_t *call) {
  return scull_ops_recurrent_infer(call, &cell);
}

static scull_status_t reference(const scull_op_call_t *call) {
  return scull_ops_recurrent_run(call, &cell);
}

const scull_opdef_t scull_opdef_rnn = {.name = "rnn",
                                       .inputs_min = 3,
                                       .inputs_max = 6,
                                       .outputs_min = 1,
                                       .outputs_max = 2,
                                       .attrs = SCULL_SCHEMA(scull_recurrent_attrs_t, fields),
                                       .infer = infer,
                                       .reference = reference,
                                       .flops = scull_ops_recurrent_flops,
                                       .scratch = scull_ops_recurrent_scratch};
