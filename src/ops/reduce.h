/* Reductions over some axes: attributes, and what reduce_sum, _mean, _max, _min, _prod share. */
#ifndef SCULL_OPS_REDUCE_H
#define SCULL_OPS_REDUCE_H

#include "ops/opdef.h"

typedef struct scull_reduce_attrs {
  scull_ints_t axes; /* empty: all */
  bool keep_dims;
} scull_reduce_attrs_t;

extern const scull_attr_field_t scull_ops_reduce_fields[2];

/* How elements are folded: floats in double, rounded once; integers in 64 bits. */
typedef struct scull_reduce_body {
  double first; /* the fold of no elements */
  double (*real)(double sum, double x);
  int64_t (*whole)(int64_t sum, int64_t x); /* NULL: floats only */
  bool takes_first;             /* the fold starts with the first element; there must be one */
  bool divides;                 /* the mean */
  double (*finish)(double sum); /* NULL: the sum is the result */
} scull_reduce_body_t;

/* Refuses an empty extent where the fold must have elements. */
scull_status_t scull_ops_reduce_infer(const scull_op_call_t *call,
                                      const scull_reduce_body_t *body) SCULL_MUST_USE;
scull_status_t scull_ops_reduce_reference(const scull_op_call_t *call,
                                          const scull_reduce_body_t *body) SCULL_MUST_USE;
double scull_ops_reduce_flops(const scull_op_call_t *call);

#define SCULL_REDUCE_OP(op, ...)                                                                   \
  static const scull_reduce_body_t op##_body = __VA_ARGS__;                                        \
  static scull_status_t op##_infer(const scull_op_call_t *call) {                                  \
    return scull_ops_reduce_infer(call, &op##_body);                                               \
  }                                                                                                \
  static scull_status_t op##_reference(const scull_op_call_t *call) {                              \
    return scull_ops_reduce_reference(call, &op##_body);                                           \
  }                                                                                                \
  const scull_opdef_t scull_opdef_##op = {                                                         \
      .name = #op,                                                                                 \
      .inputs_min = 1,                                                                             \
      .inputs_max = 1,                                                                             \
      .outputs_min = 1,                                                                            \
      .outputs_max = 1,                                                                            \
      .attrs = SCULL_SCHEMA(scull_reduce_attrs_t, scull_ops_reduce_fields),                        \
      .infer = op##_infer,                                                                         \
      .reference = op##_reference,                                                                 \
      .flops = scull_ops_reduce_flops}

#endif
