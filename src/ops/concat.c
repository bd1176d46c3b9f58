/* concat: joins any number of tensors along an axis; all other extents agree. */
#include "ops/concat.h"

#include "base/checked.h"
#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_concat_attrs_t, INT, axis, "0"),
};

/* True when `part` may follow along `axis` what has the type `whole` so far. */
static bool fits(const scull_type_t *whole, const scull_type_t *part, int32_t axis) {
  scull_shape_t other = part->shape;
  if (part->dtype != whole->dtype || other.rank != whole->shape.rank)
    return false;
  other.dim[axis] = whole->shape.dim[axis];
  return scull_tensor_shape_equal(&other, &whole->shape);
}

/* Where a guess of the parts up to `index` does not fit the others: the smaller extent. True when
 * one of them is a guess. */
static bool settle(const scull_op_call_t *call, size_t index, scull_type_t *whole, int32_t axis) {
  const scull_type_t *part = &call->inputs[index].type;
  uint32_t so_far = index < 31 ? (2u << index) - 1 : UINT32_MAX;
  if ((call->guessed & so_far) == 0 || part->dtype != whole->dtype ||
      part->shape.rank != whole->shape.rank)
    return false;
  for (int32_t i = 0; i < part->shape.rank; i++) {
    if (i != axis && part->shape.dim[i] < whole->shape.dim[i])
      whole->shape.dim[i] = part->shape.dim[i];
  }
  return true;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_concat_attrs_t *attrs = call->attrs;
  scull_type_t y = call->inputs[0].type;
  int32_t axis = 0;
  SCULL_TRY(scull_ops_axis_read(call, attrs->axis, y.shape.rank, &axis));
  for (size_t i = 1; i < call->input_count; i++) {
    const scull_type_t *part = &call->inputs[i].type;
    int64_t *sum = &y.shape.dim[axis];
    char left[128], right[128];
    if ((!settle(call, i, &y, axis) && !fits(&y, part, axis)) ||
        !scull_base_i64_add(*sum, part->shape.dim[axis], sum))
      return scull_ops_fail(call, "input %zu, %s, does not join %s along axis %d", i,
                            scull_tensor_type_text(part, left, sizeof left),
                            scull_tensor_type_text(&y, right, sizeof right), axis);
  }
  call->outputs[0].type = y;
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_concat_attrs_t *attrs = call->attrs;
  const scull_tensor_t *y = &call->outputs[0];
  int64_t to[SCULL_MAX_RANK] = {0}, from[SCULL_MAX_RANK] = {0}, first = 0;
  int32_t axis = 0;
  SCULL_TRY(scull_ops_axis_read(call, attrs->axis, y->type.shape.rank, &axis));
  scull_tensor_strides(&y->type.shape, to);
  for (size_t i = 0; i < call->input_count; i++) {
    const scull_tensor_t *x = &call->inputs[i];
    scull_box_t box = {0};
    scull_tensor_strides(&x->type.shape, from);
    for (int32_t d = 0; d < x->type.shape.rank; d++)
      scull_ops_box_add(&box, x->type.shape.dim[d], to[d], from[d]);
    scull_ops_box_copy(&box, scull_ops_element(y, first * to[axis]), x->data,
                       scull_tensor_dtype_size(y->type.dtype));
    first += x->type.shape.dim[axis];
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_concat = {.name = "concat",
                                          .inputs_min = 1,
                                          .inputs_max = SCULL_ARITY_MANY,
                                          .outputs_min = 1,
                                          .outputs_max = 1,
                                          .traits = SCULL_OP_MOVES_DATA,
                                          .attrs = SCULL_SCHEMA(scull_concat_attrs_t, fields),
                                          .infer = infer,
                                          .reference = reference,
                                          .flops = scull_ops_flops_none};
