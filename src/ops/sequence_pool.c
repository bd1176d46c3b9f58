/* sequence_pool: x [R,...], offsets [N+1] -> [N,...], one row for each sequence of rows. */
#include "ops/sequence_pool.h"

#include <math.h>

#include "ops/row.h"
#include "ops/rows_of.h"
#include "ops/shape_rules.h"

enum { SUM, MEAN, SQRT, MAX, FIRST, LAST };

static const char *const modes[] = {"sum", "mean", "sqrt", "max", "first", "last", NULL};

static const scull_attr_field_t fields[] = {
    SCULL_FIELD_ENUM(scull_sequence_pool_attrs_t, mode, "mean", modes),
    SCULL_FIELD(scull_sequence_pool_attrs_t, FLOAT, pad_value, "0"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  SCULL_TRY(scull_ops_rows_check(call, 1));
  SCULL_TRY(scull_ops_infer_float(call));
  call->outputs[0].type.shape.dim[0] = scull_ops_rows_count(call, 1);
  return SCULL_OK;
}

/* Rows [begin, end) of one column; there is at least one. */
static double fold(const scull_tensor_t *x, int32_t mode, int64_t begin, int64_t end, int64_t size,
                   int64_t column) {
  int64_t only = mode == FIRST ? begin : end - 1;
  double sum = 0, most = -HUGE_VAL;
  if (mode == FIRST || mode == LAST)
    return scull_tensor_load(x->data, x->type.dtype, only * size + column);
  for (int64_t r = begin; r < end; r++) {
    double v = scull_tensor_load(x->data, x->type.dtype, r * size + column);
    sum += v;
    most = scull_ops_larger(most, v);
  }
  double length = (double)(end - begin);
  return mode == MAX ? most : mode == MEAN ? sum / length : mode == SQRT ? sum / sqrt(length) : sum;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_sequence_pool_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t size = scull_ops_row_size(&x->type.shape);
  for (int64_t n = 0; n < scull_ops_rows_count(call, 1); n++) {
    int64_t begin = 0, end = 0;
    SCULL_TRY(scull_ops_rows_of(call, 1, n, x->type.shape.dim[0], &begin, &end));
    for (int64_t c = 0; c < size; c++)
      scull_tensor_store(y->data, y->type.dtype, n * size + c,
                         begin == end ? attrs->pad_value
                                      : fold(x, attrs->mode, begin, end, size, c));
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_pool = {
    .name = "sequence_pool",
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .attrs = SCULL_SCHEMA(scull_sequence_pool_attrs_t, fields),
    .infer = infer,
    .reference = reference};
