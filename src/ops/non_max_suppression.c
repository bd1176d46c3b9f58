/* non_max_suppression: boxes [B,N,4], scores [B,C,N], then one-element inputs that may be absent:
 * the most boxes of a class (i64, 0), the overlap above which the worse box goes (f32, 0), the
 * score that a box must exceed (f32, none) -> rows (batch, class, box) of i64, best first within a
 * class. How many is known after the run. */
#include "ops/non_max_suppression.h"

#include <math.h>

#include "base/checked.h"
#include "ops/boxes.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_non_max_suppression_attrs_t, BOOL, centred, "false"),
};

enum { BOXES, SCORES, MOST, OVERLAP, LEAST };

static scull_status_t check_one(const scull_op_call_t *call, size_t input, scull_dtype_t dtype) {
  if (!scull_ops_has_input(call, input))
    return SCULL_OK;
  const scull_type_t *type = &call->inputs[input].type;
  if (type->dtype != dtype || scull_tensor_count(&type->shape) != 1)
    return scull_ops_fail(call, "input %zu must be one %s", input, scull_tensor_dtype_name(dtype));
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *boxes = &call->inputs[BOXES].type.shape,
                      *scores = &call->inputs[SCORES].type.shape;
  int64_t rows = 0, most = 0;
  if (boxes->rank != 3 || scores->rank != 3 || boxes->dim[2] != 4 ||
      boxes->dim[0] != scores->dim[0] || boxes->dim[1] != scores->dim[2])
    return scull_ops_fail(call, "boxes must be [B,N,4] and scores [B,C,N]");
  SCULL_TRY(scull_ops_check_f32(call, 2));
  SCULL_TRY(check_one(call, MOST, SCULL_DTYPE_I64));
  SCULL_TRY(check_one(call, OVERLAP, SCULL_DTYPE_F32));
  SCULL_TRY(check_one(call, LEAST, SCULL_DTYPE_F32));
  if (scull_ops_has_input(call, MOST))
    most = call->inputs[MOST].data == NULL ? INT64_MAX : *(const int64_t *)call->inputs[MOST].data;
  most = most < 0 ? 0 : most > boxes->dim[1] ? boxes->dim[1] : most;
  if (!scull_base_i64_mul(scores->dim[0] * scores->dim[1], most, &rows))
    return scull_ops_fail(call, "too many boxes");
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_I64, {2, {rows, 3}}};
  return SCULL_OK;
}

/* Boxes of one batch as two ordered corners. */
static void order_corners(const scull_non_max_suppression_attrs_t *attrs, const float *from,
                          int64_t count, float *to) {
  for (int64_t i = 0; i < count; i++, from += 4, to += 4) {
    for (int k = 0; k < 2; k++) {
      float a = attrs->centred ? from[k] - from[k + 2] / 2 : from[k];
      float b = attrs->centred ? from[k] + from[k + 2] / 2 : from[k + 2];
      to[k] = fminf(a, b);
      to[k + 2] = fmaxf(a, b);
    }
  }
}

static float number(const scull_op_call_t *call, size_t input, float otherwise) {
  return scull_ops_has_input(call, input) ? *(const float *)call->inputs[input].data : otherwise;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_shape_t *scores = &call->inputs[SCORES].type.shape;
  int64_t classes = scores->dim[1], count = scores->dim[2], rows = 0;
  int64_t *y = call->outputs[0].data;
  scull_candidate_t *list = call->scratch;
  float *boxes = (float *)(list + count), least = number(call, LEAST, -HUGE_VALF);
  int64_t most = scull_ops_has_input(call, MOST) ? *(const int64_t *)call->inputs[MOST].data : 0;
  const scull_nms_t nms = {number(call, OVERLAP, 0), 1, 0, most < 0 ? 0 : most};
  for (int64_t i = 0; i < scores->dim[0] * classes; i++) {
    const float *score = (const float *)call->inputs[SCORES].data + i * count;
    int64_t found = 0;
    if (i % classes == 0)
      order_corners(call->attrs, (const float *)call->inputs[BOXES].data + i / classes * count * 4,
                    count, boxes);
    for (int64_t k = 0; k < count; k++) {
      if (score[k] > least)
        list[found++] = (scull_candidate_t){score[k], k};
    }
    scull_ops_candidates_sort(list, found, false);
    found = scull_ops_nms(&nms, boxes, 4, 4, list, found);
    for (int64_t k = 0; k < found; k++, rows++) {
      y[3 * rows] = i / classes;
      y[3 * rows + 1] = i % classes;
      y[3 * rows + 2] = list[k].index;
    }
  }
  call->outputs[0].type.shape.dim[0] = rows;
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  return scull_ops_scratch_of(call->inputs[BOXES].type.shape.dim[1],
                              sizeof(scull_candidate_t) + 4 * sizeof(float));
}

const scull_opdef_t scull_opdef_non_max_suppression = {
    .name = "non_max_suppression",
    .inputs_min = 2,
    .inputs_max = 5,
    .outputs_min = 1,
    .outputs_max = 1,
    .traits = SCULL_OP_DATA_SHAPE,
    .value_inputs = 1u << MOST,
    .attrs = SCULL_SCHEMA(scull_non_max_suppression_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .scratch = scratch};
