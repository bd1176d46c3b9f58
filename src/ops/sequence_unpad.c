/* sequence_unpad: x [N,L,...], lengths i32 or i64 [N] -> [R,...], the first rows of each of the N,
 * one behind the other. How many rows is known after the run. */
#include <string.h>

#include "base/checked.h"
#include "ops/box.h"
#include "ops/lists.h"
#include "ops/shape_rules.h"

enum { X, LENGTHS };

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *x = &call->inputs[X].type.shape;
  SCULL_TRY(scull_ops_check_index(call, LENGTHS));
  if (x->rank < 2)
    return scull_ops_fail(call, "x must be [N,L,...]");
  SCULL_TRY(scull_ops_check_list(call, LENGTHS, "the lengths", x->dim[0]));
  scull_shape_t *y = &call->outputs[0].type.shape;
  call->outputs[0].type = call->inputs[X].type;
  if (!scull_base_i64_mul(x->dim[0], x->dim[1], &y->dim[0]))
    return scull_ops_fail(call, "too many rows");
  y->rank--;
  for (int32_t i = 1; i < y->rank; i++)
    y->dim[i] = x->dim[i + 1];
  scull_ops_open(call, 0, 0);
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[X], *lengths = &call->inputs[LENGTHS];
  const scull_shape_t *shape = &x->type.shape;
  int64_t size = 1, rows = 0;
  for (int32_t i = 2; i < shape->rank; i++)
    size *= shape->dim[i];
  size_t bytes = (size_t)size * scull_tensor_dtype_size(x->type.dtype);
  for (int64_t n = 0; n < shape->dim[0]; n++) {
    int64_t length = scull_tensor_load_i64(lengths->data, lengths->type.dtype, n);
    if (length < 0 || length > shape->dim[1])
      return scull_ops_fail(call, "%lld of %lld rows", (long long)length, (long long)shape->dim[1]);
    if (length > 0 && bytes > 0)
      memcpy(scull_ops_element(&call->outputs[0], rows * size),
             scull_ops_element(x, n * shape->dim[1] * size), (size_t)length * bytes);
    rows += length;
  }
  call->outputs[0].type.shape.dim[0] = rows;
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_unpad = {.name = "sequence_unpad",
                                                  .inputs_min = 2,
                                                  .inputs_max = 2,
                                                  .outputs_min = 1,
                                                  .outputs_max = 1,
                                                  .traits =
                                                      SCULL_OP_DATA_SHAPE | SCULL_OP_MOVES_DATA,
                                                  .infer = infer,
                                                  .reference = reference,
                                                  .flops = scull_ops_flops_none};
