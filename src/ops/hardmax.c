/* hardmax: 1 at the first largest element of each line along an axis, 0 elsewhere. */
#include "ops/softmax.h"

#include "ops/lines.h"

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_softmax_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  scull_lines_t lines;
  SCULL_TRY(scull_ops_lines(call, &x->type.shape, attrs->axis, &lines));
  for (int64_t i = 0; i < lines.outer * lines.inner && lines.extent > 0; i++) {
    int64_t first = i / lines.inner * lines.extent * lines.inner + i % lines.inner, best = first;
    double peak = scull_tensor_load(x->data, x->type.dtype, first);
    for (int64_t k = 0; k < lines.extent; k++) {
      int64_t at = first + k * lines.inner;
      double v = scull_tensor_load(x->data, x->type.dtype, at);
      scull_tensor_store(y->data, y->type.dtype, at, 0);
      best = v > peak ? at : best;
      peak = v > peak ? v : peak;
    }
    scull_tensor_store(y->data, y->type.dtype, best, 1);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_hardmax = {
    .name = "hardmax",
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .attrs = SCULL_SCHEMA(scull_softmax_attrs_t, scull_ops_softmax_fields),
    .infer = scull_ops_softmax_infer,
    .reference = reference};
