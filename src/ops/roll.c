/* roll: moves elements along axes; what leaves at one end comes back at the other. The shifted
 * windows of Swin transformers are made with it. */
#include "ops/roll.h"

#include <string.h>

#include "ops/box.h"
#include "ops/lists.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_roll_attrs_t, INTS, shifts, ""),
    SCULL_FIELD(scull_roll_attrs_t, INTS, axes, ""),
};

static int64_t wrap(int64_t at, int64_t extent) {
  int64_t rest = extent == 0 ? 0 : at % extent;
  return rest < 0 ? rest + extent : rest;
}

/* How far each axis is shifted, from 0 to its extent; 0 for the others. */
static scull_status_t read_shifts(const scull_op_call_t *call, int64_t shift[SCULL_MAX_RANK]) {
  const scull_roll_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  bool marked[SCULL_MAX_RANK];
  SCULL_TRY(scull_ops_axes_read(call, attrs->axes, x->rank, marked));
  if (attrs->shifts.size != attrs->axes.size)
    return scull_ops_fail(call, "%zu shifts for %zu axes", attrs->shifts.size, attrs->axes.size);
  for (int32_t i = 0; i < x->rank; i++)
    shift[i] = 0;
  for (size_t i = 0; i < attrs->axes.size; i++) {
    int32_t axis = 0;
    SCULL_TRY(scull_ops_axis_read(call, attrs->axes.data[i], x->rank, &axis));
    shift[axis] = wrap(attrs->shifts.data[i], x->dim[axis]);
  }
  return SCULL_OK;
}

static bool is_flat(const scull_op_call_t *call) {
  const scull_roll_attrs_t *attrs = call->attrs;
  return attrs->axes.size == 0 && attrs->shifts.size == 1;
}

static scull_status_t infer(const scull_op_call_t *call) {
  int64_t shift[SCULL_MAX_RANK];
  if (!is_flat(call))
    SCULL_TRY(read_shifts(call, shift));
  return scull_ops_infer_same(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_roll_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  size_t size = scull_tensor_dtype_size(x->type.dtype);
  scull_shape_t shape = x->type.shape;
  int64_t count = scull_tensor_count(&shape), shift[SCULL_MAX_RANK] = {0}, step[SCULL_MAX_RANK];
  if (is_flat(call)) {
    shape = (scull_shape_t){.rank = 1, .dim = {count}};
    shift[0] = wrap(attrs->shifts.data[0], count);
  } else {
    SCULL_TRY(read_shifts(call, shift));
  }
  scull_tensor_strides(&shape, step);
  for (int64_t i = 0; i < count; i++) {
    int64_t to = 0, rest = i;
    for (int32_t d = shape.rank - 1; d >= 0; d--) {
      to += wrap(rest % shape.dim[d] + shift[d], shape.dim[d]) * step[d];
      rest /= shape.dim[d];
    }
    memcpy((char *)y->data + (size_t)to * size, (const char *)x->data + (size_t)i * size, size);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_roll = {.name = "roll",
                                        .inputs_min = 1,
                                        .inputs_max = 1,
                                        .outputs_min = 1,
                                        .outputs_max = 1,
                                        .traits = SCULL_OP_MOVES_DATA,
                                        .attrs = SCULL_SCHEMA(scull_roll_attrs_t, fields),
                                        .infer = infer,
                                        .reference = reference,
                                        .flops = scull_ops_flops_none};
