/* log_softmax: x minus the logarithm of the sum of e^x along `axis`. */
#include "ops/softmax.h"

static scull_status_t reference(const scull_op_call_t *call) {
  scull_ops_softmax(call, true);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_log_softmax = {
    .name = "log_softmax",
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .attrs = SCULL_SCHEMA(scull_softmax_attrs_t, scull_ops_softmax_fields),
    .infer = scull_ops_softmax_infer,
    .reference = reference,
    .flops = scull_ops_softmax_flops};
