/* batch_norm, as at inference: x [N,C,...], scale, bias, mean, variance [C] ->
 * (x - mean) / sqrt(variance + epsilon) * scale + bias, a channel (axis 1) at a time. */
#include "ops/batch_norm.h"

#include <math.h>

#include "ops/row.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_batch_norm_attrs_t, FLOAT, epsilon, "1e-05"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  static const char *const names[] = {"x", "scale", "bias", "mean", "variance"};
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank < 2)
    return scull_ops_fail(call, "x has %d dimensions where at least 2 are wanted", x->rank);
  for (size_t i = 1; i < 5; i++)
    SCULL_TRY(scull_ops_check_list(call, i, names[i], x->dim[1]));
  SCULL_TRY(scull_ops_check_floats(call, 5));
  return scull_ops_infer_same(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_batch_norm_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0];
  int64_t channels = x->type.shape.dim[1], plane = 1;
  for (int32_t i = 2; i < x->type.shape.rank; i++)
    plane *= x->type.shape.dim[i];
  for (int64_t i = 0; i < x->type.shape.dim[0] * channels; i++) {
    double of[5] = {0}, row[SCULL_ROW]; /* scale, bias, mean, variance at 1 to 4 */
    for (size_t k = 1; k < 5; k++)
      of[k] = scull_tensor_load(call->inputs[k].data, x->type.dtype, i % channels);
    double factor = of[1] / sqrt(of[4] + attrs->epsilon);
    for (int64_t at = 0; at < plane; at += SCULL_ROW) {
      int64_t count = plane - at < SCULL_ROW ? plane - at : SCULL_ROW;
      scull_ops_row_load(x, i * plane + at, 1, count, row);
      for (int64_t k = 0; k < count; k++)
        row[k] = (row[k] - of[3]) * factor + of[2];
      scull_ops_row_store(row, count, &call->outputs[0], i * plane + at);
    }
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  return 2 * (double)scull_tensor_count(&call->outputs[0].type.shape);
}

const scull_opdef_t scull_opdef_batch_norm = {.name = "batch_norm",
                                              .inputs_min = 5,
                                              .inputs_max = 5,
                                              .outputs_min = 1,
                                              .outputs_max = 1,
                                              .traits = SCULL_OP_BY_CHANNEL,
                                              .attrs =
                                                  SCULL_SCHEMA(scull_batch_norm_attrs_t, fields),
                                              .infer = infer,
                                              .reference = reference,
                                              .flops = flops};
