/* slice: x, starts, ends, steps (optional tensors, each wins over its attribute). Clamps as NumPy
 * does; with a negative step an end before the first element is any end <= -1 - extent. */
#include "ops/slice.h"

#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_slice_attrs_t, INTS, axes, ""),
    SCULL_FIELD(scull_slice_attrs_t, INTS, starts, ""),
    SCULL_FIELD(scull_slice_attrs_t, INTS, ends, ""),
    SCULL_FIELD(scull_slice_attrs_t, INTS, steps, ""),
};

static int64_t clamp(int64_t at, int64_t extent, int64_t low, int64_t high) {
  at = at < 0 ? at + extent : at;
  return at < low ? low : at > high ? high : at;
}

static void cut_axis(scull_slice_cut_t *cut, int32_t axis, int64_t start, int64_t end,
                     int64_t step) {
  int64_t extent = cut->shape.dim[axis], count = 0;
  if (step > 0) {
    start = clamp(start, extent, 0, extent);
    end = clamp(end, extent, 0, extent);
    count = end > start ? (end - start - 1) / step + 1 : 0;
  } else {
    step = step < -INT64_MAX ? -INT64_MAX : step;
    start = clamp(start, extent, -1, extent - 1);
    end = clamp(end, extent, -1, extent - 1);
    count = start > end ? (start - end - 1) / -step + 1 : 0;
  }
  cut->shape.dim[axis] = count;
  cut->first[axis] = count == 0 ? 0 : start;
  cut->step[axis] = count <= 1 ? 0 : step; /* a huge step is never multiplied */
}

scull_status_t scull_ops_slice_cut(const scull_op_call_t *call, scull_slice_cut_t *cut) {
  const scull_slice_attrs_t *attrs = call->attrs;
  scull_list_t starts, ends, steps;
  bool marked[SCULL_MAX_RANK];
  *cut = (scull_slice_cut_t){.shape = call->inputs[0].type.shape};
  int32_t rank = cut->shape.rank;
  SCULL_TRY(scull_ops_list_read(call, 1, "starts", attrs->starts, &starts));
  SCULL_TRY(scull_ops_list_read(call, 2, "ends", attrs->ends, &ends));
  SCULL_TRY(scull_ops_list_read(call, 3, "steps", attrs->steps, &steps));
  SCULL_TRY(scull_ops_axes_read(call, attrs->axes, rank, marked));
  int32_t count = attrs->axes.size == 0 ? starts.size : (int32_t)attrs->axes.size;
  if (count > rank || starts.size != count || ends.size != count ||
      (steps.size != 0 && steps.size != count))
    return scull_ops_fail(call, "%d axes, %d starts, %d ends, %d steps of %d dimensions", count,
                          starts.size, ends.size, steps.size, rank);
  for (int32_t i = 0; i < rank; i++)
    cut->step[i] = 1;
  for (int32_t i = 0; i < count; i++) {
    int32_t axis = i;
    int64_t step = steps.size == 0 ? 1 : steps.item[i];
    if (attrs->axes.size != 0)
      SCULL_TRY(scull_ops_axis_read(call, attrs->axes.data[i], rank, &axis));
    if (step == 0)
      return scull_ops_fail(call, "the step of axis %d is 0", axis);
    cut_axis(cut, axis, starts.item[i], ends.item[i], step);
  }
  return SCULL_OK;
}

/* Starts or ends that a run computes: no more than all of each axis. */
static scull_status_t infer_bound(const scull_op_call_t *call) {
  const scull_slice_attrs_t *attrs = call->attrs;
  scull_type_t *y = &call->outputs[0].type;
  *y = call->inputs[0].type;
  for (size_t i = 0; i < attrs->axes.size; i++) {
    int32_t axis = 0;
    SCULL_TRY(scull_ops_axis_read(call, attrs->axes.data[i], y->shape.rank, &axis));
    scull_ops_open(call, 0, axis);
  }
  for (int32_t i = 0; i < y->shape.rank && attrs->axes.size == 0; i++)
    scull_ops_open(call, 0, i);
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  scull_slice_cut_t cut;
  if (scull_ops_must_guess(call, 1) || scull_ops_must_guess(call, 2) ||
      scull_ops_must_guess(call, 3))
    return infer_bound(call);
  SCULL_TRY(scull_ops_slice_cut(call, &cut));
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, cut.shape};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t steps[SCULL_MAX_RANK] = {0}, first = 0;
  scull_box_t box = {0};
  scull_slice_cut_t cut;
  SCULL_TRY(scull_ops_slice_cut(call, &cut));
  if (!scull_tensor_shape_equal(&cut.shape, &y->type.shape))
    return scull_ops_fail(call, "starts or ends are not those that the shape was inferred from");
  scull_tensor_strides(&x->type.shape, steps);
  for (int32_t i = 0; i < cut.shape.rank; i++) {
    first += cut.first[i] * steps[i];
    scull_ops_box_add(&box, cut.shape.dim[i], 0, cut.step[i] * steps[i]);
  }
  scull_ops_box_pack(&box);
  if (scull_tensor_count(&cut.shape) > 0)
    scull_ops_box_copy(&box, y->data, scull_ops_element(x, first),
                       scull_tensor_dtype_size(x->type.dtype));
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_slice = {.name = "slice",
                                         .inputs_min = 1,
                                         .inputs_max = 4,
                                         .outputs_min = 1,
                                         .outputs_max = 1,
                                         .traits = SCULL_OP_MOVES_DATA,
                                         .attrs = SCULL_SCHEMA(scull_slice_attrs_t, fields),
                                         .value_inputs = 7u << 1,
                                         .infer = infer,
                                         .reference = reference,
                                         .flops = scull_ops_flops_none};
