/* attention: q [B,H,T,D], k [B,H,S,D], v [B,H,S,E], mask? -> [B,H,T,E], for each head
 * softmax(q k^T * scale + mask) v. The mask broadcasts to [B,H,T,S]. */
#include "ops/attention.h"

#include <math.h>

#include "base/checked.h"
#include "ops/row.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_attention_attrs_t, FLOAT, scale, "1"),
};

static scull_shape_t scores_of(const scull_op_call_t *call) {
  scull_shape_t shape = call->inputs[0].type.shape;
  shape.dim[3] = call->inputs[1].type.shape.dim[2];
  return shape;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *q = &call->inputs[0].type.shape, *k = &call->inputs[1].type.shape;
  const scull_shape_t *v = &call->inputs[2].type.shape;
  if (q->rank != 4 || k->rank != 4 || v->rank != 4)
    return scull_ops_fail(call, "q, k and v have %d, %d and %d dimensions where 4 are wanted",
                          q->rank, k->rank, v->rank);
  for (int32_t i = 0; i < 2; i++) {
    if (q->dim[i] != k->dim[i] || q->dim[i] != v->dim[i])
      return scull_ops_fail(call, "dimension %d of q, k and v differs", i);
  }
  if (q->dim[3] != k->dim[3] || k->dim[2] != v->dim[2])
    return scull_ops_fail(call, "q and k differ in depth, or k and v in length");
  SCULL_TRY(scull_ops_check_floats(call, 4));
  if (scull_ops_has_input(call, 3)) {
    scull_shape_t scores = scores_of(call), both;
    if (!scull_tensor_shape_broadcast(&scores, &call->inputs[3].type.shape, &both) ||
        !scull_tensor_shape_equal(&scores, &both))
      return scull_ops_fail(call, "the mask does not broadcast to the scores");
  }
  call->outputs[0].type = call->inputs[0].type;
  call->outputs[0].type.shape.dim[3] = v->dim[3];
  return SCULL_OK;
}

/* One row of scores and one of q, in doubles. */
static size_t scratch(const scull_op_call_t *call) {
  size_t count = 0;
  if (!scull_base_size_add((size_t)call->inputs[1].type.shape.dim[2],
                           (size_t)call->inputs[0].type.shape.dim[3], &count) ||
      !scull_base_size_mul(count, sizeof(double), &count))
    return SIZE_MAX; /* more than any machine has */
  return count;
}

/* Flat index of the mask's element for score [at[0], at[1], at[2], 0], and the step along it. */
static int64_t mask_at(const scull_shape_t *mask, const int64_t at[3], int64_t *step) {
  int64_t stride[SCULL_MAX_RANK] = {0}, first = 0;
  scull_tensor_strides(mask, stride);
  *step = mask->rank > 0 && mask->dim[mask->rank - 1] != 1 ? 1 : 0;
  for (int32_t i = 0; i < mask->rank - 1; i++) /* NOLINTNEXTLINE: infer holds rank <= 4 */
    first += mask->dim[i] == 1 ? 0 : at[i + 4 - mask->rank] * stride[i];
  return first;
}

/* scores = softmax(scores) */
static void normalize(double *scores, int64_t count) {
  double max = -HUGE_VAL, sum = 0;
  for (int64_t i = 0; i < count; i++)
    max = scull_ops_larger(max, scores[i]);
  for (int64_t i = 0; i < count; i++) {
    scores[i] = exp(scores[i] - max);
    sum += scores[i];
  }
  for (int64_t i = 0; i < count; i++)
    scores[i] /= sum;
}

static void score(const scull_op_call_t *call, int64_t head, const int64_t at[3], double *q,
                  double *scores) {
  const scull_attention_attrs_t *attrs = call->attrs;
  const scull_shape_t *k = &call->inputs[1].type.shape;
  int64_t depth = k->dim[3], length = k->dim[2];
  scull_ops_row_load(&call->inputs[0], (head * call->inputs[0].type.shape.dim[2] + at[2]) * depth,
                     1, depth, q);
  for (int64_t s = 0; s < length; s++)
    scores[s] = attrs->scale *
                scull_ops_row_dot(&call->inputs[1], (head * length + s) * depth, 1, depth, q);
  if (scull_ops_has_input(call, 3)) {
    int64_t step = 0, first = mask_at(&call->inputs[3].type.shape, at, &step);
    scull_ops_row_axpy(1, &call->inputs[3], first, step, length, scores, 1);
  }
  normalize(scores, length);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_shape_t *q = &call->inputs[0].type.shape, *v = &call->inputs[2].type.shape;
  int64_t length = v->dim[2], width = v->dim[3];
  double *scores = call->scratch;
  for (int64_t i = 0; i < q->dim[0] * q->dim[1] * q->dim[2]; i++) {
    int64_t head = i / q->dim[2];
    const int64_t at[3] = {head / q->dim[1], head % q->dim[1], i % q->dim[2]};
    score(call, head, at, scores + length, scores);
    for (int64_t e = 0; e < width; e += SCULL_ROW) {
      int64_t count = width - e < SCULL_ROW ? width - e : SCULL_ROW;
      double sum[SCULL_ROW] = {0};
      for (int64_t s = 0; s < length; s++)
        scull_ops_row_axpy(scores[s], &call->inputs[2], (head * length + s) * width + e, 1, count,
                           sum, 1);
      scull_ops_row_store(sum, count, &call->outputs[0], i * width + e);
    }
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  scull_shape_t scores = scores_of(call);
  const scull_shape_t *q = &call->inputs[0].type.shape, *v = &call->inputs[2].type.shape;
  return (2 * (double)(q->dim[3] + v->dim[3]) + 6) * (double)scull_tensor_count(&scores);
}

const scull_opdef_t scull_opdef_attention = {.name = "attention",
                                             .inputs_min = 3,
                                             .inputs_max = 4,
                                             .outputs_min = 1,
                                             .outputs_max = 1,
                                             .attrs = SCULL_SCHEMA(scull_attention_attrs_t, fields),
                                             .infer = infer,
                                             .reference = reference,
                                             .flops = flops,
                                             .scratch = scratch};
