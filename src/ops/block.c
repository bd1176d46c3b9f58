/* Squares of pixels as channels: attributes, steps and the one copy behind both operators. */
#include "ops/block.h"

#include "base/checked.h"

static const char *const orders[] = {"crd", "dcr", "columns", NULL};

const scull_attr_field_t scull_ops_block_fields[] = {
    SCULL_FIELD(scull_block_attrs_t, INT, factor, "1"),
    SCULL_FIELD_ENUM(scull_block_attrs_t, order, "crd", orders),
};

scull_block_steps_t scull_ops_block_steps(const scull_block_attrs_t *attrs, int64_t channels) {
  const int64_t f = attrs->factor;
  if (attrs->order == SCULL_BLOCK_CRD)
    return (scull_block_steps_t){.channel = f * f, .row = f, .column = 1};
  const bool rows_first = attrs->order == SCULL_BLOCK_DCR;
  return (scull_block_steps_t){.channel = 1,
                               .row = rows_first ? f * channels : channels,
                               .column = rows_first ? channels : f * channels};
}

scull_status_t scull_ops_block_square(const scull_op_call_t *call, int64_t *square) {
  const scull_block_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank != 4)
    return scull_ops_fail(call, "x has %d dimensions, four are wanted", x->rank);
  if (attrs->factor < 1 || !scull_base_i64_mul(attrs->factor, attrs->factor, square))
    return scull_ops_fail(call, "a factor of %lld", (long long)attrs->factor);
  return SCULL_OK;
}

static void add(scull_box_t *box, bool to_deep, int64_t extent, int64_t wide, int64_t deep) {
  scull_ops_box_add(box, extent, to_deep ? deep : wide, to_deep ? wide : deep);
}

scull_status_t scull_ops_block_copy(const scull_op_call_t *call, bool to_deep) {
  const scull_block_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  const int64_t *wide = to_deep ? x->type.shape.dim : y->type.shape.dim;
  const int64_t *deep = to_deep ? y->type.shape.dim : x->type.shape.dim;
  const int64_t f = attrs->factor, plane = deep[2] * deep[3];
  const scull_block_steps_t steps = scull_ops_block_steps(attrs, wide[1]);
  scull_box_t box = {0};
  add(&box, to_deep, wide[0], wide[1] * f * f * plane, wide[1] * f * f * plane);
  add(&box, to_deep, wide[1], f * f * plane, steps.channel * plane);
  add(&box, to_deep, deep[2], f * wide[3], deep[3]);
  add(&box, to_deep, f, wide[3], steps.row * plane);
  add(&box, to_deep, deep[3], f, 1);
  add(&box, to_deep, f, 1, steps.column * plane);
  scull_ops_box_copy(&box, y->data, x->data, scull_tensor_dtype_size(x->type.dtype));
  return SCULL_OK;
}
