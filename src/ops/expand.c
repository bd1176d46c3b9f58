/* expand: x, shape [rank] (optional, wins) -> x repeated along its axes of extent 1. */
#include "ops/expand.h"

#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_expand_attrs_t, INTS, shape, ""),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_expand_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  scull_list_t want;
  if (scull_ops_must_guess(call, 1)) {
    SCULL_TRY(scull_ops_infer_open(call, 1, call->inputs[0].type.dtype, scull_tensor_count(x)));
    scull_shape_t *y = &call->outputs[0].type.shape;
    for (int32_t i = 0; i < y->rank; i++) /* most axes stay as they are */
      y->dim[i] = i < y->rank - x->rank ? 1 : x->dim[i - (y->rank - x->rank)];
    return SCULL_OK;
  }
  SCULL_TRY(scull_ops_list_read(call, 1, "shape", attrs->shape, &want));
  if (want.size < x->rank || want.size > SCULL_MAX_RANK)
    return scull_ops_fail(call, "%d dimensions expanded to %d", x->rank, want.size);
  scull_shape_t y = {.rank = want.size};
  for (int32_t i = 0; i < y.rank; i++) {
    int32_t k = i - (y.rank - x->rank);
    int64_t own = k < 0 ? 1 : x->dim[k];
    y.dim[i] = k >= 0 && (want.item[i] == -1 || want.item[i] == 0) ? own : want.item[i];
    if (y.dim[i] < 0 || (own != 1 && own != y.dim[i]))
      return scull_ops_fail(call, "extent %lld cannot become shape[%d] = %lld", (long long)own, i,
                            (long long)want.item[i]);
  }
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, y};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  const scull_shape_t *from = &x->type.shape, *to = &y->type.shape;
  int64_t steps[SCULL_MAX_RANK] = {0};
  scull_box_t box = {0};
  scull_tensor_strides(from, steps);
  for (int32_t i = 0; i < to->rank; i++) {
    int32_t k = i - (to->rank - from->rank);
    scull_ops_box_add(&box, to->dim[i], 0, k < 0 || from->dim[k] == 1 ? 0 : steps[k]);
  }
  scull_ops_box_pack(&box);
  scull_ops_box_copy(&box, y->data, x->data, scull_tensor_dtype_size(x->type.dtype));
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_expand = {.name = "expand",
                                          .inputs_min = 1,
                                          .inputs_max = 2,
                                          .outputs_min = 1,
                                          .outputs_max = 1,
                                          .traits = SCULL_OP_MOVES_DATA,
                                          .attrs = SCULL_SCHEMA(scull_expand_attrs_t, fields),
                                          .value_inputs = 1u << 1,
                                          .infer = infer,
                                          .reference = reference,
                                          .flops = scull_ops_flops_none};
