/* flatten: the axes from `start` to `stop` become one. A scalar becomes one element. */
#include "ops/flatten.h"

#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_flatten_attrs_t, INT, start, "1"),
    SCULL_FIELD(scull_flatten_attrs_t, INT, stop, "-1"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_flatten_attrs_t *attrs = call->attrs;
  scull_shape_t x = call->inputs[0].type.shape, y = {0};
  int32_t start = 0, stop = 0;
  if (x.rank == 0)
    x = (scull_shape_t){.rank = 1, .dim = {1}};
  SCULL_TRY(scull_ops_axis_read(call, attrs->start, x.rank, &start));
  SCULL_TRY(scull_ops_axis_read(call, attrs->stop, x.rank, &stop));
  if (start > stop)
    return scull_ops_fail(call, "start %d lies behind stop %d", start, stop);
  for (int32_t i = 0; i < x.rank; i++) {
    if (i > start && i <= stop)
      y.dim[y.rank - 1] *= x.dim[i];
    else
      y.dim[y.rank++] = x.dim[i];
  }
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, y};
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_flatten = {.name = "flatten",
                                           .inputs_min = 1,
                                           .inputs_max = 1,
                                           .outputs_min = 1,
                                           .outputs_max = 1,
                                           .traits = SCULL_OP_VIEW | SCULL_OP_MOVES_DATA,
                                           .attrs = SCULL_SCHEMA(scull_flatten_attrs_t, fields),
                                           .infer = infer,
                                           .reference = scull_ops_reference_view,
                                           .flops = scull_ops_flops_none};
