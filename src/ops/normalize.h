/* What layer_norm, instance_norm and group_norm share: each group of neighbouring elements is
 * brought to mean 0 and variance 1, then scaled and shifted by inputs 1 and 2, where present.
 * Private to ops/. */
#ifndef SCULL_OPS_NORMALIZE_H
#define SCULL_OPS_NORMALIZE_H

#include "ops/shape_rules.h"

typedef struct scull_normalize {
  int64_t count;       /* elements of a group */
  int64_t run, period; /* element i of x has scale and bias number i / run % period */
  double epsilon;      /* added to the variance */
} scull_normalize_t;

void scull_ops_normalize(const scull_op_call_t *call, scull_normalize_t how);

/* About eight operations an element. */
double scull_ops_normalize_flops(const scull_op_call_t *call);

#define SCULL_NORMALIZE_OP(op)                                                                     \
  const scull_opdef_t scull_opdef_##op = {.name = #op,                                             \
                                          .inputs_min = 1,                                         \
                                          .inputs_max = 3,                                         \
                                          .outputs_min = 1,                                        \
                                          .outputs_max = 1,                                        \
                                          .attrs = SCULL_SCHEMA(scull_##op##_attrs_t, fields),     \
                                          .infer = infer,                                          \
                                          .reference = reference,                                  \
                                          .flops = scull_ops_normalize_flops}

#endif
