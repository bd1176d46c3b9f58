/* The walk of broadcast operands. */
#include "ops/broadcast.h"

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

static void remove_dim(scull_broadcast_t *b, int32_t d) {
  b->shape.rank--;
  for (int32_t i = d; i < b->shape.rank; i++) {
    b->shape.dim[i] = b->shape.dim[i + 1];
    for (size_t k = 0; k < SCULL_BROADCAST_MAX; k++)
      b->stride[k][i] = b->stride[k][i + 1];
  }
}

/* True when every operand goes from the end of dimension d + 1 to its next run without a jump. */
static bool joins(const scull_broadcast_t *b, int32_t d) {
  for (size_t k = 0; k < SCULL_BROADCAST_MAX; k++) {
    if (b->stride[k][d] != b->stride[k][d + 1] * b->shape.dim[d + 1])
      return false;
  }
  return true;
}

scull_broadcast_t scull_ops_broadcast(const scull_tensor_t *operands, size_t count,
                                      const scull_shape_t *out) {
  scull_broadcast_t b = {.shape = *out, .total = scull_tensor_count(out)};
  for (size_t k = 0; k < count; k++)
    broadcast_strides(&operands[k].type.shape, out, b.stride[k]);
  for (int32_t d = b.shape.rank - 1; d >= 0; d--) {
    if (b.shape.dim[d] == 1)
      remove_dim(&b, d);
  }
  for (int32_t d = b.shape.rank - 2; d >= 0; d--) {
    if (joins(&b, d)) {
      b.shape.dim[d + 1] *= b.shape.dim[d];
      remove_dim(&b, d);
    }
  }
  int32_t last = b.shape.rank - 1;
  b.count = last < 0 ? 1 : b.shape.dim[last];
  for (size_t k = 0; k < count; k++)
    b.step[k] = last < 0 ? 0 : b.stride[k][last];
  b.out = -b.count;
  return b;
}

bool scull_ops_broadcast_next(scull_broadcast_t *b) {
  bool first = b->out < 0;
  b->out += b->count;
  if (b->out >= b->total)
    return false;
  for (int32_t d = b->shape.rank - 2; d >= 0 && !first; d--) {
    b->index[d]++;
    for (size_t k = 0; k < SCULL_BROADCAST_MAX; k++)
      b->at[k] += b->stride[k][d];
    if (b->index[d] < b->shape.dim[d])
      break;
    for (size_t k = 0; k < SCULL_BROADCAST_MAX; k++)
      b->at[k] -= b->stride[k][d] * b->shape.dim[d];
    b->index[d] = 0;
  }
  return true;
}
