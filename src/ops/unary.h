/* What an element-wise operator of one input shares: a body from double to double, run over any
 * float type (and over integers through doubles, where `any` is set). Private to ops/. */
#ifndef SCULL_OPS_UNARY_H
#define SCULL_OPS_UNARY_H

#include "ops/shape_rules.h"

/* f32 is computed in double and rounded once; other types likewise. */
typedef double (*scull_unary_fn_t)(double x, const void *attrs);
scull_status_t scull_ops_unary(const scull_op_call_t *call, scull_unary_fn_t fn) SCULL_MUST_USE;

/* Defines descriptor and reference kernel of `op` from a function `body`; `schema` may be {0}. */
#define SCULL_UNARY_OP(op, body, ...)                                                              \
  static scull_status_t op##_reference(const scull_op_call_t *call) {                              \
    return scull_ops_unary(call, body);                                                            \
  }                                                                                                \
  const scull_opdef_t scull_opdef_##op = {.name = #op,                                             \
                                          .inputs_min = 1,                                         \
                                          .inputs_max = 1,                                         \
                                          .outputs_min = 1,                                        \
                                          .outputs_max = 1,                                        \
                                          .traits = SCULL_OP_UNARY,                                \
                                          .attrs = __VA_ARGS__,                                    \
                                          .infer = scull_ops_infer_same,                           \
                                          .reference = op##_reference}

#endif
