/* matmul: x [...,M,K], y [...,K,N], bias? of N elements -> [...,M,N]. Leading dimensions broadcast;
 * a 1-D x is a row, a 1-D y a column, and the result lacks that dimension. */
#include "ops/matmul.h"

#include "ops/broadcast.h"
#include "ops/row.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_matmul_attrs_t, BOOL, trans_x, "false"),
    SCULL_FIELD(scull_matmul_attrs_t, BOOL, trans_y, "false"),
};

typedef struct {
  int64_t rows, columns, row_step, column_step;
  scull_shape_t batch;
} matrix_t;

static matrix_t matrix_of(const scull_shape_t *shape, bool transposed, bool is_row) {
  if (shape->rank == 1)
    return is_row ? (matrix_t){1, shape->dim[0], shape->dim[0], 1, {0}}
                  : (matrix_t){shape->dim[0], 1, 1, 1, {0}};
  int32_t lead = shape->rank - 2;
  int64_t rows = shape->dim[lead], columns = shape->dim[lead + 1];
  scull_shape_t batch = scull_tensor_shape(lead, shape->dim);
  return transposed ? (matrix_t){columns, rows, 1, columns, batch}
                    : (matrix_t){rows, columns, columns, 1, batch};
}

static scull_status_t check_bias(const scull_op_call_t *call, int64_t n) {
  if (!scull_ops_has_input(call, 2))
    return SCULL_OK;
  const scull_shape_t *bias = &call->inputs[2].type.shape;
  if (bias->rank < 1 || bias->dim[bias->rank - 1] != n || scull_tensor_count(bias) != n)
    return scull_ops_fail(call, "the bias must be a row of %lld elements", (long long)n);
  return SCULL_OK;
}

scull_status_t scull_ops_matmul_geometry(const scull_op_call_t *call,
                                         scull_matmul_geometry_t *out) {
  const scull_matmul_attrs_t *attrs = call->attrs;
  const scull_shape_t *xs = &call->inputs[0].type.shape, *ys = &call->inputs[1].type.shape;
  if (xs->rank < 1 || ys->rank < 1)
    return scull_ops_fail(call, "a scalar is no matrix");
  matrix_t x = matrix_of(xs, attrs->trans_x, true), y = matrix_of(ys, attrs->trans_y, false);
  *out = (scull_matmul_geometry_t){.m = x.rows,
                                   .n = y.columns,
                                   .k = x.columns,
                                   .x_row = x.row_step,
                                   .x_column = x.column_step,
                                   .y_row = y.row_step,
                                   .y_column = y.column_step,
                                   .x_batch = x.batch,
                                   .y_batch = y.batch,
                                   .x_is_vector = xs->rank == 1,
                                   .y_is_vector = ys->rank == 1};
  if (x.columns != y.rows || !scull_tensor_shape_broadcast(&x.batch, &y.batch, &out->batch)) {
    char left[128], right[128];
    return scull_ops_fail(
        call, "%s times %s%s%s", scull_tensor_type_text(&call->inputs[0].type, left, sizeof left),
        scull_tensor_type_text(&call->inputs[1].type, right, sizeof right),
        attrs->trans_x ? ", x transposed" : "", attrs->trans_y ? ", y transposed" : "");
  }
  SCULL_TRY(check_bias(call, out->n));
  return scull_ops_check_floats(call, 3);
}

static scull_status_t infer(const scull_op_call_t *call) {
  scull_matmul_geometry_t g;
  scull_type_t *z = &call->outputs[0].type;
  SCULL_TRY(scull_ops_matmul_geometry(call, &g));
  *z = (scull_type_t){call->inputs[0].type.dtype, g.batch};
  if (!g.x_is_vector)
    z->shape.dim[z->shape.rank++] = g.m;
  if (!g.y_is_vector)
    z->shape.dim[z->shape.rank++] = g.n;
  return SCULL_OK;
}

/* sum[j] += x's row times column `column` + j of y, for `count` columns. y is read along its rows
 * or along its columns, whichever are dense. */
static void multiply(const scull_op_call_t *call, const scull_matmul_geometry_t *g, int64_t x_at,
                     int64_t y_at, int64_t count, double *sum) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->inputs[1];
  double part[SCULL_ROW];
  for (int64_t k = 0; k < g->k; k += SCULL_ROW) {
    int64_t size = g->k - k < SCULL_ROW ? g->k - k : SCULL_ROW, at = y_at + k * g->y_row;
    scull_ops_row_load(x, x_at + k * g->x_column, g->x_column, size, part);
    for (int64_t i = 0; g->y_column == 1 && i < size; i++)
      scull_ops_row_axpy(part[i], y, at + i * g->y_row, 1, count, sum, 1);
    for (int64_t j = 0; g->y_column != 1 && j < count; j++)
      sum[j] += scull_ops_row_dot(y, at + j * g->y_column, g->y_row, size, part);
  }
}

static void matrix(const scull_op_call_t *call, const scull_matmul_geometry_t *g, int64_t x_at,
                   int64_t y_at, int64_t z_at) {
  const scull_tensor_t *bias = &call->inputs[2];
  for (int64_t i = 0; i < g->m; i++) {
    for (int64_t j = 0; j < g->n; j += SCULL_ROW) {
      int64_t count = g->n - j < SCULL_ROW ? g->n - j : SCULL_ROW;
      double sum[SCULL_ROW] = {0};
      if (scull_ops_has_input(call, 2))
        scull_ops_row_load(bias, j, 1, count, sum);
      multiply(call, g, x_at + i * g->x_row, y_at + j * g->y_column, count, sum);
      scull_ops_row_store(sum, count, &call->outputs[0], z_at + i * g->n + j);
    }
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  scull_matmul_geometry_t g;
  SCULL_TRY(scull_ops_matmul_geometry(call, &g));
  const scull_tensor_t batches[2] = {{.type.shape = g.x_batch}, {.type.shape = g.y_batch}};
  scull_broadcast_t row = scull_ops_broadcast(batches, 2, &g.batch);
  while (scull_ops_broadcast_next(&row)) {
    for (int64_t i = 0; i < row.count; i++)
      matrix(call, &g, (row.at[0] + i * row.step[0]) * g.m * g.k,
             (row.at[1] + i * row.step[1]) * g.k * g.n, (row.out + i) * g.m * g.n);
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  scull_matmul_geometry_t g;
  if (scull_ops_matmul_geometry(call, &g) != SCULL_OK)
    return 0;
  return 2 * (double)g.k * (double)scull_tensor_count(&call->outputs[0].type.shape);
}

static int32_t channel_axis(const scull_op_call_t *call, size_t input) {
  const scull_matmul_attrs_t *attrs = call->attrs;
  return input != 1 || call->inputs[1].type.shape.rank != 2 ? -1 : attrs->trans_y ? 0 : 1;
}

const scull_opdef_t scull_opdef_matmul = {.name = "matmul",
                                          .inputs_min = 2,
                                          .inputs_max = 3,
                                          .outputs_min = 1,
                                          .outputs_max = 1,
                                          .attrs = SCULL_SCHEMA(scull_matmul_attrs_t, fields),
                                          .infer = infer,
                                          .reference = reference,
                                          .flops = flops,
                                          .channel_axis = channel_axis};
