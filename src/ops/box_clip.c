/* box_clip: boxes [R,...,4], picture sizes [N,3] (height, width, scale), where the boxes of each
 * picture begin and end [N+1]? (absent: boxes are [N,...,4]) -> boxes clipped into the pictures
 * before they were scaled. */
#include <math.h>

#include "ops/boxes.h"
#include "ops/lists.h"
#include "ops/shape_rules.h"

enum { BOXES, SIZES, OFFSETS };

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *b = &call->inputs[BOXES].type.shape, *s = &call->inputs[SIZES].type.shape;
  SCULL_TRY(scull_ops_check_f32(call, 2));
  if (b->rank < 2 || b->dim[b->rank - 1] != 4 || s->rank != 2 || s->dim[1] != 3)
    return scull_ops_fail(call, "boxes must be [R,...,4] and picture sizes [N,3]");
  if (scull_ops_has_input(call, OFFSETS))
    SCULL_TRY(scull_ops_check_index(call, OFFSETS));
  else if (b->dim[0] != s->dim[0])
    return scull_ops_fail(call, "nothing says whose the boxes are");
  if (scull_ops_has_input(call, OFFSETS) && call->inputs[OFFSETS].type.shape.rank != 1)
    return scull_ops_fail(call, "the offsets must be a list");
  return scull_ops_infer_same(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const float *boxes = call->inputs[BOXES].data, *sizes = call->inputs[SIZES].data;
  const scull_tensor_t *offsets =
      scull_ops_has_input(call, OFFSETS) ? &call->inputs[OFFSETS] : NULL;
  const scull_shape_t *shape = &call->inputs[BOXES].type.shape;
  int64_t pictures = call->inputs[SIZES].type.shape.dim[0], n = 0, rows = shape->dim[0];
  int64_t each = rows == 0 ? 0 : scull_tensor_count(shape) / rows;
  float *y = call->outputs[0].data;
  if (offsets != NULL &&
      offsets->type.shape.dim[0] != pictures + 1) /* may change from run to run */
    return scull_ops_fail(call, "%lld offsets for %lld pictures",
                          (long long)offsets->type.shape.dim[0], (long long)pictures);
  for (int64_t r = 0; r < rows; r++) {
    n = offsets == NULL ? r : n;
    while (offsets != NULL && n < pictures &&
           scull_tensor_load_i64(offsets->data, offsets->type.dtype, n + 1) <= r)
      n++;
    if (n >= pictures)
      return scull_ops_fail(call, "box %lld is of no picture", (long long)r);
    const float *size = sizes + 3 * n;
    for (int64_t i = r * each; i < (r + 1) * each; i++) {
      float last = roundf(size[i % 2 == 0 ? 1 : 0] / size[2]) - 1;
      y[i] = fmaxf(fminf(boxes[i], last), 0);
    }
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_box_clip = {.name = "box_clip",
                                            .inputs_min = 2,
                                            .inputs_max = 3,
                                            .outputs_min = 1,
                                            .outputs_max = 1,
                                            .infer = infer,
                                            .reference = reference};
