/* non_zero: x [d0,...,dr] -> [n,r], the index of each element that is not 0, in row-major order
 * (numpy.argwhere). Not more than all elements; how many is known after the run. */
#include "ops/opdef.h"

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape;
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_I64, {2, {scull_tensor_count(x), x->rank}}};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0];
  const scull_shape_t *shape = &x->type.shape;
  int64_t *y = call->outputs[0].data, found = 0;
  for (int64_t i = 0, count = scull_tensor_count(shape); i < count; i++) {
    if (scull_tensor_load(x->data, x->type.dtype, i) == 0)
      continue;
    int64_t rest = i;
    for (int32_t d = shape->rank - 1; d >= 0; d--) {
      y[found * shape->rank + d] = rest % shape->dim[d];
      rest /= shape->dim[d];
    }
    found++;
  }
  call->outputs[0].type.shape.dim[0] = found;
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_non_zero = {.name = "non_zero",
                                            .inputs_min = 1,
                                            .inputs_max = 1,
                                            .outputs_min = 1,
                                            .outputs_max = 1,
                                            .traits = SCULL_OP_DATA_SHAPE,
                                            .infer = infer,
                                            .reference = reference};
