/* Boxes about every place of a map, and their variances. */
#include "ops/prior_box.h"

scull_status_t scull_ops_anchors_infer(const scull_op_call_t *call, scull_floats_t variances,
                                       int64_t count) {
  const scull_shape_t *x = &call->inputs[0].type.shape;
  for (size_t i = 0; i < call->input_count; i++) {
    if (call->inputs[i].type.shape.rank != 4)
      return scull_ops_fail(call, "maps and images must be [N,C,H,W]");
  }
  if (variances.size != 4)
    return scull_ops_fail(call, "%zu variances where four are wanted", variances.size);
  if (count < 1)
    return scull_ops_fail(call, "no boxes are asked for");
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_F32, {4, {x->dim[2], x->dim[3], count, 4}}};
  call->outputs[1].type = call->outputs[0].type;
  return SCULL_OK;
}

void scull_ops_anchors_fill(const scull_op_call_t *call, scull_floats_t variances,
                            void (*place)(const scull_op_call_t *call, int64_t row, int64_t column,
                                          float *boxes)) {
  const scull_shape_t *y = &call->outputs[0].type.shape;
  float *boxes = call->outputs[0].data, *variance = call->outputs[1].data;
  for (int64_t i = 0; i < y->dim[0] * y->dim[1]; i++)
    place(call, i / y->dim[1], i % y->dim[1], boxes + i * y->dim[2] * 4);
  for (int64_t i = 0, count = scull_tensor_count(y); i < count; i++)
    variance[i] = (float)variances.data[i % 4];
}

void scull_ops_anchors_step(const scull_op_call_t *call, double *step_w, double *step_h) {
  const scull_shape_t *map = &call->inputs[0].type.shape, *image = &call->inputs[1].type.shape;
  if (*step_w == 0 || *step_h == 0) {
    *step_w = (double)image->dim[3] / (double)map->dim[3];
    *step_h = (double)image->dim[2] / (double)map->dim[2];
  }
}
