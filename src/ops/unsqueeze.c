/* unsqueeze: puts axes of extent 1 in; `axes` are positions in the output. */
#include "ops/box.h"
#include "ops/lists.h"
#include "ops/squeeze.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_squeeze_attrs_t, INTS, axes, ""),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_squeeze_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  bool marked[SCULL_MAX_RANK];
  scull_shape_t y = {0};
  if (attrs->axes.size > (size_t)(SCULL_MAX_RANK - x->rank))
    return scull_ops_fail(call, "%d dimensions and %zu more", x->rank, attrs->axes.size);
  y.rank = x->rank + (int32_t)attrs->axes.size;
  SCULL_TRY(scull_ops_axes_read(call, attrs->axes, y.rank, marked));
  for (int32_t i = 0, next = 0; i < y.rank; i++)
    y.dim[i] = marked[i] ? 1 : x->dim[next++];
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, y};
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_unsqueeze = {.name = "unsqueeze",
                                             .inputs_min = 1,
                                             .inputs_max = 1,
                                             .outputs_min = 1,
                                             .outputs_max = 1,
                                             .traits = SCULL_OP_VIEW | SCULL_OP_MOVES_DATA,
                                             .attrs = SCULL_SCHEMA(scull_squeeze_attrs_t, fields),
                                             .infer = infer,
                                             .reference = scull_ops_reference_view,
                                             .flops = scull_ops_flops_none};
