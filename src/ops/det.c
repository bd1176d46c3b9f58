/* det: x [...,M,M] -> [...], the determinant of each matrix, by elimination with the largest pivot
 * of a column. */
#include <math.h>

#include "base/checked.h"
#include "ops/row.h"
#include "ops/shape_rules.h"

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank < 2 || x->dim[x->rank - 1] != x->dim[x->rank - 2])
    return scull_ops_fail(call, "x must hold square matrices");
  SCULL_TRY(scull_ops_infer_float(call));
  call->outputs[0].type.shape.rank -= 2;
  return SCULL_OK;
}

/* Brings the row of the largest element of column k at or below row k to row k; the sign that this
 * costs. */
static double pivot(double *m, int64_t size, int64_t k) {
  int64_t best = k;
  for (int64_t i = k + 1; i < size; i++)
    best = fabs(m[i * size + k]) > fabs(m[best * size + k]) ? i : best;
  for (int64_t j = 0; j < size && best != k; j++) {
    double kept = m[k * size + j];
    m[k * size + j] = m[best * size + j];
    m[best * size + j] = kept;
  }
  return best == k ? 1 : -1;
}

static double determinant(double *m, int64_t size) {
  double result = 1;
  for (int64_t k = 0; k < size; k++) {
    result *= pivot(m, size, k);
    double head = m[k * size + k];
    result *= head;
    if (head == 0)
      return 0;
    for (int64_t i = k + 1; i < size; i++) {
      double factor = m[i * size + k] / head;
      for (int64_t j = k; j < size; j++)
        m[i * size + j] -= factor * m[k * size + j];
    }
  }
  return result;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t size = x->type.shape.dim[x->type.shape.rank - 1];
  for (int64_t i = 0, count = scull_tensor_count(&y->type.shape); i < count; i++) {
    scull_ops_row_load(x, i * size * size, 1, size * size, call->scratch);
    scull_tensor_store(y->data, y->type.dtype, i, determinant(call->scratch, size));
  }
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape;
  size_t size = (size_t)x->dim[x->rank - 1], bytes = 0;
  if (!scull_base_size_mul(size, size, &bytes) ||
      !scull_base_size_mul(bytes, sizeof(double), &bytes))
    return SIZE_MAX; /* more than any machine has */
  return bytes;
}

static double flops(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[0].type.shape;
  return 2.0 / 3 * (double)x->dim[x->rank - 1] * (double)scull_tensor_count(x);
}

const scull_opdef_t scull_opdef_det = {.name = "det",
                                       .inputs_min = 1,
                                       .inputs_max = 1,
                                       .outputs_min = 1,
                                       .outputs_max = 1,
                                       .infer = infer,
                                       .reference = reference,
                                       .flops = flops,
                                       .scratch = scratch};
