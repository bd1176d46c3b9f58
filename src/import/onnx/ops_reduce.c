/* Reductions. Their axes were an attribute, and became an operand in opset 13 (ReduceSum) or 18. */
#include <string.h>

#include "import/onnx/call.h"

typedef struct {
  scull_value_id_t x;
  scull_ints_t axes;
  bool keep, noop; /* noop: no axes given, and that means none */
} reduction_t;

static scull_status_t read_reduction(scull_onnx_call_t *call, reduction_t *r) {
  bool given = false;
  *r = (reduction_t){0};
  SCULL_TRY(scull_onnx_need(call, 0, &r->x));
  SCULL_TRY(scull_onnx_fixed_list(call, "axes", 1, &r->axes, &given));
  r->keep = scull_onnx_int(call, "keepdims", 1) != 0;
  r->noop = r->axes.size == 0 && scull_onnx_int(call, "noop_with_empty_axes", 0) != 0;
  return SCULL_OK;
}

static scull_status_t emit_reduce(scull_onnx_call_t *call, const reduction_t *r, const char *op,
                                  scull_value_id_t x, const char *name, scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(&call->emitter, r->noop ? "identity" : op, x);
  if (!r->noop) {
    scull_import_emit_ints(&emit, "axes", r->axes);
    scull_import_emit_bool(&emit, "keep_dims", r->keep);
  }
  return scull_import_emit_end(&emit, name, out);
}

static scull_status_t reduce(scull_onnx_call_t *call) {
  reduction_t r;
  scull_value_id_t out = SCULL_NO_ID;
  SCULL_TRY(read_reduction(call, &r));
  SCULL_TRY(emit_reduce(call, &r, call->row->op, r.x, scull_onnx_out_name(call, 0), &out));
  scull_onnx_set(call, 0, out);
  return SCULL_OK;
}

/* The largest of booleans, as of numbers 0 and 1. */
static scull_status_t extreme(scull_onnx_call_t *call) {
  reduction_t r;
  scull_value_id_t out = SCULL_NO_ID;
  if (scull_onnx_in_dtype(call, 0) != SCULL_DTYPE_BOOL)
    return reduce(call);
  SCULL_TRY(read_reduction(call, &r));
  SCULL_TRY(scull_import_emit_cast(&call->emitter, r.x, SCULL_DTYPE_U8, NULL, &r.x));
  SCULL_TRY(emit_reduce(call, &r, call->row->op, r.x, NULL, &out));
  SCULL_TRY(scull_import_emit_cast(&call->emitter, out, SCULL_DTYPE_BOOL,
                                   scull_onnx_out_name(call, 0), &out));
  scull_onnx_set(call, 0, out);
  return SCULL_OK;
}

/* A function of the elements, their sum, a function of that; either may be NULL. */
static scull_status_t around_sum(scull_onnx_call_t *call, const char *before, const char *after) {
  reduction_t r;
  scull_value_id_t x = SCULL_NO_ID;
  const char *name = scull_onnx_out_name(call, 0);
  SCULL_TRY(read_reduction(call, &r));
  x = r.x;
  if (before != NULL)
    SCULL_TRY(scull_import_emit_simple(&call->emitter, before, x, SCULL_NO_ID, NULL, &x));
  SCULL_TRY(emit_reduce(call, &r, "reduce_sum", x, after == NULL ? name : NULL, &x));
  if (after != NULL)
    SCULL_TRY(scull_import_emit_simple(&call->emitter, after, x, SCULL_NO_ID, name, &x));
  scull_onnx_set(call, 0, x);
  return SCULL_OK;
}

static scull_status_t l1(scull_onnx_call_t *call) {
  return around_sum(call, "abs", NULL);
}

static scull_status_t l2(scull_onnx_call_t *call) {
  return around_sum(call, "square", "sqrt");
}

static scull_status_t log_sum(scull_onnx_call_t *call) {
  return around_sum(call, NULL, "log");
}

static scull_status_t sum_square(scull_onnx_call_t *call) {
  return around_sum(call, "square", NULL);
}

/* log(sum(exp(x - m))) + m, with m the largest: exp would overflow. */
static scull_status_t log_sum_exp(scull_onnx_call_t *call) {
  reduction_t r;
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t most = SCULL_NO_ID, t = SCULL_NO_ID;
  SCULL_TRY(read_reduction(call, &r));
  reduction_t kept = r;
  kept.keep = true;
  SCULL_TRY(emit_reduce(call, &kept, "reduce_max", r.x, NULL, &most));
  SCULL_TRY(scull_import_emit_simple(to, "sub", r.x, most, NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "exp", t, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(emit_reduce(call, &r, "reduce_sum", t, NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "log", t, SCULL_NO_ID, NULL, &t));
  if (!r.keep && !r.noop)
    SCULL_TRY(emit_reduce(call, &r, "reduce_max", r.x, NULL, &most));
  return scull_onnx_end_simple(call, "add", t, most);
}

/* --- indices --------------------------------------------------------------------------------- */

/* The last of equal elements is the first of the reversed line. */
static scull_status_t arg(scull_onnx_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, size = SCULL_NO_ID, t = SCULL_NO_ID;
  int64_t axis = 0;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_axis(call, "axis", 0, scull_onnx_in_rank(call, 0), &axis));
  bool last = scull_onnx_int(call, "select_last_index", 0) != 0;
  if (last) {
    scull_emit_t slice = scull_import_emit(to, "slice", x);
    scull_import_emit_ints(&slice, "axes", SCULL_INTS(axis));
    scull_import_emit_ints(&slice, "starts", SCULL_INTS(-1));
    scull_import_emit_ints(&slice, "ends", SCULL_INTS(INT64_MIN));
    scull_import_emit_ints(&slice, "steps", SCULL_INTS(-1));
    SCULL_TRY(scull_import_emit_end(&slice, NULL, &t));
  }
  scull_emit_t emit = scull_import_emit(to, call->row->op, last ? t : x);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_bool(&emit, "keep_dims", scull_onnx_int(call, "keepdims", 1) != 0);
  scull_import_emit_dtype(&emit, "to", SCULL_DTYPE_I64);
  if (!last)
    return scull_onnx_end(call, &emit);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "shape", x, SCULL_NO_ID, NULL, &size));
  scull_value_id_t at = SCULL_NO_ID, one = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_scalar(to, SCULL_DTYPE_I64, (double)axis, &at));
  SCULL_TRY(scull_import_emit_scalar(to, SCULL_DTYPE_I64, 1, &one));
  SCULL_TRY(scull_import_emit_simple(to, "gather", size, at, NULL, &size));
  SCULL_TRY(scull_import_emit_simple(to, "sub", size, one, NULL, &size));
  return scull_onnx_end_simple(call, "sub", size, t);
}

/* x over its norm of order 1 or 2 along one axis. */
static scull_status_t lp_normalize(scull_onnx_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, t = SCULL_NO_ID;
  int64_t order = scull_onnx_int(call, "p", 2), axis = 0;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_axis(call, "axis", -1, scull_onnx_in_rank(call, 0), &axis));
  if (order != 1 && order != 2)
    return scull_import_unsupported(to, "its order is %lld; 1 and 2 are done", (long long)order);
  reduction_t r = {.axes = SCULL_INTS(axis), .keep = true};
  SCULL_TRY(scull_import_emit_simple(to, order == 1 ? "abs" : "square", x, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(emit_reduce(call, &r, "reduce_sum", t, NULL, &t));
  if (order == 2)
    SCULL_TRY(scull_import_emit_simple(to, "sqrt", t, SCULL_NO_ID, NULL, &t));
  return scull_onnx_end_simple(call, "div", x, t);
}

static scull_status_t cumsum(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t axis = 0;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_fixed_int(call, 1, "axis", 0, &axis));
  scull_emit_t emit = scull_import_emit(&call->emitter, "cumsum", x);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_bool(&emit, "exclusive", scull_onnx_int(call, "exclusive", 0) != 0);
  scull_import_emit_bool(&emit, "reverse", scull_onnx_int(call, "reverse", 0) != 0);
  return scull_onnx_end(call, &emit);
}

static const scull_onnx_row_t rows[] = {
    {"ReduceSum", 1, 0, reduce, "reduce_sum", NULL},
    {"ReduceMean", 1, 0, reduce, "reduce_mean", NULL},
    {"ReduceMax", 1, 0, extreme, "reduce_max", NULL},
    {"ReduceMin", 1, 0, extreme, "reduce_min", NULL},
    {"ReduceProd", 1, 0, reduce, "reduce_prod", NULL},
    {"ReduceL1", 1, 0, l1, NULL, NULL},
    {"ReduceL2", 1, 0, l2, NULL, NULL},
    {"ReduceLogSum", 1, 0, log_sum, NULL, NULL},
    {"ReduceLogSumExp", 1, 0, log_sum_exp, NULL, NULL},
    {"ReduceSumSquare", 1, 0, sum_square, NULL, NULL},
    {"ArgMax", 1, 0, arg, "arg_max", NULL},
    {"ArgMin", 1, 0, arg, "arg_min", NULL},
    {"LpNormalization", 1, 0, lp_normalize, NULL, NULL},
    {"CumSum", 11, 0, cumsum, "cumsum", NULL},
};

SCULL_ONNX_ROWS(reduce, "", rows);
