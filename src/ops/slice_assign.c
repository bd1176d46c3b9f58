/* slice_assign: x, value, starts?, ends?, steps? (lists, which win) -> x, whose elements in NumPy's
 * start:end:step on some axes are those of the value, which broadcasts to the slice. */
#include "ops/slice_assign.h"

#include <string.h>

#include "ops/box.h"
#include "ops/lists.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_slice_assign_attrs_t, INTS, axes, ""),
    SCULL_FIELD(scull_slice_assign_attrs_t, INTS, starts, ""),
    SCULL_FIELD(scull_slice_assign_attrs_t, INTS, ends, ""),
    SCULL_FIELD(scull_slice_assign_attrs_t, INTS, steps, ""),
    SCULL_FIELD(scull_slice_assign_attrs_t, INTS, dropped, ""),
};

enum { X, VALUE, STARTS, ENDS, STEPS };

/* The lists may be known in the run only, so the rule looks at types alone. */
static scull_status_t infer(const scull_op_call_t *call) {
  const scull_slice_assign_attrs_t *attrs = call->attrs;
  bool marked[SCULL_MAX_RANK];
  int32_t rank = call->inputs[X].type.shape.rank;
  if (call->inputs[X].type.dtype != call->inputs[VALUE].type.dtype)
    return scull_ops_fail(call, "elements of %s for %s",
                          scull_tensor_dtype_name(call->inputs[VALUE].type.dtype),
                          scull_tensor_dtype_name(call->inputs[X].type.dtype));
  SCULL_TRY(scull_ops_axes_read(call, attrs->axes, rank, marked));
  SCULL_TRY(scull_ops_axes_read(call, attrs->dropped, rank, marked));
  return scull_ops_infer_same(call);
}

/* One axis of the slice: its first element, how many there are, how far apart. */
typedef struct {
  int64_t first, count, step;
} part_t;

static int64_t clamp(int64_t v, int64_t low, int64_t high) {
  return v < low ? low : v > high ? high : v;
}

static part_t part_of(int64_t start, int64_t end, int64_t step, int64_t extent) {
  int64_t low = step < 0 ? -1 : 0, high = step < 0 ? extent - 1 : extent;
  start = clamp(start < 0 && start >= -extent ? start + extent : start, low, high);
  end = clamp(end < 0 && end >= -extent ? end + extent : end, low, high);
  step = clamp(step, -extent - 1, extent + 1); /* further is as far */
  int64_t span = step < 0 ? start - end : end - start, stride = step < 0 ? -step : step;
  return (part_t){start, span <= 0 || stride == 0 ? 0 : (span - 1) / stride + 1, step};
}

static scull_status_t read_parts(const scull_op_call_t *call, part_t parts[SCULL_MAX_RANK]) {
  const scull_slice_assign_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[X].type.shape;
  scull_list_t starts, ends, steps;
  SCULL_TRY(scull_ops_list_read(call, STARTS, "starts", attrs->starts, &starts));
  SCULL_TRY(scull_ops_list_read(call, ENDS, "ends", attrs->ends, &ends));
  SCULL_TRY(scull_ops_list_read(call, STEPS, "steps", attrs->steps, &steps));
  int32_t count = attrs->axes.size > 0 ? (int32_t)attrs->axes.size : starts.size;
  if (starts.size != count || ends.size != count || (steps.size != 0 && steps.size != count) ||
      count > x->rank)
    return scull_ops_fail(call, "%d starts, %d ends and %d steps for %d axes", starts.size,
                          ends.size, steps.size, count);
  for (int32_t d = 0; d < x->rank; d++)
    parts[d] = (part_t){0, x->dim[d], 1};
  for (int32_t i = 0; i < count; i++) {
    int32_t axis = i;
    int64_t step = steps.size == 0 ? 1 : steps.item[i];
    if (attrs->axes.size > 0)
      SCULL_TRY(scull_ops_axis_read(call, attrs->axes.data[i], x->rank, &axis));
    if (step == 0)
      return scull_ops_fail(call, "a step of 0");
    parts[axis] = part_of(starts.item[i], ends.item[i], step, x->dim[axis]);
  }
  return SCULL_OK;
}

/* Fits the value to the slice, from the last axis on; its steps are 0 where it is repeated. */
static scull_status_t fit_value(const scull_op_call_t *call, const part_t *parts,
                                int64_t steps[SCULL_MAX_RANK]) {
  const scull_slice_assign_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[X].type.shape, *v = &call->inputs[VALUE].type.shape;
  bool dropped[SCULL_MAX_RANK] = {false};
  int64_t own[SCULL_MAX_RANK];
  int32_t at = v->rank - 1;
  SCULL_TRY(scull_ops_axes_read(call, attrs->dropped, x->rank, dropped));
  scull_tensor_strides(v, own);
  for (int32_t d = x->rank - 1; d >= 0; d--) {
    steps[d] = 0;
    if (dropped[d] || at < 0)
      continue;
    if (v->dim[at] != 1 && v->dim[at] != parts[d].count)
      return scull_ops_fail(call, "%lld elements for %lld of axis %d", (long long)v->dim[at],
                            (long long)parts[d].count, d);
    steps[d] = v->dim[at] == 1 ? 0 : own[at];
    at--;
  }
  for (; at >= 0; at--) {
    if (v->dim[at] != 1)
      return scull_ops_fail(call, "a value of %d dimensions", v->rank);
  }
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *y = &call->outputs[0];
  const scull_shape_t *x = &call->inputs[X].type.shape;
  part_t parts[SCULL_MAX_RANK] = {0};
  int64_t steps[SCULL_MAX_RANK] = {0}, from[SCULL_MAX_RANK] = {0}, first = 0;
  scull_box_t box = {0};
  SCULL_TRY(read_parts(call, parts));
  SCULL_TRY(fit_value(call, parts, from));
  SCULL_TRY(scull_ops_reference_view(call));
  scull_tensor_strides(x, steps);
  for (int32_t d = 0; d < x->rank; d++) {
    if (parts[d].count == 0)
      return SCULL_OK;
    first += parts[d].first * steps[d];
    scull_ops_box_add(&box, parts[d].count, parts[d].step * steps[d], from[d]);
  }
  scull_ops_box_copy(&box, scull_ops_element(y, first), call->inputs[VALUE].data,
                     scull_tensor_dtype_size(y->type.dtype));
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_slice_assign = {
    .name = "slice_assign",
    .inputs_min = 2,
    .inputs_max = 5,
    .outputs_min = 1,
    .outputs_max = 1,
    .traits = SCULL_OP_MOVES_DATA,
    .attrs = SCULL_SCHEMA(scull_slice_assign_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .flops = scull_ops_flops_none};
