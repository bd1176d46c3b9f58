/* channel_shuffle: [N, groups * m, ...]: channel g * m + i becomes channel i * groups + g. */
#include "ops/channel_shuffle.h"

#include "ops/box.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_channel_shuffle_attrs_t, INT, groups, "1"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_channel_shuffle_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank < 2)
    return scull_ops_fail(call, "x has %d dimensions and so no channels", x->rank);
  if (attrs->groups < 1 || x->dim[1] % attrs->groups != 0)
    return scull_ops_fail(call, "%lld channels in %lld groups", (long long)x->dim[1],
                          (long long)attrs->groups);
  return scull_ops_infer_same(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_channel_shuffle_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  const scull_shape_t *shape = &x->type.shape;
  int64_t plane = 1, each = shape->dim[1] / attrs->groups;
  scull_box_t box = {0};
  for (int32_t i = 2; i < shape->rank; i++)
    plane *= shape->dim[i];
  scull_ops_box_add(&box, shape->dim[0], 0, shape->dim[1] * plane);
  scull_ops_box_add(&box, each, 0, plane);
  scull_ops_box_add(&box, attrs->groups, 0, each * plane);
  scull_ops_box_add(&box, plane, 0, 1);
  scull_ops_box_pack(&box);
  scull_ops_box_copy(&box, y->data, x->data, scull_tensor_dtype_size(x->type.dtype));
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_channel_shuffle = {
    .name = "channel_shuffle",
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .traits = SCULL_OP_MOVES_DATA,
    .attrs = SCULL_SCHEMA(scull_channel_shuffle_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .flops = scull_ops_flops_none};
