/* tile: x, repeats (optional, wins) -> x laid out several times along each axis (numpy.tile). */
#include "ops/tile.h"

#include "base/checked.h"
#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_tile_attrs_t, INTS, repeats, ""),
};

/* Extent of axis `i` of a shape seen at a larger rank. */
static int64_t extent_at(const scull_shape_t *shape, int32_t rank, int32_t i) {
  int32_t k = i - (rank - shape->rank);
  return k < 0 ? 1 : shape->dim[k];
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_tile_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  scull_list_t repeats;
  if (scull_ops_must_guess(call, 1)) {
    call->outputs[0].type = call->inputs[0].type;
    for (int32_t i = 0; i < x->rank; i++)
      scull_ops_open(call, 0, i);
    return scull_tensor_count(&call->inputs[1].type.shape) <= x->rank
               ? SCULL_OK
               : scull_ops_infer_open(call, 1, call->inputs[0].type.dtype, scull_tensor_count(x));
  }
  SCULL_TRY(scull_ops_list_read(call, 1, "repeats", attrs->repeats, &repeats));
  if (repeats.size > SCULL_MAX_RANK)
    return scull_ops_fail(call, "%d repeats", repeats.size);
  scull_shape_t y = {.rank = x->rank > repeats.size ? x->rank : repeats.size};
  for (int32_t i = 0; i < y.rank; i++) {
    int32_t k = i - (y.rank - repeats.size);
    int64_t times = k < 0 ? 1 : repeats.item[k];
    if (times < 0 || !scull_base_i64_mul(extent_at(x, y.rank, i), times, &y.dim[i]))
      return scull_ops_fail(call, "axis %d repeated %lld times", i, (long long)times);
  }
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, y};
  return SCULL_OK;
}

/* Each axis as two: which copy, which element of it. */
static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  const scull_shape_t *to = &y->type.shape;
  scull_shape_t from = {.rank = to->rank};
  int64_t steps[SCULL_MAX_RANK] = {0};
  scull_box_t box = {0};
  if (scull_tensor_count(to) == 0)
    return SCULL_OK;
  for (int32_t i = 0; i < to->rank; i++)
    from.dim[i] = extent_at(&x->type.shape, to->rank, i);
  scull_tensor_strides(&from, steps);
  for (int32_t i = 0; i < to->rank; i++) {
    scull_ops_box_add(&box, to->dim[i] / from.dim[i], 0, 0);
    scull_ops_box_add(&box, from.dim[i], 0, steps[i]);
  }
  scull_ops_box_pack(&box);
  scull_ops_box_copy(&box, y->data, x->data, scull_tensor_dtype_size(x->type.dtype));
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_tile = {.name = "tile",
                                        .inputs_min = 1,
                                        .inputs_max = 2,
                                        .outputs_min = 1,
                                        .outputs_max = 1,
                                        .traits = SCULL_OP_MOVES_DATA,
                                        .attrs = SCULL_SCHEMA(scull_tile_attrs_t, fields),
                                        .value_inputs = 1u << 1,
                                        .infer = infer,
                                        .reference = reference,
                                        .flops = scull_ops_flops_none};
