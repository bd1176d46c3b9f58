/* trilu: x [...,M,N], diagonal? (one integer, wins) -> the upper or lower triangle of each matrix,
 * zeros elsewhere. */
#include "ops/trilu.h"

#include <string.h>

#include "ops/box.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_trilu_attrs_t, BOOL, upper, "true"),
    SCULL_FIELD(scull_trilu_attrs_t, INT, diagonal, "0"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  if (call->inputs[0].type.shape.rank < 2)
    return scull_ops_fail(call, "x has %d dimensions where 2 or more are wanted",
                          call->inputs[0].type.shape.rank);
  if (scull_ops_has_input(call, 1) && (!scull_tensor_dtype_is_integer(call->inputs[1].type.dtype) ||
                                       scull_tensor_count(&call->inputs[1].type.shape) != 1))
    return scull_ops_fail(call, "the diagonal must be one integer");
  return scull_ops_infer_same(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_trilu_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  const scull_shape_t *shape = &x->type.shape;
  int64_t columns = shape->dim[shape->rank - 1], rows = shape->dim[shape->rank - 2];
  int64_t count = scull_tensor_count(shape), diagonal = attrs->diagonal;
  size_t size = scull_tensor_dtype_size(x->type.dtype);
  if (scull_ops_has_input(call, 1))
    diagonal = scull_tensor_load_i64(call->inputs[1].data, call->inputs[1].type.dtype, 0);
  if (diagonal > columns || diagonal < -rows) /* beyond every element; keeps the sums below small */
    diagonal = diagonal > 0 ? columns : -rows;
  for (int64_t i = 0; i < count; i++) {
    int64_t over = i % columns - i / columns % rows; /* above the main diagonal by so many */
    bool stays = attrs->upper ? over >= diagonal : over <= diagonal;
    if (stays)
      memcpy(scull_ops_element(y, i), scull_ops_element(x, i), size);
    else
      memset(scull_ops_element(y, i), 0, size);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_trilu = {.name = "trilu",
                                         .inputs_min = 1,
                                         .inputs_max = 2,
                                         .outputs_min = 1,
                                         .outputs_max = 1,
                                         .attrs = SCULL_SCHEMA(scull_trilu_attrs_t, fields),
                                         .infer = infer,
                                         .reference = reference,
                                         .flops = scull_ops_flops_none};
