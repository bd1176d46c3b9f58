/* adaptive_avg_pool: x [N,C,spatial...] -> [N,C,size...], the mean of each bin. */
#include "ops/adaptive_pool.h"

#include "ops/shape_rules.h"

static scull_status_t infer(const scull_op_call_t *call) {
  SCULL_TRY(scull_ops_check_floats(call, 1));
  return scull_ops_adaptive_pool_infer(call);
}

static scull_status_t reference(const scull_op_call_t *call) {
  scull_ops_adaptive_pool(call, false);
  return SCULL_OK;
}

SCULL_ADAPTIVE_POOL_OP(adaptive_avg_pool, infer);
