/* one_hot: x (integers) -> [..., depth] with a 1 where x points and 0 elsewhere. An index outside
 * [0, depth) gives a row of zeros. */
#include "ops/one_hot.h"

#include "ops/box.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_one_hot_attrs_t, INT, depth, "0"),
    SCULL_FIELD(scull_one_hot_attrs_t, DTYPE, to, "f32"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_one_hot_attrs_t *attrs = call->attrs;
  const scull_type_t *x = &call->inputs[0].type;
  if (!scull_tensor_dtype_is_integer(x->dtype))
    return scull_ops_fail(call, "indices are %s", scull_tensor_dtype_name(x->dtype));
  if (attrs->depth < 1 || x->shape.rank == SCULL_MAX_RANK)
    return scull_ops_fail(call, "depth %lld behind %d dimensions", (long long)attrs->depth,
                          x->shape.rank);
  scull_type_t *y = &call->outputs[0].type;
  *y = (scull_type_t){attrs->to, x->shape};
  y->shape.dim[y->shape.rank++] = attrs->depth;
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_one_hot_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  for (int64_t i = 0, rows = scull_tensor_count(&x->type.shape); i < rows; i++) {
    int64_t hot = scull_tensor_load_i64(x->data, x->type.dtype, i);
    for (int64_t k = 0; k < attrs->depth; k++)
      scull_tensor_store(y->data, y->type.dtype, i * attrs->depth + k, k == hot ? 1 : 0);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_one_hot = {.name = "one_hot",
                                           .inputs_min = 1,
                                           .inputs_max = 1,
                                           .outputs_min = 1,
                                           .outputs_max = 1,
                                           .attrs = SCULL_SCHEMA(scull_one_hot_attrs_t, fields),
                                           .infer = infer,
                                           .reference = reference,
                                           .flops = scull_ops_flops_none};
