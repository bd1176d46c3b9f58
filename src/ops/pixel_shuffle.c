/* pixel_shuffle: [N, C*f*f, H, W] -> [N, C, H*f, W*f]: each pixel's channels become a square of
 * f x f pixels. */
#include "base/checked.h"
#include "ops/block.h"

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_block_attrs_t *attrs = call->attrs;
  scull_type_t y = call->inputs[0].type;
  int64_t square = 0, *dim = y.shape.dim;
  SCULL_TRY(scull_ops_block_square(call, &square));
  if (dim[1] % square != 0 || !scull_base_i64_mul(dim[2], attrs->factor, &dim[2]) ||
      !scull_base_i64_mul(dim[3], attrs->factor, &dim[3]))
    return scull_ops_fail(call, "%lld channels by a factor of %lld", (long long)dim[1],
                          (long long)attrs->factor);
  dim[1] /= square;
  call->outputs[0].type = y;
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  return scull_ops_block_copy(call, false);
}

SCULL_BLOCK_OP(pixel_shuffle);
