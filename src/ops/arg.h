/* arg_max and arg_min: attributes and the common rule and loop. */
#ifndef SCULL_OPS_ARG_H
#define SCULL_OPS_ARG_H

#include "ops/opdef.h"

typedef struct scull_arg_attrs {
  int64_t axis;
  bool keep_dims;
  scull_dtype_t to; /* i64 or i32 */
  bool last;        /* of equal elements the last, not the first */
} scull_arg_attrs_t;

extern const scull_attr_field_t scull_ops_arg_fields[4];

scull_status_t scull_ops_arg_infer(const scull_op_call_t *call) SCULL_MUST_USE;

/* Index of the first (or last) largest (`sign` 1) or smallest (-1) element of each line. NaN is
 * passed over unless there is nothing else (Paddle's rule). */
scull_status_t scull_ops_arg_reference(const scull_op_call_t *call, int sign) SCULL_MUST_USE;

#define SCULL_ARG_OP(op, sign)                                                                     \
  static scull_status_t op##_reference(const scull_op_call_t *call) {                              \
    return scull_ops_arg_reference(call, sign);                                                    \
  }                                                                                                \
  const scull_opdef_t scull_opdef_##op = {                                                         \
      .name = #op,                                                                                 \
      .inputs_min = 1,                                                                             \
      .inputs_max = 1,                                                                             \
      .outputs_min = 1,                                                                            \
      .outputs_max = 1,                                                                            \
      .attrs = SCULL_SCHEMA(scull_arg_attrs_t, scull_ops_arg_fields),                              \
      .infer = scull_ops_arg_infer,                                                                \
      .reference = op##_reference}

#endif
