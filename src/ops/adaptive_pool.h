/* Attributes of adaptive_avg_pool and adaptive_max_pool, and the walk that they share: bin i of
 * `out` on an axis of `in` elements covers floor(i * in / out) to ceil((i + 1) * in / out). */
#ifndef SCULL_OPS_ADAPTIVE_POOL_H
#define SCULL_OPS_ADAPTIVE_POOL_H

#include "ops/opdef.h"

typedef struct scull_adaptive_pool_attrs {
  scull_ints_t size; /* bins, one number a spatial axis, or one for all */
} scull_adaptive_pool_attrs_t;

extern const scull_attr_field_t scull_ops_adaptive_pool_fields[1];

scull_status_t scull_ops_adaptive_pool_infer(const scull_op_call_t *call) SCULL_MUST_USE;

/* Gives each bin its mean or its largest element (NaN wins). */
void scull_ops_adaptive_pool(const scull_op_call_t *call, bool largest);

double scull_ops_adaptive_pool_flops(const scull_op_call_t *call);

#define SCULL_ADAPTIVE_POOL_OP(op, rule)                                                           \
  const scull_opdef_t scull_opdef_##op = {                                                         \
      .name = #op,                                                                                 \
      .inputs_min = 1,                                                                             \
      .inputs_max = 1,                                                                             \
      .outputs_min = 1,                                                                            \
      .outputs_max = 1,                                                                            \
      .attrs = SCULL_SCHEMA(scull_adaptive_pool_attrs_t, scull_ops_adaptive_pool_fields),          \
      .infer = rule,                                                                               \
      .reference = reference,                                                                      \
      .flops = scull_ops_adaptive_pool_flops}

#endif
