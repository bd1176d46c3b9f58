/* iou_similarity: boxes [R,4], boxes [M,4] -> [R,M], intersection over union of each with each. */
#include "ops/iou_similarity.h"

#include <math.h>

#include "ops/boxes.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_iou_similarity_attrs_t, BOOL, normalized, "true"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape, *y = &call->inputs[1].type.shape;
  SCULL_TRY(scull_ops_check_f32(call, 2));
  if (x->rank != 2 || y->rank != 2 || x->dim[1] != 4 || y->dim[1] != 4)
    return scull_ops_fail(call, "boxes must be [R,4] and [M,4]");
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_F32, {2, {x->dim[0], y->dim[0]}}};
  return SCULL_OK;
}

/* Unlike in suppression a box whose corners are the wrong way round has a negative width. */
static float overlap_of(const float *a, const float *b, float offset) {
  float width = fminf(a[2], b[2]) - fmaxf(a[0], b[0]) + offset;
  float height = fminf(a[3], b[3]) - fmaxf(a[1], b[1]) + offset;
  float shared = fmaxf(width, 0) * fmaxf(height, 0);
  float first = (a[2] - a[0] + offset) * (a[3] - a[1] + offset);
  float second = (b[2] - b[0] + offset) * (b[3] - b[1] + offset);
  return shared / (first + second - shared);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_iou_similarity_attrs_t *attrs = call->attrs;
  const float *x = call->inputs[0].data, *y = call->inputs[1].data;
  const scull_shape_t *out = &call->outputs[0].type.shape;
  for (int64_t i = 0, count = scull_tensor_count(out); i < count; i++)
    ((float *)call->outputs[0].data)[i] =
        overlap_of(x + 4 * (i / out->dim[1]), y + 4 * (i % out->dim[1]), attrs->normalized ? 0 : 1);
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_iou_similarity = {
    .name = "iou_similarity",
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .attrs = SCULL_SCHEMA(scull_iou_similarity_attrs_t, fields),
    .infer = infer,
    .reference = reference};
