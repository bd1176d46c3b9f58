/* sequence_concat: a sequence -> its elements joined along an axis, or stacked along a new one;
 * optionally how much of the axis each of them takes, [n] i64. */
#include <string.h>

#include "base/checked.h"
#include "ops/sequences.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_sequence_concat_attrs_t, INT, axis, "0"),
    SCULL_FIELD(scull_sequence_concat_attrs_t, BOOL, stack, "false"),
};

/* The shape of `item` with the axis that stacking makes. */
static scull_status_t widen(const scull_op_call_t *call, const scull_shape_t *item, int32_t *axis,
                            scull_shape_t *out) {
  const scull_sequence_concat_attrs_t *attrs = call->attrs;
  *out = *item;
  if (item->rank + attrs->stack > SCULL_MAX_RANK ||
      !scull_tensor_axis(attrs->axis, item->rank + attrs->stack, axis))
    return scull_ops_fail(call, "axis %lld of elements of %d dimensions", (long long)attrs->axis,
                          item->rank);
  if (!attrs->stack)
    return SCULL_OK;
  for (int32_t i = out->rank++; i > *axis; i--)
    out->dim[i] = out->dim[i - 1];
  out->dim[*axis] = 1;
  return SCULL_OK;
}

/* Of a sequence that is there. */
static scull_status_t joined(const scull_op_call_t *call, const scull_sequence_t *x, int32_t *axis,
                             scull_shape_t *out) {
  if (x->count == 0)
    return scull_ops_fail(call, "a sequence of nothing cannot be joined");
  SCULL_TRY(widen(call, &x->items[0].type.shape, axis, out));
  for (size_t i = 1; i < x->count; i++) {
    scull_shape_t item;
    SCULL_TRY(widen(call, &x->items[i].type.shape, axis, &item));
    int64_t sum = 0;
    bool fits =
        item.rank == out->rank && scull_base_i64_add(out->dim[*axis], item.dim[*axis], &sum);
    out->dim[*axis] = item.dim[*axis];
    if (!fits || !scull_tensor_shape_equal(out, &item))
      return scull_ops_fail(call, "element %zu does not fit to those before it", i);
    out->dim[*axis] = sum;
  }
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  enum { GUESS = 8 }; /* elements */
  const scull_type_t *x = &call->inputs[0].type;
  const scull_sequence_t *sequence = scull_ops_sequence(call, 0);
  int64_t count = sequence == NULL ? GUESS : (int64_t)sequence->count;
  scull_shape_t shape;
  int32_t axis = 0;
  SCULL_TRY(scull_ops_sequence_check(call, 0));
  if (sequence != NULL) {
    SCULL_TRY(joined(call, sequence, &axis, &shape));
  } else {
    SCULL_TRY(widen(call, &x->shape, &axis, &shape));
    if (!scull_base_i64_mul(shape.dim[axis], GUESS, &shape.dim[axis]))
      return scull_ops_fail(call, "the elements are too large");
    for (int32_t i = 0; i < shape.rank; i++)
      scull_ops_open(call, 0, i);
  }
  call->outputs[0].type = (scull_type_t){scull_tensor_dtype_element(x->dtype), shape};
  if (call->output_count > 1) {
    call->outputs[1].type = (scull_type_t){SCULL_DTYPE_I64, {.rank = 1, .dim = {count}}};
    if (sequence == NULL)
      scull_ops_open(call, 1, 0);
  }
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_sequence_t *x = scull_ops_sequence(call, 0);
  char *y = call->outputs[0].data;
  scull_shape_t all, item;
  int32_t axis = 0;
  int64_t outer = 1, inner = (int64_t)scull_tensor_dtype_size(call->outputs[0].type.dtype), at = 0;
  SCULL_TRY(joined(call, x, &axis, &all));
  if (!scull_tensor_shape_equal(&all, &call->outputs[0].type.shape))
    return scull_ops_fail(call, "the elements are not those that the shape was inferred from");
  for (int32_t i = 0; i < all.rank; i++) {
    outer *= i < axis ? all.dim[i] : 1;
    inner *= i > axis ? all.dim[i] : 1;
  }
  for (size_t k = 0; k < x->count; k++) {
    SCULL_TRY(widen(call, &x->items[k].type.shape, &axis, &item));
    size_t bytes = (size_t)(item.dim[axis] * inner);
    for (int64_t o = 0; o < outer && bytes > 0; o++)
      memcpy(y + (o * all.dim[axis] + at) * inner,
             (const char *)x->items[k].data + (size_t)o * bytes, bytes);
    at += item.dim[axis];
    if (call->output_count > 1)
      ((int64_t *)call->outputs[1].data)[k] = item.dim[axis];
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_concat = {
    .name = "sequence_concat",
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 2,
    .traits = SCULL_OP_SEQUENCES,
    .value_inputs = 1u << 0,
    .attrs = SCULL_SCHEMA(scull_sequence_concat_attrs_t, fields),
    .infer = infer,
    .reference = reference};
