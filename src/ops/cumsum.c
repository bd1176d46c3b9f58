/* cumsum: running sums, or products, along an axis. Integers wrap. */
#include "ops/cumsum.h"

#include "ops/lines.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_cumsum_attrs_t, INT, axis, "-1"),
    SCULL_FIELD(scull_cumsum_attrs_t, BOOL, exclusive, "false"),
    SCULL_FIELD(scull_cumsum_attrs_t, BOOL, reverse, "false"),
    SCULL_FIELD(scull_cumsum_attrs_t, BOOL, product, "false"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_cumsum_attrs_t *attrs = call->attrs;
  scull_lines_t lines;
  SCULL_TRY(scull_ops_lines(call, &call->inputs[0].type.shape, attrs->axis, &lines));
  return scull_ops_infer_same(call);
}

static void sum_reals(const scull_op_call_t *call, int64_t first, int64_t step, int64_t count) {
  const scull_cumsum_attrs_t *attrs = call->attrs;
  scull_dtype_t dtype = call->outputs[0].type.dtype;
  double sum = attrs->product ? 1 : 0;
  for (int64_t i = 0; i < count; i++) {
    double before = sum, x = scull_tensor_load(call->inputs[0].data, dtype, first + i * step);
    sum = attrs->product ? sum * x : sum + x;
    scull_tensor_store(call->outputs[0].data, dtype, first + i * step,
                       attrs->exclusive ? before : sum);
  }
}

static void sum_wholes(const scull_op_call_t *call, int64_t first, int64_t step, int64_t count) {
  const scull_cumsum_attrs_t *attrs = call->attrs;
  scull_dtype_t dtype = call->outputs[0].type.dtype;
  uint64_t sum = attrs->product ? 1 : 0;
  for (int64_t i = 0; i < count; i++) {
    uint64_t before = sum;
    uint64_t x = (uint64_t)scull_tensor_load_i64(call->inputs[0].data, dtype, first + i * step);
    sum = attrs->product ? sum * x : sum + x;
    scull_tensor_store_i64(call->outputs[0].data, dtype, first + i * step,
                           (int64_t)(attrs->exclusive ? before : sum));
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_cumsum_attrs_t *attrs = call->attrs;
  const scull_type_t *type = &call->inputs[0].type;
  scull_lines_t lines;
  SCULL_TRY(scull_ops_lines(call, &type->shape, attrs->axis, &lines));
  for (int64_t o = 0; o < lines.outer && lines.extent > 0; o++) {
    for (int64_t i = 0; i < lines.inner; i++) {
      int64_t at = attrs->reverse ? lines.extent - 1 : 0;
      int64_t first = (o * lines.extent + at) * lines.inner + i;
      int64_t step = attrs->reverse ? -lines.inner : lines.inner;
      if (scull_tensor_dtype_is_float(type->dtype))
        sum_reals(call, first, step, lines.extent);
      else
        sum_wholes(call, first, step, lines.extent);
    }
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_cumsum = {.name = "cumsum",
                                          .inputs_min = 1,
                                          .inputs_max = 1,
                                          .outputs_min = 1,
                                          .outputs_max = 1,
                                          .attrs = SCULL_SCHEMA(scull_cumsum_attrs_t, fields),
                                          .infer = infer,
                                          .reference = reference};
