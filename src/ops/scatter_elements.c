/* scatter_elements: x, index, updates (both of one shape) -> x, in which the element of each update
 * has the place of its own in `updates`, but along `axis` the one that index names. */
#include "ops/scatter.h"

#include "ops/box.h"
#include "ops/lines.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_scatter_attrs_t, INT, axis, "0"),
    SCULL_FIELD_ENUM(scull_scatter_attrs_t, reduction, "none", scull_ops_scatter_names),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_scatter_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape, *index = &call->inputs[1].type.shape;
  int32_t axis = 0;
  SCULL_TRY(scull_ops_axis_read(call, attrs->axis, x->rank, &axis));
  if (!scull_tensor_shape_equal(index, &call->inputs[2].type.shape) || index->rank != x->rank)
    return scull_ops_fail(call, "index and updates must have one shape and the rank of x");
  for (int32_t i = 0; i < x->rank; i++) {
    if (i != axis && index->dim[i] > x->dim[i])
      return scull_ops_fail(call, "index has %lld elements in axis %d, x has %lld",
                            (long long)index->dim[i], i, (long long)x->dim[i]);
  }
  return scull_ops_scatter_infer(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_scatter_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape, *index = &call->inputs[1].type.shape;
  int64_t steps[SCULL_MAX_RANK] = {0}, count = scull_tensor_count(index);
  scull_walk_t walk = {0};
  int32_t axis = 0;
  SCULL_TRY(scull_ops_axis_read(call, attrs->axis, x->rank, &axis));
  SCULL_TRY(scull_ops_reference_view(call));
  scull_tensor_strides(x, steps);
  for (int32_t i = 0; i < index->rank; i++)
    scull_ops_walk_add(&walk, index->dim[i], i == axis ? 0 : steps[i]);
  for (int64_t i = 0; i < count; i++) {
    int64_t k = 0;
    SCULL_TRY(scull_ops_index_read(call, 1, i, x->dim[axis], &k));
    scull_ops_scatter(call, walk.at + k * steps[axis], i, 1);
    scull_ops_walk_next(&walk);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_scatter_elements = {.name = "scatter_elements",
                                                    .inputs_min = 3,
                                                    .inputs_max = 3,
                                                    .outputs_min = 1,
                                                    .outputs_max = 1,
                                                    .attrs =
                                                        SCULL_SCHEMA(scull_scatter_attrs_t, fields),
                                                    .infer = infer,
                                                    .reference = reference};
