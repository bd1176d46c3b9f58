/* box_coder: prior [M,4], variance [M,4]?, target -> offsets and boxes into each other. Decode:
 * target [R,M,4] (a prior each column, or with axis 1 [M,R,4], a prior each row) -> boxes of that
 * shape. Encode: boxes [R,4] -> [R,M,4], each against each prior. */
#include "ops/box_coder.h"

#include <math.h>

#include "ops/boxes.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_box_coder_attrs_t, BOOL, encode, "false"),
    SCULL_FIELD(scull_box_coder_attrs_t, BOOL, normalized, "true"),
    SCULL_FIELD(scull_box_coder_attrs_t, INT, axis, "0"),
    SCULL_FIELD(scull_box_coder_attrs_t, FLOATS, variance, ""),
};

enum { PRIOR, VARIANCE, TARGET };

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_box_coder_attrs_t *attrs = call->attrs;
  const scull_shape_t *prior = &call->inputs[PRIOR].type.shape;
  const scull_shape_t *target = &call->inputs[TARGET].type.shape;
  SCULL_TRY(scull_ops_check_f32(call, 3));
  if (!scull_ops_has_input(call, TARGET) || prior->rank != 2 || prior->dim[1] != 4)
    return scull_ops_fail(call, "priors must be [M,4], and there must be a target");
  if (scull_ops_has_input(call, VARIANCE) &&
      !scull_tensor_shape_equal(prior, &call->inputs[VARIANCE].type.shape))
    return scull_ops_fail(call, "variances must have the shape of the priors");
  if (attrs->variance.size != 0 && attrs->variance.size != 4)
    return scull_ops_fail(call, "%zu variances where four are wanted", attrs->variance.size);
  int32_t rank = attrs->encode ? 2 : 3;
  if (target->rank != rank || target->dim[rank - 1] != 4 || attrs->axis < 0 || attrs->axis > 1)
    return scull_ops_fail(call, "a target of %d dimensions, axis %lld", target->rank,
                          (long long)attrs->axis);
  if (!attrs->encode && target->dim[attrs->axis == 0 ? 1 : 0] != prior->dim[0])
    return scull_ops_fail(call, "%lld priors do not fit the target", (long long)prior->dim[0]);
  call->outputs[0].type = call->inputs[TARGET].type;
  if (attrs->encode)
    call->outputs[0].type.shape = (scull_shape_t){3, {target->dim[0], prior->dim[0], 4}};
  return SCULL_OK;
}

/* A box as its centre and extent. */
typedef struct {
  float x, y, width, height;
} centre_t;

static centre_t centre_of(const float *box, float offset) {
  float width = box[2] - box[0] + offset, height = box[3] - box[1] + offset;
  return (centre_t){box[0] + width / 2, box[1] + height / 2, width, height};
}

static void decode(const float *prior, const float variance[4], float offset, const float *target,
                   float *y) {
  centre_t p = centre_of(prior, offset);
  float x = variance[0] * target[0] * p.width + p.x, at = variance[1] * target[1] * p.height + p.y;
  float width = expf(variance[2] * target[2]) * p.width;
  float height = expf(variance[3] * target[3]) * p.height;
  y[0] = x - width / 2;
  y[1] = at - height / 2;
  y[2] = x + width / 2 - offset;
  y[3] = at + height / 2 - offset;
}

static void encode(const float *prior, const float variance[4], float offset, const float *target,
                   float *y) {
  centre_t p = centre_of(prior, offset), t = centre_of(target, offset);
  y[0] = ((target[0] + target[2]) / 2 - p.x) / p.width / variance[0];
  y[1] = ((target[1] + target[3]) / 2 - p.y) / p.height / variance[1];
  y[2] = logf(fabsf(t.width / p.width)) / variance[2];
  y[3] = logf(fabsf(t.height / p.height)) / variance[3];
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_box_coder_attrs_t *attrs = call->attrs;
  const float *prior = call->inputs[PRIOR].data, *target = call->inputs[TARGET].data;
  const float *variances = scull_ops_has_input(call, VARIANCE) ? call->inputs[VARIANCE].data : NULL;
  const scull_shape_t *y = &call->outputs[0].type.shape;
  float *out = call->outputs[0].data, offset = attrs->normalized ? 0 : 1;
  for (int64_t i = 0; i < y->dim[0] * y->dim[1]; i++) {
    int64_t row = i / y->dim[1], column = i % y->dim[1];
    int64_t p = attrs->encode || attrs->axis == 0 ? column : row;
    float variance[4];
    for (int k = 0; k < 4; k++)
      variance[k] = variances != NULL          ? variances[4 * p + k]
                    : attrs->variance.size > 0 ? (float)attrs->variance.data[k]
                                               : 1;
    if (attrs->encode)
      encode(prior + 4 * p, variance, offset, target + 4 * row, out + 4 * i);
    else
      decode(prior + 4 * p, variance, offset, target + 4 * i, out + 4 * i);
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  return 8 * (double)scull_tensor_count(&call->outputs[0].type.shape);
}

const scull_opdef_t scull_opdef_box_coder = {.name = "box_coder",
                                             .inputs_min = 1,
                                             .inputs_max = 3,
                                             .outputs_min = 1,
                                             .outputs_max = 1,
                                             .attrs = SCULL_SCHEMA(scull_box_coder_attrs_t, fields),
                                             .infer = infer,
                                             .reference = reference,
                                             .flops = flops};
