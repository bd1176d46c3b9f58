/* sequence_make: tensors of one type -> a sequence of them, in order. */
#include "ops/sequences.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_sequence_make_attrs_t, DTYPE, to, "f32"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_sequence_make_attrs_t *attrs = call->attrs;
  scull_type_t *y = &call->outputs[0].type;
  *y = (scull_type_t){.dtype = scull_tensor_dtype_sequence_of(attrs->to)};
  for (size_t i = 0; i < call->input_count; i++) {
    const scull_type_t *x = &call->inputs[i].type;
    if (scull_tensor_dtype_is_sequence(x->dtype) || x->dtype == SCULL_DTYPE_NONE)
      return scull_ops_fail(call, "input %zu is no tensor", i);
    if (i == 0)
      *y = (scull_type_t){scull_tensor_dtype_sequence_of(x->dtype), x->shape};
    if (scull_tensor_dtype_element(y->dtype) != x->dtype || y->shape.rank != x->shape.rank)
      return scull_ops_fail(call, "input %zu has another type than input 0", i);
    for (int32_t k = 0; k < x->shape.rank; k++)
      y->shape.dim[k] = x->shape.dim[k] > y->shape.dim[k] ? x->shape.dim[k] : y->shape.dim[k];
  }
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  scull_sequence_t *y = call->outputs[0].data;
  scull_tensor_sequence_clear(y);
  for (size_t i = 0; i < call->input_count; i++)
    SCULL_TRY(scull_ops_sequence_end(call, scull_tensor_sequence_insert(y, i, &call->inputs[i])));
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_make = {
    .name = "sequence_make",
    .inputs_min = 0,
    .inputs_max = SCULL_ARITY_MANY,
    .outputs_min = 1,
    .outputs_max = 1,
    .traits = SCULL_OP_SEQUENCES,
    .attrs = SCULL_SCHEMA(scull_sequence_make_attrs_t, fields),
    .infer = infer,
    .reference = reference};
