/* lrn: x [N,C,...] -> x / (k + alpha * sum of x^2 over `size` neighbouring channels)^beta. As in
 * Paddle alpha is not divided by the size (ONNX and Caffe divide). */
#include "ops/lrn.h"

#include <math.h>

#include "ops/row.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_lrn_attrs_t, INT, size, "5"),
    SCULL_FIELD(scull_lrn_attrs_t, FLOAT, k, "2"),
    SCULL_FIELD(scull_lrn_attrs_t, FLOAT, alpha, "0.0001"),
    SCULL_FIELD(scull_lrn_attrs_t, FLOAT, beta, "0.75"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_lrn_attrs_t *attrs = call->attrs;
  if (call->inputs[0].type.shape.rank < 2 || attrs->size < 1 || attrs->size > INT32_MAX)
    return scull_ops_fail(call, "%d dimensions, %lld channels at a time",
                          call->inputs[0].type.shape.rank, (long long)attrs->size);
  return scull_ops_infer_float(call);
}

/* Elements [at, at + count) of every channel's plane of one picture, which begins at `first`. */
static void strip(const scull_op_call_t *call, int64_t first, int64_t plane, int64_t at,
                  int64_t count) {
  const scull_lrn_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0];
  int64_t channels = x->type.shape.dim[1], before = (attrs->size - 1) / 2;
  for (int64_t c = 0; c < channels; c++) {
    int64_t low = c < before ? 0 : c - before, high = c - before + attrs->size;
    double sum[SCULL_ROW] = {0}, row[SCULL_ROW];
    for (int64_t k = low; k < high && k < channels; k++) {
      scull_ops_row_load(x, first + k * plane + at, 1, count, row);
      for (int64_t i = 0; i < count; i++)
        sum[i] += row[i] * row[i];
    }
    scull_ops_row_load(x, first + c * plane + at, 1, count, row);
    for (int64_t i = 0; i < count; i++)
      row[i] *= pow(attrs->k + attrs->alpha * sum[i], -attrs->beta);
    scull_ops_row_store(row, count, &call->outputs[0], first + c * plane + at);
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape;
  int64_t plane = 1;
  for (int32_t i = 2; i < x->rank; i++)
    plane *= x->dim[i];
  for (int64_t n = 0; n < x->dim[0]; n++) {
    for (int64_t at = 0; at < plane; at += SCULL_ROW)
      strip(call, n * x->dim[1] * plane, plane, at,
            plane - at < SCULL_ROW ? plane - at : SCULL_ROW);
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  const scull_lrn_attrs_t *attrs = call->attrs;
  return (double)(2 * attrs->size + 4) * (double)scull_tensor_count(&call->outputs[0].type.shape);
}

const scull_opdef_t scull_opdef_lrn = {.name = "lrn",
                                       .inputs_min = 1,
                                       .inputs_max = 1,
                                       .outputs_min = 1,
                                       .outputs_max = 1,
                                       .attrs = SCULL_SCHEMA(scull_lrn_attrs_t, fields),
                                       .infer = infer,
                                       .reference = reference,
                                       .flops = flops};
