/* space_to_depth: [N, C, H*f, W*f] -> [N, C*f*f, H, W]: each square of f x f pixels becomes
 * channels of one pixel. */
#include "base/checked.h"
#include "ops/block.h"

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_block_attrs_t *attrs = call->attrs;
  scull_type_t y = call->inputs[0].type;
  int64_t square = 0, *dim = y.shape.dim;
  SCULL_TRY(scull_ops_block_square(call, &square));
  if (dim[2] % attrs->factor != 0 || dim[3] % attrs->factor != 0 ||
      !scull_base_i64_mul(dim[1], square, &dim[1]))
    return scull_ops_fail(call, "%lld x %lld pixels in squares of %lld", (long long)dim[2],
                          (long long)dim[3], (long long)attrs->factor);
  dim[2] /= attrs->factor;
  dim[3] /= attrs->factor;
  call->outputs[0].type = y;
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  return scull_ops_block_copy(call, true);
}

SCULL_BLOCK_OP(space_to_depth);
