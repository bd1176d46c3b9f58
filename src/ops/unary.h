/* What an element-wise operator of one input shares: a body from double to double, run over every
 * dtype that its rule lets pass. f32 is computed in double and rounded once; integers go through
 * doubles too, so those beyond 2^53 round. Private to ops/. */
#ifndef SCULL_OPS_UNARY_H
#define SCULL_OPS_UNARY_H

#include "ops/shape_rules.h"

/* Defined before this file is included: traits besides SCULL_OP_UNARY. */
#ifndef SCULL_UNARY_TRAITS
#define SCULL_UNARY_TRAITS 0
#endif

typedef double (*scull_unary_fn_t)(double x, const void *attrs);
scull_status_t scull_ops_unary(const scull_op_call_t *call, scull_unary_fn_t fn) SCULL_MUST_USE;

/* The descriptor and reference kernel of `op` from a body double (*)(double x, const void *attrs),
 * a shape rule and a schema. */
#define SCULL_UNARY_ATTRS_OP(op, rule, body, ...)                                                  \
  static scull_status_t op##_reference(const scull_op_call_t *call) {                              \
    return scull_ops_unary(call, body);                                                            \
  }                                                                                                \
  const scull_opdef_t scull_opdef_##op = {.name = #op,                                             \
                                          .inputs_min = 1,                                         \
                                          .inputs_max = 1,                                         \
                                          .outputs_min = 1,                                        \
                                          .outputs_max = 1,                                        \
                                          .traits = SCULL_OP_UNARY | SCULL_UNARY_TRAITS,           \
                                          .attrs = __VA_ARGS__,                                    \
                                          .infer = rule,                                           \
                                          .reference = op##_reference}

/* As above for an operator without attributes: the body is double (*)(double x). */
#define SCULL_UNARY_OP(op, rule, body)                                                             \
  static double op##_with_attrs(double x, const void *attrs) {                                     \
    (void)attrs;                                                                                   \
    return body(x);                                                                                \
  }                                                                                                \
  SCULL_UNARY_ATTRS_OP(op, rule, op##_with_attrs, {0})

#endif
