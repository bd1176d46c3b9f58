/* split: cuts a tensor along an axis into as many parts as there are outputs. */
#include "ops/split.h"

#include "base/checked.h"
#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_split_attrs_t, INT, axis, "0"),
    SCULL_FIELD(scull_split_attrs_t, INTS, sections, ""),
};

/* Extent of the section that is written as -1; -1 when the sections do not fit. */
static int64_t rest_of(scull_ints_t sections, int64_t extent) {
  int64_t sum = 0;
  int unknown = 0;
  for (size_t i = 0; i < sections.size; i++) {
    int64_t part = sections.data[i];
    unknown += part == -1;
    if (part < -1 || (part >= 0 && !scull_base_i64_add(sum, part, &sum)))
      return -1;
  }
  bool fits = unknown == 0 ? sum == extent : unknown == 1 && sum <= extent;
  return fits ? extent - sum : -1;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_split_attrs_t *attrs = call->attrs;
  const scull_type_t *x = &call->inputs[0].type;
  int64_t parts = (int64_t)call->output_count;
  int32_t axis = 0;
  SCULL_TRY(scull_ops_axis_read(call, attrs->axis, x->shape.rank, &axis));
  int64_t extent = x->shape.dim[axis], rest = rest_of(attrs->sections, extent);
  if (attrs->sections.size == 0 && extent % parts != 0)
    return scull_ops_fail(call, "%lld elements into %lld equal parts", (long long)extent,
                          (long long)parts);
  if (attrs->sections.size != 0 && (attrs->sections.size != call->output_count || rest < 0))
    return scull_ops_fail(call, "%zu sections for %lld elements and %lld outputs do not fit",
                          attrs->sections.size, (long long)extent, (long long)parts);
  for (size_t i = 0; i < call->output_count; i++) {
    int64_t part = attrs->sections.size == 0 ? extent / parts : attrs->sections.data[i];
    call->outputs[i].type = *x;
    call->outputs[i].type.shape.dim[axis] = part == -1 ? rest : part;
  }
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_split_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0];
  int64_t from[SCULL_MAX_RANK] = {0}, first = 0;
  int32_t axis = 0;
  SCULL_TRY(scull_ops_axis_read(call, attrs->axis, x->type.shape.rank, &axis));
  scull_tensor_strides(&x->type.shape, from);
  for (size_t i = 0; i < call->output_count; i++) {
    const scull_tensor_t *y = &call->outputs[i];
    scull_box_t box = {0};
    for (int32_t d = 0; d < y->type.shape.rank; d++)
      scull_ops_box_add(&box, y->type.shape.dim[d], 0, from[d]);
    scull_ops_box_pack(&box);
    scull_ops_box_copy(&box, y->data, scull_ops_element(x, first * from[axis]),
                       scull_tensor_dtype_size(x->type.dtype));
    first += y->type.shape.dim[axis];
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_split = {.name = "split",
                                         .inputs_min = 1,
                                         .inputs_max = 1,
                                         .outputs_min = 1,
                                         .outputs_max = SCULL_ARITY_MANY,
                                         .traits = SCULL_OP_MOVES_DATA,
                                         .attrs = SCULL_SCHEMA(scull_split_attrs_t, fields),
                                         .infer = infer,
                                         .reference = reference,
                                         .flops = scull_ops_flops_none};
