/* The broadcasting loop of element-wise operators of two inputs. */
#include "ops/binary.h"

/* Strides of an operand seen at the result's rank: 0 where it is repeated. */
static void broadcast_strides(const scull_shape_t *shape, const scull_shape_t *out,
                              int64_t strides[SCULL_MAX_RANK]) {
  int64_t own[SCULL_MAX_RANK] = {0};
  scull_tensor_strides(shape, own);
  for (int32_t i = 0; i < out->rank; i++) {
    int32_t k = i - (out->rank - shape->rank);
    strides[i] = k < 0 || shape->dim[k] == 1 ? 0 : own[k];
  }
}

typedef struct {
  int64_t index[SCULL_MAX_RANK], a, b; /* position in the result and in both operands */
} walk_t;

static void walk_next(walk_t *walk, const scull_shape_t *shape, const int64_t *sa,
                      const int64_t *sb) {
  for (int32_t d = shape->rank - 1; d >= 0; d--) {
    walk->a += sa[d];
    walk->b += sb[d];
    if (++walk->index[d] < shape->dim[d])
      return;
    walk->a -= sa[d] * shape->dim[d];
    walk->b -= sb[d] * shape->dim[d];
    walk->index[d] = 0;
  }
}

scull_status_t scull_ops_binary(const scull_op_call_t *call, scull_binary_body_t body) {
  const scull_tensor_t *a = &call->inputs[0], *b = &call->inputs[1], *y = &call->outputs[0];
  const scull_shape_t *shape = &y->type.shape;
  int64_t sa[SCULL_MAX_RANK] = {0}, sb[SCULL_MAX_RANK] = {0};
  bool whole = body.whole != NULL && !scull_tensor_dtype_is_float(a->type.dtype), fits = true;
  walk_t walk = {0};
  broadcast_strides(&a->type.shape, shape, sa);
  broadcast_strides(&b->type.shape, shape, sb);
  for (int64_t i = 0, count = scull_tensor_count(shape); i < count; i++) {
    if (whole)
      scull_tensor_store_i64(y->data, y->type.dtype, i,
                             body.whole(scull_tensor_load_i64(a->data, a->type.dtype, walk.a),
                                        scull_tensor_load_i64(b->data, b->type.dtype, walk.b),
                                        &fits));
    else
      scull_tensor_store(y->data, y->type.dtype, i,
                         body.real(scull_tensor_load(a->data, a->type.dtype, walk.a),
                                   scull_tensor_load(b->data, b->type.dtype, walk.b)));
    walk_next(&walk, shape, sa, sb);
  }
  return fits ? SCULL_OK : scull_ops_fail(call, "an integer division by zero");
}
