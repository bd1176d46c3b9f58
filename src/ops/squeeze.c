/* squeeze: takes out axes of extent 1. A named axis of another extent stays (Paddle's rule). */
#include "ops/squeeze.h"

#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_squeeze_attrs_t, INTS, axes, ""),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_squeeze_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  bool marked[SCULL_MAX_RANK];
  scull_shape_t y = {0};
  SCULL_TRY(scull_ops_axes_read(call, attrs->axes, x->rank, marked));
  for (int32_t i = 0; i < x->rank; i++) {
    if (x->dim[i] != 1 || (attrs->axes.size > 0 && !marked[i]))
      y.dim[y.rank++] = x->dim[i];
  }
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, y};
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_squeeze = {.name = "squeeze",
                                           .inputs_min = 1,
                                           .inputs_max = 1,
                                           .outputs_min = 1,
                                           .outputs_max = 1,
                                           .traits = SCULL_OP_VIEW | SCULL_OP_MOVES_DATA,
                                           .attrs = SCULL_SCHEMA(scull_squeeze_attrs_t, fields),
                                           .infer = infer,
                                           .reference = scull_ops_reference_view,
                                           .flops = scull_ops_flops_none};
