/* pad: x, pads [2 * rank] (optional, wins) -> x with a border along each axis. Modes are NumPy's:
 * constant, reflect (the edge is not repeated), edge, wrap (from the other side). */
#include "ops/pad.h"

#include <string.h>

#include "base/checked.h"
#include "ops/box.h"
#include "ops/lists.h"

static const char *const mode_names[] = {"constant", "reflect", "edge", "wrap", NULL};

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_pad_attrs_t, INTS, pads, ""),
    SCULL_FIELD_ENUM(scull_pad_attrs_t, mode, "constant", mode_names),
    SCULL_FIELD(scull_pad_attrs_t, FLOAT, value, "0"),
};

/* True when `extent` elements can give a border of `begin` and `end` more. */
static bool can_pad(int32_t mode, int64_t extent, int64_t begin, int64_t end) {
  int64_t largest = begin > end ? begin : end, smallest = begin < end ? begin : end;
  if (mode == SCULL_PAD_CONSTANT)
    return true;
  if (smallest < 0)
    return false;
  return largest == 0 || (mode == SCULL_PAD_REFLECT ? largest < extent : extent > 0);
}

/* Reads pads and gives the padded shape. */
static scull_status_t read_pads(const scull_op_call_t *call, scull_list_t *pads,
                                scull_shape_t *shape) {
  const scull_pad_attrs_t *attrs = call->attrs;
  *shape = call->inputs[0].type.shape;
  SCULL_TRY(scull_ops_list_read(call, 1, "pads", attrs->pads, pads));
  if (pads->size != 2 * shape->rank)
    return scull_ops_fail(call, "%d pads for %d dimensions", pads->size, shape->rank);
  for (int32_t i = 0; i < shape->rank; i++) {
    int64_t begin = pads->item[i], end = pads->item[shape->rank + i], extent = shape->dim[i];
    bool ok = can_pad(attrs->mode, extent, begin, end) &&
              scull_base_i64_add(extent, begin, &shape->dim[i]) &&
              scull_base_i64_add(shape->dim[i], end, &shape->dim[i]) && shape->dim[i] >= 0;
    if (!ok)
      return scull_ops_fail(call, "axis %d: %lld and %lld around %lld elements (%s)", i,
                            (long long)begin, (long long)end, (long long)extent,
                            mode_names[attrs->mode]);
  }
  return SCULL_OK;
}

scull_status_t scull_ops_pad_sizes(const scull_op_call_t *call, int64_t begin[SCULL_MAX_RANK],
                                   int64_t end[SCULL_MAX_RANK], scull_shape_t *shape) {
  scull_list_t pads;
  SCULL_TRY(read_pads(call, &pads, shape));
  for (int32_t i = 0; i < shape->rank; i++) {
    begin[i] = pads.item[i];
    end[i] = pads.item[shape->rank + i];
  }
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  scull_list_t pads;
  scull_shape_t shape;
  if (scull_ops_must_guess(call, 1)) {
    call->outputs[0].type = call->inputs[0].type;
    for (int32_t i = 0; i < call->inputs[0].type.shape.rank; i++)
      scull_ops_open(call, 0, i);
    return SCULL_OK;
  }
  SCULL_TRY(read_pads(call, &pads, &shape));
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, shape};
  return SCULL_OK;
}

/* Where the element that is `at` behind the first of x comes from; -1: from nowhere. */
static int64_t source_of(int32_t mode, int64_t at, int64_t extent) {
  if (at >= 0 && at < extent)
    return at;
  switch (mode) {
  case SCULL_PAD_REFLECT: return at < 0 ? -at : 2 * (extent - 1) - at;
  case SCULL_PAD_EDGE: return at < 0 ? 0 : extent - 1;
  case SCULL_PAD_WRAP: return (at % extent + extent) % extent;
  default: return -1;
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_pad_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  const scull_shape_t *from = &x->type.shape, *to = &y->type.shape;
  int64_t steps[SCULL_MAX_RANK] = {0};
  scull_list_t pads;
  scull_shape_t shape;
  scull_walk_t walk = {0};
  SCULL_TRY(read_pads(call, &pads, &shape));
  if (!scull_tensor_shape_equal(&shape, to))
    return scull_ops_fail(call, "pads are not those that the shape was inferred from");
  scull_tensor_strides(from, steps);
  for (int32_t d = 0; d < to->rank; d++)
    scull_ops_walk_add(&walk, to->dim[d], 0);
  size_t item = scull_tensor_dtype_size(x->type.dtype);
  for (int64_t i = 0, count = scull_tensor_count(to); i < count; i++) {
    int64_t position = 0;
    for (int32_t d = 0; d < to->rank && position >= 0; d++) {
      int64_t k = source_of(attrs->mode, walk.index[d] - pads.item[d], from->dim[d]);
      position = k < 0 ? -1 : position + k * steps[d];
    }
    if (position < 0)
      scull_tensor_store(y->data, y->type.dtype, i, attrs->value);
    else
      memcpy(scull_ops_element(y, i), scull_ops_element(x, position), item);
    scull_ops_walk_next(&walk);
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_pad = {.name = "pad",
                                       .inputs_min = 1,
                                       .inputs_max = 2,
                                       .outputs_min = 1,
                                       .outputs_max = 1,
                                       .attrs = SCULL_SCHEMA(scull_pad_attrs_t, fields),
                                       .value_inputs = 1u << 1,
                                       .infer = infer,
                                       .reference = reference,
                                       .flops = scull_ops_flops_none};
