/* Functions of two tensors with Paddle's axis rule, comparisons, sums, and reductions. */
#include <math.h>
#include <string.h>

#include "import/paddle/call.h"

/* The number of trailing ones of a shape. */
static int32_t trailing_ones(const scull_shape_t *shape) {
  int32_t count = 0;
  while (count < shape->rank && shape->dim[shape->rank - 1 - count] == 1)
    count++;
  return count;
}

/* Paddle lays the dimensions of the smaller operand at `axis` of the larger one; NumPy at its end.
 * Ones behind the smaller operand's dimensions, or fewer of them, say the same. */
static scull_status_t align(scull_paddle_call_t *call, int64_t axis, int32_t large,
                            scull_value_id_t *small) {
  const scull_shape_t shape = scull_graph_value(call->graph, *small)->shape[0];
  int64_t dims[SCULL_MAX_RANK];
  int64_t want = large - axis; /* rank that ends with the larger operand */
  if (axis < 0 || want == shape.rank)
    return SCULL_OK;
  size_t extra = want > shape.rank ? (size_t)(want - shape.rank) : (size_t)(shape.rank - want);
  if (want < 0 || want > SCULL_MAX_RANK ||
      (want < shape.rank && trailing_ones(&shape) < (int)extra))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "operands of rank %d and %d do not fit at axis %lld", large, shape.rank,
                           (long long)axis);
  int64_t first = want > shape.rank ? shape.rank : want;
  for (size_t i = 0; i < extra; i++)
    dims[i] = first + (int64_t)i;
  scull_ints_t axes = {dims, extra};
  return want > shape.rank ? scull_import_emit_unsqueeze(&call->emitter, *small, axes, NULL, small)
                           : scull_import_emit_squeeze(&call->emitter, *small, axes, NULL, small);
}

static scull_status_t elementwise(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, y = SCULL_NO_ID;
  int64_t axis = scull_paddle_int(call, "axis", -1);
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Y", &y));
  int32_t rank_x = scull_import_rank(call->graph, x), rank_y = scull_import_rank(call->graph, y);
  if (rank_x >= rank_y)
    SCULL_TRY(align(call, axis, rank_x, &y));
  else
    SCULL_TRY(align(call, axis, rank_y, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  scull_import_emit_input(&emit, y);
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t sum(scull_paddle_call_t *call) {
  scull_value_id_t *terms = NULL;
  size_t count = 0;
  SCULL_TRY(scull_paddle_in_all(call, "X", &terms, &count));
  scull_value_id_t total = terms[0];
  for (size_t i = 1; i + 1 < count; i++)
    SCULL_TRY(scull_import_emit_simple(&call->emitter, "add", total, terms[i], NULL, &total));
  scull_emit_t emit = scull_import_emit(&call->emitter, count == 1 ? "identity" : "add", total);
  if (count > 1)
    scull_import_emit_input(&emit, terms[count - 1]);
  return scull_paddle_end(call, &emit, "Out");
}

/* --- reductions ------------------------------------------------------------------------------ */

static scull_status_t reduce(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_ints_t axes = {0};
  scull_dtype_t to = scull_paddle_dtype(scull_paddle_int(call, "out_dtype", -1));
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  if (to == SCULL_DTYPE_NONE) /* newer versions sum int32 as int64, and declare it */
    to = scull_paddle_out_dtype(call, "Out");
  SCULL_TRY(scull_paddle_fixed_list(call, "dim", "AxisTensor", "AxisTensorList", &axes));
  if (scull_paddle_bool(call, "reduce_all", false))
    axes.size = 0;
  if (to != SCULL_DTYPE_NONE && to != scull_graph_value(call->graph, x)->dtype)
    SCULL_TRY(scull_import_emit_cast(&call->emitter, x, to, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  scull_import_emit_ints(&emit, "axes", axes);
  scull_import_emit_bool(&emit, "keep_dims", scull_paddle_bool(call, "keep_dim", false));
  return scull_paddle_end(call, &emit, "Out");
}

/* The 1.x operator: the mean of everything. */
static scull_status_t mean(scull_paddle_call_t *call) {
  scull_value_id_t out = SCULL_NO_ID;
  scull_emit_t emit = scull_import_emit(&call->emitter, "reduce_mean", scull_paddle_in(call, "X"));
  bool one = scull_paddle_out_rank(call, "Out") == 1;
  if (!one)
    return scull_paddle_end(call, &emit, "Out");
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &out));
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, out, SCULL_INTS(1),
                                      scull_paddle_out_name(call, "Out", 0), &out));
  scull_paddle_set(call, "Out", 0, out);
  return SCULL_OK;
}

static scull_status_t reduce_keep(scull_paddle_call_t *call, const char *op, scull_value_id_t x,
                                  int64_t axis, bool keep, const char *name,
                                  scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(&call->emitter, op, x);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(axis));
  scull_import_emit_bool(&emit, "keep_dims", keep);
  return scull_import_emit_end(&emit, name, out);
}

/* norm: x / sqrt(sum of squares along the axis + epsilon) */
static scull_status_t norm(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = scull_paddle_in(call, "X"), t = SCULL_NO_ID;
  int64_t axis = scull_paddle_int(call, "axis", -1);
  SCULL_TRY(scull_import_emit_simple(to, "square", x, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(reduce_keep(call, "reduce_sum", t, axis, true, NULL, &t));
  SCULL_TRY(
      scull_import_emit_scale(to, t, 1, scull_paddle_float(call, "epsilon", 1e-10), NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "sqrt", t, SCULL_NO_ID,
                                     scull_paddle_out_name(call, "Norm", 0), &t));
  scull_paddle_set(call, "Norm", 0, t);
  scull_emit_t emit = scull_import_emit(to, "div", x);
  scull_import_emit_input(&emit, t);
  return scull_paddle_end(call, &emit, "Out");
}

/* (sum of |x|^p)^(1/p) along one axis; the largest or smallest |x| where p is infinite, how many
 * are not 0 where p is 0. */
static scull_status_t p_norm(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t t = SCULL_NO_ID, number = SCULL_NO_ID;
  double order = scull_paddle_float(call, "porder", 2);
  int64_t axis = scull_paddle_int(call, "axis", -1);
  bool keep = scull_paddle_bool(call, "keepdim", false);
  const char *name = scull_paddle_out_name(call, "Out", 0);
  const char *op = order == 1 ? "reduce_l1" : order == 2 ? "reduce_l2" : "reduce_sum";
  SCULL_TRY(scull_paddle_need(call, "X", &t));
  scull_dtype_t dtype = scull_graph_value(call->graph, t)->dtype;
  if (scull_paddle_bool(call, "asvector", false)) {
    SCULL_TRY(scull_import_emit_reshape(to, t, SCULL_INTS(-1), NULL, &t));
    axis = 0;
  }
  if (order != 1 && order != 2)
    SCULL_TRY(scull_import_emit_simple(to, "abs", t, SCULL_NO_ID, NULL, &t));
  if (isinf(order)) {
    op = order > 0 ? "reduce_max" : "reduce_min";
  } else if (order == 0) {
    SCULL_TRY(scull_import_emit_simple(to, "sign", t, SCULL_NO_ID, NULL, &t));
  } else if (order != 1 && order != 2) {
    SCULL_TRY(scull_import_emit_scalar(to, dtype, order, &number));
    SCULL_TRY(scull_import_emit_simple(to, "pow", t, number, NULL, &t));
    SCULL_TRY(reduce_keep(call, op, t, axis, keep, NULL, &t));
    SCULL_TRY(scull_import_emit_scalar(to, dtype, 1 / order, &number));
    SCULL_TRY(scull_import_emit_simple(to, "pow", t, number, name, &t));
    scull_paddle_set(call, "Out", 0, t);
    return SCULL_OK;
  }
  SCULL_TRY(reduce_keep(call, op, t, axis, keep, name, &t));
  scull_paddle_set(call, "Out", 0, t);
  return SCULL_OK;
}

/* The logarithm of the sum of exponentials. */
static scull_status_t logsumexp(scull_paddle_call_t *call) {
  scull_ints_t axes = scull_paddle_ints(call, "axis");
  if (scull_paddle_bool(call, "reduce_all", false))
    axes.size = 0;
  scull_emit_t emit =
      scull_import_emit(&call->emitter, "reduce_log_sum_exp", scull_paddle_in(call, "X"));
  scull_import_emit_ints(&emit, "axes", axes);
  scull_import_emit_bool(&emit, "keep_dims", scull_paddle_bool(call, "keepdim", false));
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t cumsum(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t axis = -1;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_fixed_int(call, "axis", "AxisTensor", -1, &axis));
  if (scull_paddle_bool(call, "flatten", false)) {
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, x, SCULL_INTS(-1), NULL, &x));
    axis = 0;
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "cumsum", x);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_bool(&emit, "exclusive", scull_paddle_bool(call, "exclusive", false));
  scull_import_emit_bool(&emit, "reverse", scull_paddle_bool(call, "reverse", false));
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t cumprod(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t axis = scull_paddle_int(call, "dim", -1);
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "cumsum", x);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_bool(&emit, "exclusive", scull_paddle_bool(call, "exclusive", false));
  scull_import_emit_bool(&emit, "reverse", scull_paddle_bool(call, "reverse", false));
  scull_import_emit_bool(&emit, "product", true);
  return scull_paddle_end(call, &emit, "Out");
}

/* Per-channel factor and term. */
static scull_status_t affine_channel(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t t = SCULL_NO_ID, factor = SCULL_NO_ID, term = SCULL_NO_ID;
  int64_t dims[SCULL_MAX_RANK] = {-1, 1, 1, 1, 1, 1, 1, 1};
  bool last = scull_paddle_channels_last(call, "data_layout");
  SCULL_TRY(scull_paddle_need(call, "X", &t));
  SCULL_TRY(scull_paddle_need(call, "Scale", &factor));
  SCULL_TRY(scull_paddle_need(call, "Bias", &term));
  int32_t rank = scull_import_rank(call->graph, t);
  scull_ints_t shape = {dims, last || rank < 2 ? 1 : (size_t)rank - 1};
  SCULL_TRY(scull_import_emit_reshape(to, factor, shape, NULL, &factor));
  SCULL_TRY(scull_import_emit_reshape(to, term, shape, NULL, &term));
  SCULL_TRY(scull_import_emit_simple(to, "mul", t, factor, NULL, &t));
  scull_emit_t emit = scull_import_emit(to, "add", t);
  scull_import_emit_input(&emit, term);
  return scull_paddle_end(call, &emit, "Out");
}

static const scull_paddle_row_t rows[] = {
    {"elementwise_add", elementwise, "add", NULL, NULL},
    {"elementwise_sub", elementwise, "sub", NULL, NULL},
    {"elementwise_mul", elementwise, "mul", NULL, NULL},
    {"elementwise_div", elementwise, "div", NULL, NULL},
    {"elementwise_max", elementwise, "max", NULL, NULL},
    {"elementwise_min", elementwise, "min", NULL, NULL},
    {"elementwise_pow", elementwise, "pow", NULL, NULL},
    {"elementwise_mod", elementwise, "mod", NULL, NULL},
    {"elementwise_floordiv", elementwise, "floor_div", NULL, NULL},
    {"equal", elementwise, "equal", NULL, NULL},
    {"not_equal", elementwise, "not_equal", NULL, NULL},
    {"less_than", elementwise, "less", NULL, NULL},
    {"less_equal", elementwise, "less_equal", NULL, NULL},
    {"greater_than", elementwise, "greater", NULL, NULL},
    {"greater_equal", elementwise, "greater_equal", NULL, NULL},
    {"logical_and", elementwise, "logical_and", NULL, NULL},
    {"logical_or", elementwise, "logical_or", NULL, NULL},
    {"logical_xor", elementwise, "logical_xor", NULL, NULL},
    {"where", scull_paddle_map_plain, "where", "Condition X Y>Out", NULL},
    {"sum", sum, NULL, NULL, NULL},
    {"reduce_sum", reduce, "reduce_sum", NULL, NULL},
    {"reduce_mean", reduce, "reduce_mean", NULL, NULL},
    {"reduce_max", reduce, "reduce_max", NULL, NULL},
    {"reduce_min", reduce, "reduce_min", NULL, NULL},
    {"reduce_prod", reduce, "reduce_prod", NULL, NULL},
    {"reduce_all", reduce, "reduce_min", NULL, NULL},
    {"reduce_any", reduce, "reduce_max", NULL, NULL},
    {"frobenius_norm", reduce, "reduce_l2", NULL, NULL},
    {"logsumexp", logsumexp, "reduce_log_sum_exp", NULL, NULL},
    {"mean", mean, "reduce_mean", NULL, NULL},
    {"norm", norm, NULL, NULL, NULL},
    {"p_norm", p_norm, NULL, NULL, NULL},
    {"cumsum", cumsum, "cumsum", NULL, NULL},
    {"cumprod", cumprod, "cumsum", NULL, NULL},
    {"affine_channel", affine_channel, NULL, NULL, NULL},
};

SCULL_PADDLE_ROWS(math, rows);
