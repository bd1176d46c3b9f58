/* prelu: x above 0, else slope * x. The slope broadcasts over x and never makes it larger. */
#include "ops/broadcast.h"
#include "ops/shape_rules.h"

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape, *slope = &call->inputs[1].type.shape;
  scull_shape_t both;
  SCULL_TRY(scull_ops_check_floats(call, 2));
  if (!scull_tensor_shape_broadcast(x, slope, &both) || !scull_tensor_shape_equal(x, &both))
    return scull_ops_fail(call, "the slope does not broadcast over x");
  return scull_ops_infer_same(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *slope = &call->inputs[1], *y = &call->outputs[0];
  scull_broadcast_t row = scull_ops_broadcast(call->inputs, 2, &y->type.shape);
  while (scull_ops_broadcast_next(&row)) {
    for (int64_t i = 0; i < row.count; i++) {
      double v = scull_tensor_load(x->data, x->type.dtype, row.at[0] + i * row.step[0]);
      double s = scull_tensor_load(slope->data, x->type.dtype, row.at[1] + i * row.step[1]);
      scull_tensor_store(y->data, y->type.dtype, row.out + i, v < 0 ? s * v : v);
    }
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_prelu = {.name = "prelu",
                                         .inputs_min = 2,
                                         .inputs_max = 2,
                                         .outputs_min = 1,
                                         .outputs_max = 1,
                                         .traits = SCULL_OP_BY_CHANNEL,
                                         .infer = infer,
                                         .reference = reference};
