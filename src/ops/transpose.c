/* transpose: reorders axes. */
#include "ops/transpose.h"

#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_transpose_attrs_t, INTS, perm, ""),
};

/* The input's axis for each of the output's. */
static scull_status_t read_perm(const scull_op_call_t *call, int32_t perm[SCULL_MAX_RANK]) {
  const scull_transpose_attrs_t *attrs = call->attrs;
  int32_t rank = call->inputs[0].type.shape.rank;
  bool marked[SCULL_MAX_RANK];
  if (attrs->perm.size != 0 && attrs->perm.size != (size_t)rank)
    return scull_ops_fail(call, "perm names %zu of %d axes", attrs->perm.size, rank);
  SCULL_TRY(scull_ops_axes_read(call, attrs->perm, rank, marked));
  for (int32_t i = 0; i < rank; i++) {
    int64_t axis = attrs->perm.size == 0 ? rank - 1 - i : attrs->perm.data[i];
    SCULL_TRY(scull_ops_axis_read(call, axis, rank, &perm[i]));
  }
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_type_t *x = &call->inputs[0].type;
  scull_type_t *y = &call->outputs[0].type;
  int32_t perm[SCULL_MAX_RANK] = {0};
  SCULL_TRY(read_perm(call, perm));
  *y = *x;
  for (int32_t i = 0; i < x->shape.rank; i++)
    y->shape.dim[i] = x->shape.dim[perm[i]];
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t steps[SCULL_MAX_RANK] = {0};
  int32_t perm[SCULL_MAX_RANK] = {0};
  scull_box_t box = {0};
  SCULL_TRY(read_perm(call, perm));
  scull_tensor_strides(&x->type.shape, steps);
  for (int32_t i = 0; i < x->type.shape.rank; i++)
    scull_ops_box_add(&box, y->type.shape.dim[i], 0, steps[perm[i]]);
  scull_ops_box_pack(&box);
  scull_ops_box_copy(&box, y->data, x->data, scull_tensor_dtype_size(x->type.dtype));
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_transpose = {.name = "transpose",
                                             .inputs_min = 1,
                                             .inputs_max = 1,
                                             .outputs_min = 1,
                                             .outputs_max = 1,
                                             .traits = SCULL_OP_MOVES_DATA,
                                             .attrs = SCULL_SCHEMA(scull_transpose_attrs_t, fields),
                                             .infer = infer,
                                             .reference = reference,
                                             .flops = scull_ops_flops_none};
