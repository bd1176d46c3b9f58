/* gather_elements: x, index (of x's rank) -> of index's shape, each element of x from the place of
 * its own, but along `axis` from the one that index names (numpy.take_along_axis). */
#include <string.h>

#include "ops/box.h"
#include "ops/gather.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_gather_attrs_t, INT, axis, "0"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_gather_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape, *index = &call->inputs[1].type.shape;
  int32_t axis = 0;
  SCULL_TRY(scull_ops_axis_read(call, attrs->axis, x->rank, &axis));
  SCULL_TRY(scull_ops_check_index(call, 1));
  if (index->rank != x->rank)
    return scull_ops_fail(call, "an index of %d dimensions for %d", index->rank, x->rank);
  for (int32_t i = 0; i < x->rank; i++) {
    if (i != axis && index->dim[i] > x->dim[i])
      return scull_ops_fail(call, "index has %lld elements in axis %d, x has %lld",
                            (long long)index->dim[i], i, (long long)x->dim[i]);
  }
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, *index};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_gather_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t steps[SCULL_MAX_RANK] = {0}, count = scull_tensor_count(&y->type.shape);
  size_t size = scull_tensor_dtype_size(x->type.dtype);
  scull_walk_t walk = {0};
  int32_t axis = 0;
  SCULL_TRY(scull_ops_axis_read(call, attrs->axis, x->type.shape.rank, &axis));
  scull_tensor_strides(&x->type.shape, steps);
  for (int32_t i = 0; i < y->type.shape.rank; i++)
    scull_ops_walk_add(&walk, y->type.shape.dim[i], i == axis ? 0 : steps[i]);
  for (int64_t i = 0; i < count; i++) {
    int64_t k = 0;
    SCULL_TRY(scull_ops_index_read(call, 1, i, x->type.shape.dim[axis], &k));
    memcpy(scull_ops_element(y, i), scull_ops_element(x, walk.at + k * steps[axis]), size);
    scull_ops_walk_next(&walk);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_gather_elements = {.name = "gather_elements",
                                                   .inputs_min = 2,
                                                   .inputs_max = 2,
                                                   .outputs_min = 1,
                                                   .outputs_max = 1,
                                                   .traits = SCULL_OP_MOVES_DATA,
                                                   .attrs =
                                                       SCULL_SCHEMA(scull_gather_attrs_t, fields),
                                                   .infer = infer,
                                                   .reference = reference,
                                                   .flops = scull_ops_flops_none};
