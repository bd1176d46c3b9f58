/* polygon_box_transform: x [N,G,H,W] (how far corners lie from each place, x and y in turn) ->
 * where they are: 4 * column - x in even channels, 4 * row - x in odd ones. */
#include "ops/shape_rules.h"

static scull_status_t infer(const scull_op_call_t *call) {
  if (call->inputs[0].type.shape.rank != 4)
    return scull_ops_fail(call, "x must be [N,G,H,W]");
  return scull_ops_infer_float(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  const scull_shape_t *shape = &x->type.shape;
  int64_t width = shape->dim[3], plane = shape->dim[2] * width;
  for (int64_t i = 0, count = scull_tensor_count(shape); i < count; i++) {
    int64_t channel = i / plane % shape->dim[1];
    int64_t at = channel % 2 == 0 ? i % width : i % plane / width;
    scull_tensor_store(y->data, y->type.dtype, i,
                       (double)(4 * at) - scull_tensor_load(x->data, x->type.dtype, i));
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_polygon_box_transform = {.name = "polygon_box_transform",
                                                         .inputs_min = 1,
                                                         .inputs_max = 1,
                                                         .outputs_min = 1,
                                                         .outputs_max = 1,
                                                         .infer = infer,
                                                         .reference = reference};
