/* Attributes of softmax and log_softmax, and the kernel that they share. */
#ifndef SCULL_OPS_SOFTMAX_H
#define SCULL_OPS_SOFTMAX_H

#include "ops/opdef.h"

typedef struct scull_softmax_attrs {
  int64_t axis;
} scull_softmax_attrs_t;

extern const scull_attr_field_t scull_ops_softmax_fields[1];

scull_status_t scull_ops_softmax_infer(const scull_op_call_t *call) SCULL_MUST_USE;

/* Writes the softmax along the axis, or its logarithm. */
void scull_ops_softmax(const scull_op_call_t *call, bool logarithm);

/* About five operations an element. */
double scull_ops_softmax_flops(const scull_op_call_t *call);

#endif
