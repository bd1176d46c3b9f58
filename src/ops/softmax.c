/* softmax: e^x / sum of e^x along `axis`. The largest x is taken off first, so nothing overflows.
 */
#include "ops/softmax.h"

#include <math.h>

#include "ops/row.h"
#include "ops/shape_rules.h"

const scull_attr_field_t scull_ops_softmax_fields[1] = {
    SCULL_FIELD(scull_softmax_attrs_t, INT, axis, "-1"),
};

scull_status_t scull_ops_softmax_infer(const scull_op_call_t *call) {
  const scull_softmax_attrs_t *attrs = call->attrs;
  int32_t rank = call->inputs[0].type.shape.rank, axis = 0;
  if (rank > 0 && !scull_tensor_axis(attrs->axis, rank, &axis))
    return scull_ops_fail(call, "axis %lld of %d dimensions", (long long)attrs->axis, rank);
  return scull_ops_infer_float(call);
}

/* One line of `count` elements, `step` apart. */
static void line(const scull_tensor_t *x, const scull_tensor_t *y, int64_t first, int64_t count,
                 int64_t step, bool logarithm) {
  scull_dtype_t dtype = x->type.dtype;
  double max = -HUGE_VAL, sum = 0;
  for (int64_t i = 0; i < count; i++)
    max = scull_ops_larger(max, scull_tensor_load(x->data, dtype, first + i * step));
  for (int64_t i = 0; i < count; i++)
    sum += exp(scull_tensor_load(x->data, dtype, first + i * step) - max);
  for (int64_t i = 0; i < count; i++) {
    double v = scull_tensor_load(x->data, dtype, first + i * step) - max;
    scull_tensor_store(y->data, dtype, first + i * step, logarithm ? v - log(sum) : exp(v) / sum);
  }
}

void scull_ops_softmax(const scull_op_call_t *call, bool logarithm) {
  const scull_softmax_attrs_t *attrs = call->attrs;
  const scull_shape_t *shape = &call->inputs[0].type.shape;
  int32_t axis = 0;
  int64_t count = 1, step = 1, total = scull_tensor_count(shape);
  if (scull_tensor_axis(attrs->axis, shape->rank, &axis))
    count = shape->dim[axis];
  for (int32_t i = axis + 1; i < shape->rank; i++)
    step *= shape->dim[i];
  for (int64_t outer = 0; outer < total; outer += count * step) {
    for (int64_t inner = 0; inner < step; inner++)
      line(&call->inputs[0], &call->outputs[0], outer + inner, count, step, logarithm);
  }
}

double scull_ops_softmax_flops(const scull_op_call_t *call) {
  return 5 * (double)scull_tensor_count(&call->outputs[0].type.shape);
}

static scull_status_t reference(const scull_op_call_t *call) {
  scull_ops_softmax(call, false);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_softmax = {
    .name = "softmax",
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .traits = SCULL_OP_NOT_NEGATIVE,
    .attrs = SCULL_SCHEMA(scull_softmax_attrs_t, scull_ops_softmax_fields),
    .infer = scull_ops_softmax_infer,
    .reference = reference,
    .flops = scull_ops_softmax_flops};
