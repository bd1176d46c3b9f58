/* pixel_shuffle: [N, C*f*f, H, W] -> [N, C, H*f, W*f]: each pixel's channels become a square of
 * f x f pixels. */
#include "ops/pixel_shuffle.h"

#include "base/checked.h"
#include "ops/box.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_pixel_shuffle_attrs_t, INT, factor, "1"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_pixel_shuffle_attrs_t *attrs = call->attrs;
  scull_type_t y = call->inputs[0].type;
  int64_t f = attrs->factor, square = 0, *dim = y.shape.dim;
  if (y.shape.rank != 4)
    return scull_ops_fail(call, "x has %d dimensions, four are wanted", y.shape.rank);
  if (f < 1 || !scull_base_i64_mul(f, f, &square) || dim[1] % square != 0 ||
      !scull_base_i64_mul(dim[2], f, &dim[2]) || !scull_base_i64_mul(dim[3], f, &dim[3]))
    return scull_ops_fail(call, "%lld channels by a factor of %lld", (long long)dim[1],
                          (long long)f);
  dim[1] /= square;
  call->outputs[0].type = y;
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_pixel_shuffle_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  const int64_t *dim = x->type.shape.dim;
  int64_t f = attrs->factor, plane = dim[2] * dim[3];
  scull_box_t box = {0};
  scull_ops_box_add(&box, dim[0], 0, dim[1] * plane);
  scull_ops_box_add(&box, dim[1] / (f * f), 0, f * f * plane);
  scull_ops_box_add(&box, dim[2], 0, dim[3]);
  scull_ops_box_add(&box, f, 0, f * plane);
  scull_ops_box_add(&box, dim[3], 0, 1);
  scull_ops_box_add(&box, f, 0, plane);
  scull_ops_box_pack(&box);
  scull_ops_box_copy(&box, y->data, x->data, scull_tensor_dtype_size(x->type.dtype));
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_pixel_shuffle = {
    .name = "pixel_shuffle",
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .traits = SCULL_OP_MOVES_DATA,
    .attrs = SCULL_SCHEMA(scull_pixel_shuffle_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .flops = scull_ops_flops_none};
