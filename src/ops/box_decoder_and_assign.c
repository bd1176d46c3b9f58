/* box_decoder_and_assign: prior [R,4], variance [4], deltas [R,4C], scores [R,C] -> boxes [R,4C],
 * one a class, and [R,4], that of the best class but 0 (the prior itself when there is no other). A
 * width is x2 - x1 + 1. */
#include "ops/box_decoder_and_assign.h"

#include <math.h>
#include <string.h>

#include "ops/boxes.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_box_decoder_and_assign_attrs_t, FLOAT, most, "4.135"),
};

enum { PRIOR, VARIANCE, DELTAS, SCORES };

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *p = &call->inputs[PRIOR].type.shape, *d = &call->inputs[DELTAS].type.shape;
  const scull_shape_t *s = &call->inputs[SCORES].type.shape;
  SCULL_TRY(scull_ops_check_f32(call, 4));
  if (p->rank != 2 || p->dim[1] != 4 || d->rank != 2 || s->rank != 2 || d->dim[0] != p->dim[0] ||
      s->dim[0] != p->dim[0] || d->dim[1] / 4 != s->dim[1] || d->dim[1] % 4 != 0)
    return scull_ops_fail(call, "priors must be [R,4], deltas [R,4C] and scores [R,C]");
  if (scull_tensor_count(&call->inputs[VARIANCE].type.shape) != 4)
    return scull_ops_fail(call, "four variances are wanted");
  call->outputs[0].type = call->inputs[DELTAS].type;
  call->outputs[1].type = call->inputs[PRIOR].type;
  return SCULL_OK;
}

static void decode(const scull_op_call_t *call, const float *prior, const float *d, float *box) {
  const scull_box_decoder_and_assign_attrs_t *attrs = call->attrs;
  const float *v = call->inputs[VARIANCE].data;
  float width = prior[2] - prior[0] + 1, height = prior[3] - prior[1] + 1;
  float x = v[0] * d[0] * width + prior[0] + width / 2;
  float y = v[1] * d[1] * height + prior[1] + height / 2;
  float w = expf(fminf(v[2] * d[2], (float)attrs->most)) * width;
  float h = expf(fminf(v[3] * d[3], (float)attrs->most)) * height;
  box[0] = x - w / 2;
  box[1] = y - h / 2;
  box[2] = x + w / 2 - 1;
  box[3] = y + h / 2 - 1;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_shape_t *s = &call->inputs[SCORES].type.shape;
  int64_t classes = s->dim[1];
  for (int64_t r = 0; r < s->dim[0]; r++) {
    const float *prior = (const float *)call->inputs[PRIOR].data + 4 * r;
    const float *deltas = (const float *)call->inputs[DELTAS].data + 4 * classes * r;
    const float *scores = (const float *)call->inputs[SCORES].data + classes * r;
    float *boxes = (float *)call->outputs[0].data + 4 * classes * r;
    int64_t best = 0;
    for (int64_t c = 0; c < classes; c++) {
      decode(call, prior, deltas + 4 * c, boxes + 4 * c);
      if (c > 0 && (best == 0 || scores[c] > scores[best]))
        best = c;
    }
    memcpy((float *)call->outputs[1].data + 4 * r, best > 0 ? boxes + 4 * best : prior,
           4 * sizeof *boxes);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_box_decoder_and_assign = {
    .name = "box_decoder_and_assign",
    .inputs_min = 4,
    .inputs_max = 4,
    .outputs_min = 2,
    .outputs_max = 2,
    .attrs = SCULL_SCHEMA(scull_box_decoder_and_assign_attrs_t, fields),
    .infer = infer,
    .reference = reference};
