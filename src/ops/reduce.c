/* The rule and the loop of reductions: one odometer runs over the kept axes, one over the others.
 * A result has the dtype of the input (a mean of integers is truncated). */
#include "ops/reduce.h"

#include <string.h>

#include "ops/box.h"
#include "ops/lists.h"
#include "ops/shape_rules.h"

const scull_attr_field_t scull_ops_reduce_fields[2] = {
    SCULL_FIELD(scull_reduce_attrs_t, INTS, axes, ""),
    SCULL_FIELD(scull_reduce_attrs_t, BOOL, keep_dims, "false"),
};

/* Which axes go. A scalar has none, but -1 and 0 may be named. */
static scull_status_t read_axes(const scull_op_call_t *call, bool goes[SCULL_MAX_RANK]) {
  const scull_reduce_attrs_t *attrs = call->attrs;
  int32_t rank = call->inputs[0].type.shape.rank;
  SCULL_TRY(scull_ops_axes_read(call, attrs->axes, rank == 0 ? 1 : rank, goes));
  if (attrs->axes.size == 0)
    memset(goes, true, SCULL_MAX_RANK * sizeof *goes);
  return SCULL_OK;
}

scull_status_t scull_ops_reduce_infer(const scull_op_call_t *call,
                                      const scull_reduce_body_t *body) {
  const scull_reduce_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  bool goes[SCULL_MAX_RANK];
  scull_shape_t y = {0};
  SCULL_TRY(read_axes(call, goes));
  if (body->whole == NULL)
    SCULL_TRY(scull_ops_infer_float(call));
  for (int32_t i = 0; i < x->rank; i++) {
    if (goes[i] && x->dim[i] == 0 && body->takes_first)
      return scull_ops_fail(call, "axis %d has no elements", i);
    if (!goes[i])
      y.dim[y.rank++] = x->dim[i];
    else if (attrs->keep_dims)
      y.dim[y.rank++] = 1;
  }
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, y};
  return SCULL_OK;
}

static double fold_reals(const scull_reduce_body_t *body, const scull_tensor_t *x, int64_t first,
                         scull_walk_t walk, int64_t count) {
  double sum = body->first;
  for (int64_t i = 0; i < count; i++, scull_ops_walk_next(&walk)) {
    double v = scull_tensor_load(x->data, x->type.dtype, first + walk.at);
    sum = i == 0 && body->takes_first ? v : body->real(sum, v);
  }
  sum = body->divides ? sum / (double)count : sum;
  return body->finish == NULL ? sum : body->finish(sum);
}

static int64_t fold_wholes(const scull_reduce_body_t *body, const scull_tensor_t *x, int64_t first,
                           scull_walk_t walk, int64_t count) {
  int64_t sum = (int64_t)body->first;
  for (int64_t i = 0; i < count; i++, scull_ops_walk_next(&walk)) {
    int64_t v = scull_tensor_load_i64(x->data, x->type.dtype, first + walk.at);
    sum = i == 0 && body->takes_first ? v : body->whole(sum, v);
  }
  sum = body->divides && count > 0 ? sum / count : sum;
  return body->finish == NULL ? sum : (int64_t)body->finish((double)sum);
}

scull_status_t scull_ops_reduce_reference(const scull_op_call_t *call,
                                          const scull_reduce_body_t *body) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  const scull_shape_t *shape = &x->type.shape;
  int64_t steps[SCULL_MAX_RANK] = {0}, folded = 1;
  bool goes[SCULL_MAX_RANK], is_real = scull_tensor_dtype_is_float(x->type.dtype);
  scull_walk_t kept = {0}, inner = {0};
  SCULL_TRY(read_axes(call, goes));
  scull_tensor_strides(shape, steps);
  for (int32_t i = 0; i < shape->rank; i++) {
    scull_ops_walk_add(goes[i] ? &inner : &kept, shape->dim[i], steps[i]);
    folded *= goes[i] ? shape->dim[i] : 1;
  }
  for (int64_t i = 0, count = scull_tensor_count(&y->type.shape); i < count; i++) {
    if (is_real)
      scull_tensor_store(y->data, y->type.dtype, i, fold_reals(body, x, kept.at, inner, folded));
    else
      scull_tensor_store_i64(y->data, y->type.dtype, i,
                             fold_wholes(body, x, kept.at, inner, folded));
    scull_ops_walk_next(&kept);
  }
  return SCULL_OK;
}

double scull_ops_reduce_flops(const scull_op_call_t *call) {
  return (double)scull_tensor_count(&call->inputs[0].type.shape);
}
