/* adaptive_max_pool: x [N,C,spatial...] -> [N,C,size...], the largest element of each bin. */
#include "ops/adaptive_pool.h"

static scull_status_t reference(const scull_op_call_t *call) {
  scull_ops_adaptive_pool(call, true);
  return SCULL_OK;
}

SCULL_ADAPTIVE_POOL_OP(adaptive_max_pool, scull_ops_adaptive_pool_infer);
