/* fill: shape [rank] (optional, wins) -> a tensor of that shape, all elements `value`. */
#include "ops/fill.h"

#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_fill_attrs_t, INTS, shape, ""),
    SCULL_FIELD(scull_fill_attrs_t, FLOAT, value, "0"),
    SCULL_FIELD(scull_fill_attrs_t, DTYPE, to, "f32"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_fill_attrs_t *attrs = call->attrs;
  scull_list_t shape;
  if (scull_ops_must_guess(call, 0))
    return scull_ops_infer_open(call, 0, attrs->to, 1);
  SCULL_TRY(scull_ops_list_read(call, 0, "shape", attrs->shape, &shape));
  if (shape.size > SCULL_MAX_RANK)
    return scull_ops_fail(call, "a shape of %d dimensions", shape.size);
  for (int32_t i = 0; i < shape.size; i++) {
    if (shape.item[i] < 0)
      return scull_ops_fail(call, "shape[%d] = %lld", i, (long long)shape.item[i]);
  }
  call->outputs[0].type = (scull_type_t){attrs->to, scull_tensor_shape(shape.size, shape.item)};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_fill_attrs_t *attrs = call->attrs;
  const scull_tensor_t *y = &call->outputs[0];
  for (int64_t i = 0, count = scull_tensor_count(&y->type.shape); i < count; i++)
    scull_tensor_store(y->data, y->type.dtype, i, attrs->value);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_fill = {.name = "fill",
                                        .inputs_min = 0,
                                        .inputs_max = 1,
                                        .outputs_min = 1,
                                        .outputs_max = 1,
                                        .attrs = SCULL_SCHEMA(scull_fill_attrs_t, fields),
                                        .value_inputs = 1u << 0,
                                        .infer = infer,
                                        .reference = reference,
                                        .flops = scull_ops_flops_none};
